"""run_task: a strategy's faults by instrument and line, what the data lack, and the question asked twice."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError, StrategyError
from tapehead.layout.columns import AFTER_HOLE, PARTIAL
from tapehead.library.run import Run
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.events import Completed, Failed, Warned
from tapehead.model.instrument import Instrument
from tapehead.model.result import RunResult
from tapehead.testing.samples import YEAR_2021
from tests.unit.library.market import (
    DAY_US,
    HOUR_US,
    RSI_BODY,
    columns_of,
    house_of,
    open_market,
    put,
    write_strategy,
)

FIRST_LINE = 14
"""Line of the first statement that `write_strategy` puts into signals()."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=3, rows=600) as store:
        yield store


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as store:
        yield store


def run_body(store: Store, body: str, extra: str = "", **settings: Any) -> Run:
    named = write_strategy(store.home.parent / "mine.py", body, extra=extra)
    return store.backtest(named, universe=settings.pop("universe", "crypto"), **settings)


def ended(run: Run) -> Any:
    return [event for _, event in run.events()][-1]


FAULTS = {
    "raise ValueError('no such day')": ("ValueError: no such day", 0),
    "x = 1\nreturn Signals(enter=bars.clos > 1)": ("AttributeError", 1),
    "sys.exit('enough')": ("SystemExit: enough", 0),
    "return Signals(enter=bars.close[1:] > 0)": ("enter has shape (599,); there are 600 bars", None),
    "return Signals(enter=np.ones((len(bars), 1), bool))": ("enter has shape (600, 1)", None),
    "return Signals(enter=bars.close)": ("enter has dtype float64; it must be bool", None),
    "return Signals(leave=[True] * len(bars))": ("leave is a list; it must be a bool array of 600 values", None),
    "return Signals(enter=crossed_above(bars.close[5:], 3.0))": ("enter crosses arrays of 595 values", None),
    "return bars.close > 0": ("gave a ndarray; it must return Signals(enter=…, leave=…)", None),
    "return None": ("gave a NoneType", None),
    "return Signals(target=bars.close)": ("it must lie within the leverage, 1", None),
    "return Signals(enter=sma(bars.close, 0) > 1)": ("period", 0),
}


@pytest.mark.parametrize("body", FAULTS)
def test_a_fault_names_instrument_and_line_and_nothing_is_kept(store: Store, body: str) -> None:
    cause, statement = FAULTS[body]
    last = ended(run_body(store, body))
    assert isinstance(last, Failed)
    assert last.code in ("strategy.failed", "strategy.signals")
    assert cause in last.text
    assert re.search(r"\btest:S0[012]\b", last.text)
    found = re.search(r"mine\.py, line (\d+)", last.text)
    assert found is not None, last.text
    # A wrong return value has no line of its own; the method that gave it has.
    assert int(found[1]) == (FIRST_LINE - 1 if statement is None else FIRST_LINE + statement)
    assert store.runs() == []


def test_one_that_fails_is_a_warning_and_the_others_go_on(store: Store) -> None:
    body = "if bars.series.symbol == 'S01':\n    raise KeyError('odd one')\n" + RSI_BODY
    run = run_body(store, body)
    events = [event for _, event in run.events()]
    told = [event for event in events if isinstance(event, Warned) and event.instrument == "test:S01"]
    assert [(event.code, "KeyError: 'odd one'" in event.text) for event in told] == [("strategy.failed", True)]
    assert isinstance(events[-1], Completed)
    assert (events[-1].count, events[-1].failed) == (2, 1)
    assert sorted(result.instrument for result in run.results()) == ["test:S00", "test:S02"]
    assert run.record.state == "completed"
    assert run.record.failed == 1


def test_a_fault_inside_the_engine_is_one_instruments_failure(store: Store) -> None:
    body = (
        "from tapehead.model.signals import Crossing\n"
        "if bars.series.symbol == 'S02':\n    return Signals(enter=Crossing(bars.close, 'x', True))\n" + RSI_BODY
    )
    events = [event for _, event in run_body(store, body).events()]
    assert isinstance(events[-1], Completed)
    assert (events[-1].count, events[-1].failed) == (2, 1)
    assert [event.instrument for event in events if isinstance(event, Warned) and event.code != "data.holes"] == [
        "test:S02"
    ]


@pytest.mark.parametrize(
    ("answer", "error", "cause"),
    [
        ("1 / 0", StrategyError, r"mine\.py, line \d+: ZeroDivisionError"),
        ("-1", ParameterError, r"warm\(\)=-1: warm\(\) must be a number of bars"),
        ("2.5", ParameterError, r"warm\(\)=2.5"),
        ("None", ParameterError, r"warm\(\)=None"),
    ],
)
def test_a_warm_up_that_is_no_number_is_refused(store: Store, answer: str, error: type[Exception], cause: str) -> None:
    with pytest.raises(error, match=cause):
        run_body(store, RSI_BODY, extra=f"\ndef warm(self):\n    return {answer}\n")
    assert store.runs() == []


def test_no_whole_bar_in_the_range_is_bad_input(store: Store) -> None:
    start = YEAR_2021 + 10 * HOUR_US + 1
    last = ended(run_body(store, RSI_BODY, start=start, end=start + HOUR_US - 2))
    assert isinstance(last, Failed)
    assert (last.code, last.count) == ("store.no_bars", 0)
    assert "[2021-01-01T00:00:00Z" in last.text
    assert store.runs() == []


def one(empty: Store, columns: Any, instrument: Instrument | None = None, **settings: Any) -> tuple[RunResult, Any]:
    put(house_of(empty), [(instrument or Instrument("test", "ONE"), columns)])
    run = run_body(empty, RSI_BODY, **settings)
    results = list(run)
    return results[0], {event.code: event.text for event in run.warnings if event.instrument == "test:ONE"}


def test_holes_are_counted_and_never_filled(empty: Store) -> None:
    columns = columns_of(300)
    gone = [7, 100, 101, 102]
    columns = {name: np.delete(values, gone) for name, values in columns.items()}
    columns["flags"][[7, 99]] |= AFTER_HOLE
    result, warnings = one(empty, columns)
    assert result.bars == 296
    assert "holes" in result.flags
    assert warnings == {"data.holes": "4 bars missing in 2 holes, nothing filled"}


def test_one_hole_of_one_bar_speaks_in_the_singular(empty: Store) -> None:
    columns = {name: np.delete(values, [50]) for name, values in columns_of(300).items()}
    columns["flags"][50] |= AFTER_HOLE
    assert one(empty, columns)[1] == {"data.holes": "1 bar missing in 1 hole, nothing filled"}


def test_a_hole_that_no_flag_tells_of_is_told(empty: Store) -> None:
    columns = columns_of(100 + 8760 + 100, first=-100)
    for part in (slice(0, 100), slice(100, 8860), slice(8860, 8960)):
        put(house_of(empty), [(Instrument("test", "ONE"), {name: values[part] for name, values in columns.items()})])
    empty.undo(2)
    run = run_body(empty, RSI_BODY)
    assert [result.flags for result in run] == [("holes",)]
    assert [event.text for event in run.warnings] == ["8,760 bars missing in 1 hole, nothing filled"]


def test_an_unfinished_bar_among_the_others_is_a_hole(empty: Store) -> None:
    columns = columns_of(300)
    columns["flags"][100] |= PARTIAL
    assert one(empty, columns)[1] == {"data.holes": "1 bar missing in 1 hole, nothing filled"}


def test_bars_outside_the_sessions_fill_no_hole(empty: Store) -> None:
    # Around the clock, but for Monday 2021-01-04 14:00-21:59; of its seven session hours the bar at 22:00 takes one.
    gone = np.arange(3 * 24 + 14, 3 * 24 + 22)
    columns = {name: np.delete(values, gone) for name, values in columns_of(300).items()}
    columns["flags"][gone[0]] |= AFTER_HOLE
    stock = Instrument("test", "ONE", calendar="XNYS")
    assert one(empty, columns, stock)[1]["data.holes"] == "6 bars missing in 1 hole, nothing filled"


def test_a_late_start_is_a_short_history(empty: Store) -> None:
    put(house_of(empty), [(Instrument("test", "OLD"), columns_of(1_000, seed=3))])
    run = run_body(empty, RSI_BODY, symbols=None)
    put(house_of(empty), [(Instrument("test", "ONE"), columns_of(900, first=100, seed=4))])
    run = run_body(empty, RSI_BODY)
    by_name = {result.instrument: result for result in run}
    assert "short_history" in by_name["test:ONE"].flags
    assert "short_history" not in by_name["test:OLD"].flags
    told = {event.code: event.text for event in run.warnings}
    assert told == {"data.short_history": "starts 2021-01-05, 100 bars fewer than asked"}


def test_one_per_cent_late_is_not_short(empty: Store) -> None:
    put(house_of(empty), [(Instrument("test", "OLD"), columns_of(1_000, seed=3))])
    result, warnings = one(empty, columns_of(990, first=10, seed=4))
    assert {"short_history"} & set(result.flags) == set()
    assert warnings == {}


def test_too_little_warm_up_is_told(empty: Store) -> None:
    result, warnings = one(empty, columns_of(300), start=YEAR_2021 + 30 * HOUR_US)
    assert "short_warm_up" in result.flags
    assert warnings["data.short_warm_up"] == "30 of 70 warm-up bars are there before 2021-01-02"
    assert result.bars == 270
    assert result.first == YEAR_2021 + 30 * HOUR_US


def test_a_warm_up_that_is_too_small_changes_signals(empty: Store) -> None:
    put(house_of(empty), [(Instrument("test", "ONE"), columns_of(2_000))])
    body = "place = np.arange(len(bars))\nreturn Signals(enter=place % 9 == 0, leave=place % 9 == 4)\n"
    start = YEAR_2021 + 500 * HOUR_US
    few = run_body(empty, body, start=start)
    list(few)
    told = [event.text for event in few.warnings if event.code == "signals.warm_up"]
    assert len(told) == 1
    assert re.fullmatch(
        r"[\d,]+ (signals change|signal changes) with twice the warm-up of 70 bars; let warm\(\) ask for more", told[0]
    )
    steady = run_body(
        empty, "return Signals(enter=bars.close > bars.open, leave=bars.close < bars.open)\n", start=start
    )
    list(steady)
    assert steady.warnings == []


def test_a_period_beyond_the_data_is_told_with_how_many_bars_there_are(store: Store) -> None:
    def told(run: Run) -> set[str]:
        run.wait()
        return {event.text for event in run.warnings if event.code == "signals.unknown"}

    assert told(store.backtest("SmaCross", universe="crypto", slow=600)) == set()
    asked = {"universe": "crypto", "slow": 601}
    wanted = {"sma(601) is not known on any bar: there are 600 bars"}
    assert told(store.backtest("SmaCross", **asked)) == told(store.portfolio("SmaCross", **asked)) == wanted
    assert told(store.backtest("Macd", universe="crypto", slow=700)) == {
        "macd(12, 700, 9) is not known on any bar: there are 600 bars"
    }
    assert told(store.backtest("Macd", universe="crypto", slow=590, signal=50)) == set(), "its first line is known"
    ranked = store.portfolio("SmaCross", universe="crypto", rank="roc(600)", max_positions=1)
    assert told(ranked) == {"the rank roc(600) is not known on any bar: there are 600 bars"}
    # A line over a longer interval counts bars of that.
    days = told(store.backtest("FaberTiming", universe="crypto", period=26))
    assert "sma(26) is not known on any bar: there are 25 bars" in days


def test_a_second_question_that_fails_costs_no_result(empty: Store) -> None:
    body = "if len(bars) > 1_600:\n    raise ValueError('too many')\n" + RSI_BODY
    put(house_of(empty), [(Instrument("test", "ONE"), columns_of(2_000))])
    run = run_body(empty, body, start=YEAR_2021 + 500 * HOUR_US)
    assert [result.bars for result in run] == [1_500]
    told = [event.text for event in run.warnings if event.code == "signals.warm_up"]
    assert len(told) == 1
    assert "could not be tried" in told[0]
    assert "too many" in told[0]


def test_the_partial_bar_at_the_end_neither_counts_nor_trades(empty: Store) -> None:
    columns = columns_of(300)
    columns["flags"][-1] |= PARTIAL
    result, _ = one(empty, columns)
    assert (result.bars, result.last) == (299, YEAR_2021 + 298 * HOUR_US)


HOLD = "return Signals(enter=np.arange(len(bars)) == 3)\n"


def delisted(store: Store, symbol: str, **settings: Any) -> bool:
    run = run_body(store, HOLD, **settings)
    return "delisted" in {result.instrument: result.flags for result in run}[f"test:{symbol}"]


@pytest.mark.parametrize(("apart", "expected"), [(0, False), (1, True)])
def test_thirty_days_before_the_latest_bar_of_the_universe(empty: Store, apart: int, expected: bool) -> None:
    month = 30 * 24
    put(house_of(empty), [(Instrument("test", "ENDS"), columns_of(100))])
    put(house_of(empty), [(Instrument("test", "GOES"), columns_of(100 + month + apart, seed=1))])
    assert delisted(empty, "ENDS") is expected
    assert delisted(empty, "GOES") is False


@pytest.mark.parametrize(("apart", "expected"), [(0, False), (1, True)])
def test_thirty_days_before_the_end_asked_for(empty: Store, apart: int, expected: bool) -> None:
    put(house_of(empty), [(Instrument("test", "ENDS"), columns_of(100))])
    assert delisted(empty, "ENDS", end=YEAR_2021 + 100 * HOUR_US + 30 * DAY_US + apart) is expected


def test_what_lies_beyond_the_end_asked_for_changes_nothing(empty: Store) -> None:
    quiet = columns_of(3_000)
    keep = np.r_[0:100, 2_500:3_000]
    quiet = {name: values[keep] for name, values in quiet.items()}
    quiet["flags"][100] |= AFTER_HOLE
    put(house_of(empty), [(Instrument("test", "ENDS"), quiet)])
    assert delisted(empty, "ENDS", end=YEAR_2021 + 2_000 * HOUR_US) is True
    assert delisted(empty, "ENDS") is False


def test_a_delisting_date_that_is_known(empty: Store) -> None:
    put(house_of(empty), [(Instrument("test", "ENDS", delisted_at=YEAR_2021 + 100 * HOUR_US), columns_of(100))])
    assert delisted(empty, "ENDS") is True


def warm_up_told(store: Store, body: str) -> list[str]:
    run = run_body(store, body, start=YEAR_2021 + 500 * HOUR_US)
    list(run)
    return [event.text for event in run.warnings if event.code == "signals.warm_up"]


@pytest.mark.parametrize("line", ["stop_loss_at", "take_profit_at", "trail_at", "limit", "stop", "size", "part"])
def test_more_warm_up_that_moves_a_line_is_told(empty: Store, line: str) -> None:
    put(house_of(empty), [(Instrument("test", "ONE"), columns_of(2_000))])
    enter = "enter = bars.close > bars.open\n"
    first = f"return Signals(enter=enter, {line}=np.full(len(bars), bars.close[1] / 10_000))\n"
    steady = f"return Signals(enter=enter, {line}=np.where(enter, 0.5, np.nan))\n"
    told = warm_up_told(empty, enter + first)
    assert len(told) == 1
    assert re.fullmatch(
        r"1,500 values of levels, sizes or target move with twice the warm-up of 70 bars; let warm\(\) ask for more",
        told[0],
    )
    assert warm_up_told(empty, enter + steady) == []


def test_a_basis_point_more_or_less_is_no_change(empty: Store) -> None:
    put(house_of(empty), [(Instrument("test", "ONE"), columns_of(2_000))])
    for step, told in ((1e-7, 0), (1e-6, 1)):
        moved = f"line = np.full(len(bars), 0.5 + {step} * len(bars))\n"
        assert len(warm_up_told(empty, moved + "return Signals(enter=bars.close > bars.open, size=line)\n")) == told


@pytest.mark.parametrize(
    "body", ["bars.close[0] = 1.0\n", "bars.close.flags.writeable = True\n", "sma(bars.close, 5)[9] = 0\n"]
)
def test_writing_to_what_is_not_its_own_is_told_with_the_way_out(store: Store, body: str) -> None:
    last = ended(run_body(store, body + RSI_BODY))
    assert isinstance(last, Failed)
    assert "it writes to its bars, or to a line of an indicator" in last.text
    assert "bars.close.copy()" in last.text
    assert f"mine.py, line {FIRST_LINE}" in last.text


@pytest.mark.parametrize("memo_bytes", [24 * 2**20, 20_000])
def test_a_sweep_tells_once_of_periods_beyond_the_data_and_of_three_at_most(
    store: Store, monkeypatch: pytest.MonkeyPatch, memo_bytes: int
) -> None:
    # A small memo drops each line as soon as some others were asked for.
    monkeypatch.setattr("tapehead.jobs.tile.MEMO_BYTES", memo_bytes)

    def told(**grid: str) -> list[tuple[str, str]]:
        run = store.sweep("SmaCross", universe="crypto", grid=grid, executor="serial").wait()
        return [(event.instrument, event.text) for event in run.warnings if event.code == "signals.unknown"]

    assert told(fast="5:14", slow="590:600") == []
    few = told(fast="5:14", slow="600:602")
    assert len(few) == len(set(few)) == 3 * 2
    assert {text for _, text in few} == {f"sma({n}) is not known on any bar: there are 600 bars" for n in (601, 602)}
    assert len(told(fast="5:14", slow="601:620")) == 3 * 3
