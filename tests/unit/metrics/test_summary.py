"""Every metric together: what no JSON can say is null with its reason, and small variances keep their digits."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tapehead.library.simulate import simulate
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tests.oracles import metrics as twin

HOUR_US = 3_600_000_000


def held(close: list[float]) -> tuple[Bars, Signals]:
    """Bars of one price each, bought at the close of the first."""
    n = len(close)
    bars = Bars.from_arrays(np.arange(n) * HOUR_US, close, close, close, close, interval="1h")
    return bars, Signals(enter=np.arange(n) == 0)


@pytest.mark.parametrize("close", [[1.0, 1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 2.0], [0.0, 0.0], [1.0, -1.0, 2.0]])
def test_worthless_prices_give_nulls_and_never_infinity(close: list[float]) -> None:
    run = simulate(*held(close), fill="close")
    json.dumps(run.metrics, allow_nan=False)
    assert {name for name, value in run.metrics.items() if value is None} == set(run.why)


def test_after_zero_there_is_no_return() -> None:
    run = simulate(*held([1.0, 0.0, 2.0]), fill="close")
    assert run.metrics["max_drawdown"] == -1.0
    for name in ("volatility_annual", "sharpe", "sortino"):
        assert (run.metrics[name], run.why[name]) == (None, "not_finite"), name


@pytest.mark.parametrize("n", [50, 5_000, 20_000])
def test_steady_growth_keeps_its_digits(n: int) -> None:
    """Returns of 0.001 but for the first: the variance is 1/n of the squares, and sums would lose n times as much."""
    run = simulate(*held(np.cumprod(np.full(n, 1.001)).tolist()), fill="close")
    want = twin.from_returns(twin.bar_returns(run.curve.equity.tolist(), 10_000.0, range(n)), 8766.0)
    assert run.metrics["volatility_annual"] == pytest.approx(want["volatility_annual"], rel=1e-12, abs=0)
    assert run.metrics["sharpe"] == pytest.approx(want["sharpe"], rel=1e-12, abs=0)
