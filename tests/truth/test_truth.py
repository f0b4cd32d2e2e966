"""The truth tables, through the engine and through its twin."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.layout.columns import PARTIAL, TRADED
from tapehead.library.simulate import simulate
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.signals import Signals
from tests.oracles.simulate import simulate_oracle
from tests.oracles.trading import Order, Outcome, Wishes
from tests.truth.cases import CONDITIONS, LINES, Case, read_cases

FILES = sorted(path for path in Path(__file__).parent.glob("*.txt") if path.stem != "portfolio")
CASES = [pytest.param(case, id=f"{path.stem}: {case.name}") for path in FILES for case in read_cases(path)]
CLOSE = 1e-6
NAMES = (
    *("next open", "close", "gap over stop", "gap over target", "doji under ohlc"),
    *(f"stop and target in one bar under each path: {path}" for path in ("pessimistic", "optimistic", "ohlc")),
    *("exit signal and gapped stop at one open (reason stop)", "entry bar stopped out"),
    *("entry filled beyond its stop", "entry filled beyond its target", "trailing start level hit in the entry bar"),
    *("trailing never its own bar", "trailing never retreats", "trailing short"),
    *("fill at close ignores the entry bar's high", "time stop and stop loss in one bar"),
    *("limit touched: 0 ticks", "limit touched: 1 tick", "limit gapped through (better)", "stop gapped (worse)"),
    *("buy limit with its stop in the bar", "buy limit with target above and close below"),
    *("buy stop with target", "buy stop with low under its stop"),
    *("leave+enter while long", "leave+enter while flat", "enter + enter_short"),
    *("leave + enter_short without flip", "flip size after fees", "same target after a stop"),
    *("target rebalance buy and sell", "pyramid average", "partial exit"),
    *("fee inside the budget", "leverage 10 post-fee exactly 10", "fixed fee with f = 1"),
    *("min(20, 0.03 %) at the kink", "risk size with fees", "lot to zero", "dust"),
    *(f"tick rounding of four kinds: {kind}" for kind in ("sell stops", "sell limits", "buy stops", "buy limits")),
    *("borrow over a weekend", "stop nearer than liquidation", "gap through liquidation", "unlevered short doubles"),
    *("hole longer than max_wait", "null open in the fill bar", "instrument without volume fills", "zero-volume bar"),
    *("locked limit", "partial last bar with a signal", "order at the last close", "open at end"),
    *("delisting with a position", "warm-up signal before the start", "DST day", "square-off"),
    *("r[0] with a fee on bar 0", "exposure of an open-and-close bar", "one losing trade only", "drawdown from E_0"),
)
"""What the specification of the engine asks a table for, as far as it trades; equal timestamps have a test below."""


def bars_of(case: Case) -> Bars:
    """What a user would hand in; the flag `partial` comes from an import."""
    table = case.table
    prices = (table.open, table.high, table.low, table.close, case.volume)
    bars = Bars.from_arrays(table.ts, *prices, interval=case.interval, warm=table.warm)
    if not any(table.partial):
        return bars
    columns: dict[str, Any] = {name: getattr(bars, name) for name in ("ts", "open", "high", "low", "close", "volume")}
    columns["flags"] = np.array([TRADED | (PARTIAL if partial else 0) for partial in table.partial], np.uint8)
    return frozen_bars(bars.series, columns, table.warm)


def signals_of(wishes: Wishes) -> Signals:
    """What a strategy would return; a weight comes without conditions."""
    given: dict[str, Any] = {name: np.array(getattr(wishes, name), bool) for name in CONDITIONS}
    if len(wishes.target):
        given = {}
    given |= {name: np.array(getattr(wishes, name), float) for name in LINES if len(getattr(wishes, name))}
    return Signals(**given)


def told(order: Order | SimpleNamespace, warm: int) -> str:
    """An order in the words of the tables."""
    entering, leaving = ("enter", "leave") if order.side * (1 if order.opens else -1) > 0 else ("short", "cover")
    word = entering if order.opens else leaving if order.reason == "signal" else order.reason
    words = [word, str(order.decided - warm), order.status]
    return " ".join([*words, str(order.bar - warm)] if order.status == "filled" and order.bar is not None else words)


def rows_agree(rows: list[dict[str, Any]], case: Case) -> None:
    """Every column of every trade that the table names."""
    assert len(rows) == len(case.trades)
    for row, want in zip(rows, case.trades, strict=True):
        for name, value in want.items():
            near = pytest.approx(value, rel=CLOSE, abs=1e-9, nan_ok=True) if isinstance(value, float) else value
            assert row[name] == near, name


@pytest.mark.parametrize("case", CASES)
def test_the_twin_agrees(case: Case) -> None:
    lines = {name: getattr(case.wishes, name) for name in ("enter_short", "leave_short", *LINES)}
    out: Outcome = simulate_oracle(case.table, case.wishes.enter, case.wishes.leave, case.settings, **lines)
    assert [told(order, case.table.warm) for order in out.orders] == case.orders
    rows_agree(out.trades, case)
    assert out.equity == pytest.approx(case.equity, rel=CLOSE)
    assert out.flags == case.flags
    for name, value in case.carry.items():
        assert getattr(out, name) == pytest.approx(value, rel=CLOSE), name


@pytest.mark.parametrize("case", CASES)
def test_the_engine_agrees(case: Case) -> None:
    settings = {"calendar": case.calendar, **vars(case.settings)}
    run = simulate(bars_of(case), signals_of(case.wishes), orders=True, **settings)
    assert run.orders is not None
    assert [told(SimpleNamespace(**row), 0) for row in run.orders.rows()] == case.orders
    rows_agree(list(run.trades.rows()), case)
    assert run.curve.equity.tolist() == pytest.approx(case.equity, rel=CLOSE)
    assert set(run.flags) == case.flags
    if case.position is None:
        assert run.position is None
    else:
        assert run.position is not None
        assert list(run.position[:3]) == pytest.approx(case.position, rel=CLOSE)
    for name, value in case.metrics.items():
        if isinstance(value, str):
            assert run.metrics[name] is None, name
            assert f"null:{run.why[name]}" == value, name
        else:
            assert run.metrics[name] == pytest.approx(value, rel=CLOSE, abs=1e-9), name


def test_each_name_has_its_case_and_each_case_a_name_and_a_sentence() -> None:
    cases = [case.values[0] for case in CASES]
    titles = [case.name for case in cases]
    assert [name for name in NAMES if not any(title.startswith(name) for title in titles)] == []
    assert len(set(titles)) == len(titles) > 150
    assert all(len(case.sentence) > 20 for case in cases)


def test_each_rule_has_a_row_and_each_row_a_table_that_exists() -> None:
    """docs/engine.md names its rules in bold, and ends in the list of what holds them."""
    text = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")
    told, _, held = text.partition("## Rules and what holds them")
    rules = set(re.findall(r"\*\*([A-Z][0-9]+)[ *.]", told))
    rows = {
        cells[1].strip(): cells[3].strip()
        for cells in (line.split("|") for line in held.splitlines())
        if len(cells) > 4
    }
    rows = {rule: table for rule, table in rows.items() if re.fullmatch(r"[A-Z][0-9]+", rule)}
    assert rules == set(rows)
    titles = {case.values[0].name for case in CASES}
    assert {rule: table for rule, table in rows.items() if table not in titles} == {}


def test_equal_timestamps_are_refused() -> None:
    """Two bars of one time cannot be put in order; the sentence names the place and what is allowed."""
    one = [1.0, 2.0, 3.0]
    with pytest.raises(ParameterError, match=r"not rising at index 2.*strictly rising"):
        Bars.from_arrays([0, 3_600_000_000, 3_600_000_000], one, one, one, one, interval="1h")


def test_a_null_open_is_refused_in_arrays() -> None:
    """An import makes a hole of it (see holes_and_ends.txt); arrays by hand must leave the row out themselves."""
    one, holed = [1.0, 2.0, 3.0], [1.0, float("nan"), 3.0]
    with pytest.raises(ParameterError, match=r"nan at index 1.*leave the bar out"):
        Bars.from_arrays([0, 3_600_000_000, 7_200_000_000], holed, one, one, one, interval="1h")
