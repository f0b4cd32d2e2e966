"""trade_profits = exact fractions, and = the profits of the engine's own trades."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapehead as th
from tests.oracles.profits import trade_profit

# Decimals as markets have them: below 1e-300 a product has fewer digits than a profit is held to.
prices = st.integers(-(10**12), 10**12).map(lambda each: each / 1e6)
quantities = st.integers(0, 10**12).map(lambda each: each / 1e6)
trades = st.lists(st.tuples(prices, prices, quantities, st.sampled_from([1, -1])))


@settings(max_examples=300, derandomize=True, deadline=None)
@given(trades, st.integers(0, 990).map(lambda each: each / 1e3), st.floats(1e-3, 1e4))
def test_profits_are_those_of_exact_fractions(rows: list[tuple[float, ...]], fee: float, multiplier: float) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    got = th.trade_profits(*columns, fee=fee, multiplier=multiplier)
    assert got.shape == (len(rows),)
    for found, (entry, exit_, quantity, side) in zip(got.tolist(), rows, strict=True):
        exact = trade_profit(entry, exit_, quantity, int(side), fee, multiplier)
        turned_over = (abs(entry) + abs(exit_)) * quantity * multiplier
        assert abs(found - float(exact)) <= 4 * np.finfo(float).eps * turned_over


@settings(max_examples=100, derandomize=True, deadline=None)
@given(trades)
def test_without_fee_it_is_what_a_row_loop_says_bit_for_bit(rows: list[tuple[float, ...]]) -> None:
    columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.empty(0)] * 4
    loop = [(exit_ - entry) * quantity * side for entry, exit_, quantity, side in rows]
    np.testing.assert_array_equal(th.trade_profits(*columns), np.array(loop))


def test_the_engine_s_own_trades_have_these_profits() -> None:
    rng = np.random.default_rng(5)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 4_000))), 2)
    open_ = np.concatenate(([100.0], close[:-1]))
    ts = 1_600_000_000_000_000 + 3_600_000_000 * np.arange(close.size)
    bars = th.Bars.from_arrays(ts, open_, np.maximum(open_, close), np.minimum(open_, close), close, interval="1h")
    fast, slow = th.sma(bars.close, 5), th.sma(bars.close, 20)
    signals = th.Signals(enter=th.crossed_above(fast, slow), leave=th.crossed_below(fast, slow))
    trades = th.simulate(bars, signals, fee="10bps").trades
    assert len(trades) > 50
    got = th.trade_profits(trades.entry_price, trades.exit_price, trades.quantity, trades.side, fee="10bps")
    assert got == pytest.approx(trades.profit, rel=1e-12, abs=1e-8)
