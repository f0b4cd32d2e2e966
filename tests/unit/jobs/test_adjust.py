"""Adjusted prices: what signals see, what a later action may not change, and what stays raw."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.errors import AdjustError, ParameterError
from tapehead.jobs.adjust import adjustment_of, seen_by_signals
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars
from tapehead.model.events import Completed, Started, Warned
from tapehead.model.factors import Basis, Factors
from tapehead.model.instrument import Instrument, Kind, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft
from tapehead.model.spec import Adjust, RunSpec
from tapehead.testing.samples import Columns
from tests.house.commands import cut, fault_in
from tests.oracles.adjusting import Action, multipliers, vendor_factors
from tests.unit.library.market import DAY_US, house_of, write_strategy

DAY = Interval.parse("1d")
YEAR_2021_DAY = 18_628
SHARE = Instrument("xnys", "ACME", kind="equity", calendar="24/7", basis="raw")

prices = st.integers(100, 100_000).map(lambda cents: cents / 100)
ratios = st.sampled_from([(7, 1), (2, 1), (3, 2), (4, 1), (20, 1), (1, 8), (1, 10), (21, 20)]).map(
    lambda r: Fraction(*r)
)
actions_at = st.lists(
    st.tuples(st.integers(0, 39), ratios | st.just(Fraction(1)), st.integers(0, 9).map(lambda n: Fraction(n, 100))),
    max_size=6,
    unique_by=lambda one: one[0],
).map(lambda found: [Action(*one) for one in sorted(found)])


def times(n_bars: int) -> list[int]:
    return [(YEAR_2021_DAY + bar) * DAY_US for bar in range(n_bars)]


def bars_of(closes: Sequence[float], volume: float = 1_000.0) -> Bars:
    line = np.array(closes, np.float64)
    flat = np.full(len(closes), volume)
    return Bars.from_arrays(times(len(closes)), line, line + 1, line - 0.5, line, flat, interval="1d")


def factors_of(n_bars: int, actions: list[Action], digits: int | None = None) -> Factors:
    split, dividend = vendor_factors(n_bars, actions, digits)
    steps = [0] + [
        bar for bar in range(1, n_bars) if (split[bar], dividend[bar]) != (split[bar - 1], dividend[bar - 1])
    ]
    ts = np.array(times(n_bars), np.int64)[steps]
    return Factors(SHARE.name, ts, np.array(split)[steps], np.array(dividend)[steps], "test")


def seen(bars: Bars, factors: Factors | None, adjust: Adjust, basis: Basis = "raw") -> Bars:
    one = replace(SHARE, basis=basis)
    return seen_by_signals(bars, adjustment_of(one, factors, adjust, times(1)[0]))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(prices, min_size=40, max_size=40), actions_at)
def test_prices_are_those_of_one_share_held_from_the_first_bar(closes: list[float], actions: list[Action]) -> None:
    bars, factors = bars_of(closes), factors_of(40, actions)
    shares = [float(k) for k in multipliers(40, actions, dividends=False)]
    both = [float(k) for k in multipliers(40, actions, dividends=True)]
    split, everything = seen(bars, factors, "split"), seen(bars, factors, "all")
    for name in ("open", "high", "low", "close"):
        raw = getattr(bars, name)
        assert getattr(split, name).tolist() == [a * k for a, k in zip(raw, shares, strict=True)]
        assert getattr(everything, name).tolist() == pytest.approx(
            [a * k for a, k in zip(raw, both, strict=True)], rel=1e-12
        )
    for one in (split, everything):
        assert one.volume.tolist() == [a / k for a, k in zip(bars.volume, shares, strict=True)]
        assert (one.ts == bars.ts).all()
        assert (one.flags == bars.flags).all()
    assert seen(bars, factors, "none") is bars


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(prices, min_size=40, max_size=40), actions_at, st.integers(1, 39))
def test_a_later_action_changes_no_earlier_price(closes: list[float], actions: list[Action], at: int) -> None:
    """Not by a bit for splits, however the vendor scales and rounds its factors anew after each."""
    bars = bars_of(closes)
    known = [action for action in actions if action.bar < at]
    before, after = seen(bars, factors_of(40, known, 7), "split"), seen(bars, factors_of(40, actions, 7), "split")
    assert before.close[:at].tolist() == after.close[:at].tolist()
    before, after = seen(bars, factors_of(40, known), "all"), seen(bars, factors_of(40, actions), "all")
    assert before.close[:at].tolist() == pytest.approx(after.close[:at].tolist(), rel=1e-13)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(prices, min_size=40, max_size=40), actions_at, st.integers(1, 39))
def test_a_step_that_is_appended_changes_no_earlier_bit(closes: list[float], actions: list[Action], at: int) -> None:
    bars, whole = bars_of(closes), factors_of(40, actions)
    held = whole.ts <= bars.ts[at - 1]
    known = Factors(whole.instrument, whole.ts[held], whole.split[held], whole.dividend[held], "test")
    assert seen(bars, known, "all").close[:at].tolist() == seen(bars, whole, "all").close[:at].tolist()


def test_where_the_range_starts_changes_nothing() -> None:
    actions = [Action(5, Fraction(7)), Action(20, paid=Fraction(1, 50)), Action(30, Fraction(1, 4))]
    bars, factors = bars_of([100.0 + bar for bar in range(40)]), factors_of(40, actions)
    whole = seen(bars, factors, "all").close
    for lo in (0, 4, 5, 17, 30, 39):
        assert seen(bars.slice(lo, 40), factors, "all").close.tolist() == whole[lo:].tolist()


STATES: list[tuple[Basis, bool, Adjust, str]] = [
    ("raw", True, "split", "split"),
    ("raw", True, "all", "split dividend"),
    ("split", True, "split", ""),
    ("split", True, "all", "dividend"),
    ("split", False, "split", ""),
    ("all", True, "split", ""),
    ("all", False, "all", ""),
    ("raw", False, "split", "refused"),
    ("", False, "all", "refused"),
    ("", True, "all", "refused"),
    ("split", False, "all", "refused"),
    *((basis, held, "none", "") for basis in ("", "raw", "split", "all") for held in (False, True)),
]


@pytest.mark.parametrize(("basis", "held", "adjust", "outcome"), STATES)
def test_what_is_possible_by_the_basis_of_the_bars(basis: Basis, held: bool, adjust: Adjust, outcome: str) -> None:
    bars = bars_of([10.0, 10.0, 5.0, 5.0])
    factors = factors_of(4, [Action(2, Fraction(2), Fraction(1, 10))]) if held else None
    if outcome == "refused":
        with pytest.raises(AdjustError) as caught:
            seen(bars, factors, adjust, basis)
        steps = list(cut(str(caught.value)))
        assert "xnys:ACME cannot be adjusted for splits" in str(caught.value)
        assert steps
        assert all(fault_in(step) is None for step in steps)
        return
    wanted = (2.0 if "split" in outcome else 1.0) / (0.9 if "dividend" in outcome else 1.0)
    assert seen(bars, factors, adjust, basis).close.tolist() == pytest.approx([10, 10, 5 * wanted, 5 * wanted])


@pytest.mark.parametrize("kind", ["crypto", "fx", "index", "future"])
def test_what_has_no_actions_needs_no_facts(kind: Kind) -> None:
    assert adjustment_of(Instrument("v", "X", kind=kind), None, "all", 0) is None


def test_only_three_words_are_taken() -> None:
    with pytest.raises(ParameterError, match="adjust=dividends: adjust must be none, split or all"):
        RunSpec("Mine", {}, "1d", universe="all", adjust="dividends")  # type: ignore[arg-type]  # what a user may write
    spec = RunSpec("Mine", {}, "1d", universe="all", adjust="split")
    assert RunSpec.from_json(spec.to_json()) == spec
    assert "adjust" not in replace(spec, adjust="none").to_json()


# Through a store.


def columns_of(bars: Bars) -> Columns:
    return {name: getattr(bars, name).copy() for name in BAR_COLUMNS}


def put_daily(store: Store, held: list[tuple[Instrument, Bars]], factors: Sequence[Factors] = ()) -> None:
    drafts = [Draft(Series(each.venue, each.symbol, DAY), 0, columns_of(bars)) for each, bars in held]
    house_of(store).bars.commit(drafts, note="test", instruments=[each for each, _ in held], factors=factors)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as store:
        yield store


def events_of(run: Any) -> list[Any]:
    return [event for _, event in run.events()]


ALTERNATE = """\
n = np.arange(len(bars))
return Signals(enter=n % 7 == 2, leave=n % 7 == 5)
"""
HALVED = [100.0 + bar % 3 for bar in range(20)] + [50.0 + bar % 3 for bar in range(20)]
SPLIT = [Action(20, Fraction(2), Fraction(1, 25))]


def test_fills_stay_raw(store: Store, tmp_path: Path) -> None:
    bars = bars_of(HALVED)
    put_daily(store, [(SHARE, bars)], [factors_of(40, SPLIT)])
    mine = write_strategy(tmp_path / "mine.py", ALTERNATE)
    runs = {adjust: store.backtest(mine, symbols="ACME", adjust=adjust) for adjust in ("none", "split", "all")}
    raw = runs["none"]["ACME"]
    assert raw.trades is not None
    assert [bars.open[bar] for bar in raw.trades.entry_bar] == raw.trades.entry_price.tolist()
    for run in runs.values():
        assert run["ACME"].trades.to_bytes() == raw.trades.to_bytes()  # type: ignore[union-attr]  # a kept result has them
        assert run["ACME"].equity.tolist() == raw.equity.tolist()
    assert len({run.record.key for run in runs.values()}) == 3
    assert all(store.verify(run.id, apart=False).verdict == "identical" for run in runs.values())
    assert [sorted(run.receipt.adjustments) for run in runs.values() if run.receipt] == [
        [],
        ["xnys:ACME"],
        ["xnys:ACME"],
    ]


@pytest.mark.parametrize(("leave", "held"), [(18, 0), (20, 1), (39, 1), (99, 1)])
def test_a_split_while_held_is_flagged(store: Store, tmp_path: Path, leave: int, held: int) -> None:
    """Signals are filled one bar later: what is decided on bar 18 is sold at the open before the split."""
    put_daily(store, [(SHARE, bars_of(HALVED))], [factors_of(40, SPLIT)])
    body = f"n = np.arange(len(bars))\nreturn Signals(enter=n == 4, leave=n == {leave})"
    run = store.backtest(write_strategy(tmp_path / "mine.py", body), symbols="ACME", adjust="split").wait()
    assert ("split_while_held" in run["ACME"].flags) == bool(held)
    assert [event.text[:10] for event in run.warnings if event.code == "data.split_while_held"] == ["1 position"] * held


SEEN = """\
import json, pathlib
told = pathlib.Path(__file__).with_suffix('.json')
if not told.exists():
    told.write_text(json.dumps([bars.close.tolist(), bars.volume.tolist()]))
return Signals(enter=bars.close > 0)
"""


def test_a_strategy_sees_the_same_prices_from_any_start(store: Store, tmp_path: Path) -> None:
    import json

    put_daily(store, [(SHARE, bars_of(HALVED))], [factors_of(40, SPLIT)])
    mine = write_strategy(tmp_path / "mine.py", SEEN)
    told = []
    for start in (None, "2021-01-16", "2021-01-30"):
        # The first question of a run; the look-ahead test asks again with other bars.
        (tmp_path / "mine.json").unlink(missing_ok=True)
        store.backtest(mine, symbols="ACME", adjust="split", start=start, fresh=True, period=2).wait()
        told.append(json.loads((tmp_path / "mine.json").read_text()))
    whole = bars_of(HALVED).close * np.where(np.arange(40) < 20, 1, 2)
    assert told[0] == [whole.tolist(), [1_000.0] * 20 + [500.0] * 20]
    for closes, volumes in told[1:]:
        assert closes == told[0][0][-len(closes) :]
        assert volumes == told[0][1][-len(volumes) :]


def test_other_factors_are_another_run_and_an_old_one_can_still_be_made(store: Store, tmp_path: Path) -> None:
    put_daily(store, [(SHARE, bars_of(HALVED))], [factors_of(40, SPLIT)])
    mine = write_strategy(tmp_path / "mine.py", ALTERNATE)
    old, plain = (store.backtest(mine, symbols="ACME", adjust=adjust).wait() for adjust in ("split", "none"))
    assert events_of(store.backtest(mine, symbols="ACME", adjust="split"))[-1].reused
    put_daily(store, [(SHARE, bars_of(HALVED))], [factors_of(40, [Action(20, Fraction(4))])])
    assert not events_of(store.backtest(mine, symbols="ACME", adjust="split"))[-1].reused
    assert events_of(store.backtest(mine, symbols="ACME"))[-1].reused
    assert store.verify(old.id, apart=False).verdict == "identical"
    assert store.verify(plain.id, apart=False).verdict == "identical"


def test_one_without_facts_fails_and_the_others_go_on(store: Store, tmp_path: Path) -> None:
    other = replace(SHARE, symbol="BARE")
    put_daily(store, [(SHARE, bars_of(HALVED)), (other, bars_of(HALVED))], [factors_of(40, SPLIT)])
    mine = write_strategy(tmp_path / "mine.py", ALTERNATE)
    run = store.backtest(mine, universe="equity", adjust="all")
    events = events_of(run)
    assert isinstance(events[0], Started)
    told = [event for event in events if isinstance(event, Warned) and event.code == "input.adjust"]
    assert [event.instrument for event in told] == ["xnys:BARE"]
    assert "tapehead import PATH --symbol BARE --venue xnys" in told[0].text
    assert isinstance(events[-1], Completed)
    assert (events[-1].count, events[-1].failed) == (1, 1)
    assert store.verify(run.id, apart=False).verdict == "identical"
    with pytest.raises(AdjustError, match="xnys:BARE"):
        store.backtest(mine, symbols="BARE", adjust="all")
    assert len(store.runs()) == 1


def test_bars_that_a_vendor_adjusted_are_stamped(store: Store, tmp_path: Path) -> None:
    split, whole = replace(SHARE, symbol="SPL", basis="split"), replace(SHARE, symbol="ALL", basis="all")
    put_daily(store, [(each, bars_of(HALVED)) for each in (SHARE, split, whole)])
    run = store.backtest(write_strategy(tmp_path / "mine.py", ALTERNATE), universe="equity").wait()
    stamped = [result.instrument for result in run.results() if "vendor_adjusted" in result.flags]
    assert sorted(stamped) == ["xnys:ALL", "xnys:SPL"]
    told = {event.instrument: event.text for event in run.warnings if event.code == "data.vendor_adjusted"}
    assert {name.partition(":")[2]: text.split("adjusted for ")[1] for name, text in told.items() if name} == {
        "ALL": "splits and dividends already",
        "SPL": "splits already",
    }


# Apple, 2014-06-09: seven shares for one.


def lean_bars(path: Path) -> Bars:
    with zipfile.ZipFile(path) as archive:
        rows = list(csv.reader(io.StringIO(archive.read(archive.namelist()[0]).decode())))
    ts = [int(datetime.strptime(row[0][:8], "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 1_000_000 for row in rows]
    opens, highs, lows, closes = (np.array([int(row[k]) / 10_000 for row in rows]) for k in range(1, 5))
    return Bars.from_arrays(ts, opens, highs, lows, closes, [float(row[5]) for row in rows], interval="1d")


def test_a_split_makes_no_cross_on_adjusted_prices(store: Store, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("equities/lean/equity/usa")
    bars = lean_bars(folder / "daily/aapl.zip")
    store.import_files(folder / "daily/aapl.zip", folder / "factor_files/aapl.csv", venue="usa")
    day = int(np.flatnonzero(np.diff(bars.close) < -500)[0]) + 1
    assert datetime.fromtimestamp(bars.ts[day] / 1e6, UTC).date().isoformat() == "2014-06-09"
    left = {}
    for adjust in ("none", "split", "all"):
        trades = store.backtest("SmaCross", symbols="AAPL", adjust=adjust, fast=10, slow=30)["AAPL"].trades
        assert trades is not None
        left[adjust] = [bar for bar in trades.exit_bar.tolist() if day <= bar <= day + 5]
        assert trades.entry_price.tolist() == bars.open[trades.entry_bar].tolist()
    assert left == {"none": [day + 1], "split": [], "all": []}
