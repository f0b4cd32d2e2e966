"""The truth tables, through the engine and through its twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.layout.columns import PARTIAL, TRADED
from tapehead.library.simulate import simulate
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.signals import Signals
from tests.oracles.simulate import Order, Outcome, simulate_oracle
from tests.truth.cases import Case, read_cases

FILES = sorted(Path(__file__).parent.glob("*.txt"))
CASES = [pytest.param(case, id=f"{path.stem}: {case.name}") for path in FILES for case in read_cases(path)]
CLOSE = 1e-6


def bars_of(case: Case) -> Bars:
    """What a user would hand in; the flag `partial` comes from an import."""
    table = case.table
    bars = Bars.from_arrays(
        table.ts, table.open, table.high, table.low, table.close, case.volume, interval="1h", warm=table.warm
    )
    if not any(table.partial):
        return bars
    columns: dict[str, Any] = {name: getattr(bars, name) for name in ("ts", "open", "high", "low", "close", "volume")}
    columns["flags"] = np.array([TRADED | (PARTIAL if partial else 0) for partial in table.partial], np.uint8)
    return frozen_bars(bars.series, columns, table.warm)


def told(order: Order, warm: int) -> str:
    """An order in the words of the tables."""
    words = ["enter" if order.enters else "leave", str(order.decided - warm), order.status]
    return " ".join(words if order.bar is None else [*words, str(order.bar - warm)])


def rows_agree(rows: list[dict[str, Any]], case: Case) -> None:
    """Every column of every trade that the table names."""
    assert len(rows) == len(case.trades)
    for row, want in zip(rows, case.trades, strict=True):
        for name, value in want.items():
            assert row[name] == (value if name == "reason" else pytest.approx(value, rel=CLOSE, abs=1e-9)), name


@pytest.mark.parametrize("case", CASES)
def test_the_twin_agrees(case: Case) -> None:
    out: Outcome = simulate_oracle(case.table, case.signals["enter"], case.signals["leave"], case.settings)
    assert [told(order, case.table.warm) for order in out.orders] == case.orders
    rows_agree(out.trades, case)
    assert out.equity == pytest.approx(case.equity, rel=CLOSE)


@pytest.mark.parametrize("case", CASES)
def test_the_engine_agrees(case: Case) -> None:
    signals = Signals(**{name: np.array(values, bool) for name, values in case.signals.items()})
    run = simulate(bars_of(case), signals, **vars(case.settings))
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


def test_there_are_enough_cases_and_each_has_a_sentence() -> None:
    cases = [case.values[0] for case in CASES]
    assert len(cases) > 45
    assert all(len(case.sentence) > 20 for case in cases)


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
