"""cell_columns: the metrics of many cells at once are to the bit those that `summarise` gives each of them."""

import struct
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tapehead.indicators.memo import Memo
from tapehead.layout.cells import CELL_METRICS, CELL_REASONS
from tapehead.metrics.columns import cell_columns
from tapehead.metrics.summary import summarise
from tapehead.model.bars import F64, Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.curve import curve
from tapehead.simulation.score import SUMS, score_each
from tapehead.simulation.simulate import simulate

HOUR_US = 3_600_000_000
Prices = Callable[[int], F64]


def walk(n: int) -> F64:
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(n).normal(0.0, 0.01, n)))


def rising(n: int) -> F64:
    return 100.0 + np.arange(n, dtype=np.float64)


def flat(n: int) -> F64:
    return np.full(n, 7.25)


def worthless(n: int) -> F64:
    return np.where(np.arange(n) % 9 < 3, 0.0, 2.0)


def bars_of(close: F64, warm: int) -> Bars:
    ts = np.arange(close.shape[0], dtype=np.int64) * HOUR_US
    return Bars.from_arrays(ts, close, close * 1.01, close * 0.99, close, interval="1h", warm=warm)


def wishes(n: int) -> list[Signals]:
    """Nobody, one who holds, one who is out again at once, three who trade, one who is always short of a bar."""
    nothing, at = np.zeros(n, bool), np.arange(n)
    every = [(at % k == 0, at % k == k // 2) for k in (4, 7, 50)]
    held = [Signals(enter=nothing, leave=nothing), Signals(enter=at == 0, leave=nothing)]
    return [*held, Signals(enter=at == 0, leave=at == 1), *(Signals(enter=a, leave=b) for a, b in every)]


def bits(value: float | None) -> Any:
    return None if value is None else struct.pack(">d", value)


@pytest.mark.parametrize("prices", [walk, rising, flat, worthless])
@pytest.mark.parametrize(("n", "warm"), [(1, 0), (2, 0), (60, 10), (2_400, 0)])
@pytest.mark.parametrize("rules", [Rules(), Rules(fee=0.001, cash=100.0, cash_rate=0.05)])
def test_every_column_is_the_metric_of_the_single_run(prices: Prices, n: int, warm: int, rules: Rules) -> None:
    bars, wanted = bars_of(prices(n), warm), wishes(n)
    done = [simulate(bars, signals, rules, Memo()) for signals in wanted]
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = score_each(bars, wanted, rules, Memo())

    def equity(place: int) -> F64:
        return curve(bars, done[place].ledger, rules).equity

    sums = {name: scores.sums[:, k] for k, name in enumerate(SUMS)}
    found = cell_columns(sums, bars, rules, scores.observations, equity)
    assert found.values.shape == found.why.shape == (len(CELL_METRICS), len(wanted))
    for place, one in enumerate(done):
        metrics, why = summarise(
            bars,
            rules,
            one.moments,
            trades=one.trades,
            final_equity=one.final_equity,
            fees_paid=one.fees_paid,
            open_profit=one.position.profit if one.position else None,
            equity=partial(equity, place),
        )
        for row, name in enumerate(CELL_METRICS):
            code = int(found.why[row, place])
            value = None if code else float(found.values[row, place])
            assert bits(value) == bits(metrics[name]), (place, name)
            assert CELL_REASONS[code] == why.get(name, ""), (place, name)
            assert np.isnan(found.values[row, place]) == (code != 0)
