"""simulate and curve: edges of the range, what they leave alone, what signals they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError, SignalsError
from tapehead.indicators.memo import Memo
from tapehead.library.simulate import simulate as simulate_arrays
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Crossing, Signals
from tapehead.simulation.curve import curve
from tapehead.simulation.simulate import simulate

N = 200
CLOSE = np.round(100 + np.random.default_rng(9).normal(0, 1, N).cumsum(), 2)


def hours(n: int = N, warm: int = 0) -> Bars:
    ts, close = np.arange(n) * 3_600_000_000, CLOSE[:n]
    return Bars.from_arrays(ts, close, close + 1, close - 1, close, interval="1h", warm=warm)


def wishes(n: int = N) -> Signals:
    bars = np.arange(n)
    return Signals(enter=bars % 7 == 1, leave=bars % 7 == 4)


def test_curve_points_are_points_of_the_whole_curve() -> None:
    rules = Rules(fee=0.001)
    bars = hours(warm=13)
    done = simulate(bars, wishes(), rules, Memo())
    whole = curve(bars, done.ledger, rules)
    assert whole.equity.shape == (N - 13,)
    assert whole.ts[0] == bars.ts[13]
    assert whole.equity[-1] == done.final_equity
    for points in (2, 3, 64, N - 13, N):
        few = curve(bars, done.ledger, rules, points)
        assert few.equity.shape == (min(points, N - 13),)
        assert (few.ts[0], few.ts[-1]) == (whole.ts[0], whole.ts[-1])
        assert few.equity.tolist() == [whole.equity[np.searchsorted(whole.ts, t)] for t in few.ts]


def test_a_range_without_a_bar() -> None:
    rules = Rules()
    for bars in (hours(0), hours(5, warm=5)):
        done = simulate(bars, Signals(), rules, Memo())
        assert (len(done.trades), done.final_equity, done.flags) == (0, rules.cash, ())
        assert curve(bars, done.ledger, rules).equity.shape == (0,)
    with pytest.raises(ParameterError, match=r"5 bars.*more than 5 whole ones"):
        simulate_arrays(hours(5, warm=5), Signals())


def test_one_bar() -> None:
    run = simulate_arrays(hours(1), Signals(enter=np.array([True])))
    assert run.flags == ("unfilled_at_end",)
    assert run.metrics["total_return"] == 0
    assert run.why["volatility_annual"] == "too_short"
    bought = simulate_arrays(hours(1), Signals(enter=np.array([True])), fill="close", close_at_end=True, fee="1%")
    assert bought.trades.entry_bar.tolist() == bought.trades.exit_bar.tolist() == [0]


def test_pure() -> None:
    """Same answer twice, whatever the memo holds; bars and signals stay as they were."""
    bars, signals, rules, memo = hours(), wishes(), Rules(fee=0.001), Memo()
    content, enter = bars.content(), np.asarray(signals.enter).copy()
    first = simulate(bars, signals, rules, memo)
    again = simulate(bars, signals, rules, memo)
    fresh = simulate(bars, signals, rules, Memo())
    assert first.trades.to_bytes() == again.trades.to_bytes() == fresh.trades.to_bytes()
    assert first.moments == again.moments == fresh.moments
    assert bars.content() == content
    assert (np.asarray(signals.enter) == enter).all()


def test_no_signals_make_no_trade() -> None:
    run = simulate_arrays(hours(), Signals())
    assert (len(run.trades), run.final_equity, run.flags) == (0, 10_000.0, ())


@pytest.mark.parametrize(
    ("signals", "sentence"),
    [
        ({"enter": np.zeros(N - 1, bool)}, "enter has shape"),
        ({"leave": np.zeros(N)}, "leave has dtype float64"),
        ({"enter": np.array([np.nan] * N)}, "it must be bool"),
        ({"enter": [True] * N}, "enter is a list"),
        ({"leave_short": np.zeros((N, 1), bool)}, "leave_short has shape"),
        ({"enter": Crossing(np.zeros(3), 1.0, up=True)}, "enter crosses arrays of 3 values"),
        ({"limit": np.zeros(N - 1)}, "limit has shape"),
    ],
)
def test_signals_that_do_not_fit(signals: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SignalsError, match=sentence):
        simulate_arrays(hours(), Signals(**signals))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fee": 1.0}, r"fee.*\[0, 1\)"),
        ({"fee": float("nan")}, "fee"),
        ({"slippage": "-1bps"}, "slippage"),
        ({"size": 0}, "size"),
        ({"size": "150%"}, "size"),
        ({"cash": 0}, "cash"),
        ({"cash": float("inf")}, "cash"),
        ({"fill": "open"}, "next_open or close"),
        ({"max_wait": -1}, "max_wait"),
        ({"max_wait": 1.5}, "max_wait"),
        ({"on_conflict": "buy"}, "nothing, enter or ignore"),
        ({"delist_haircut": 1.5}, "delist_haircut"),
        ({"calendar": "MOON"}, "24/7, XNYS, NSE, FX"),
        ({"fees": 0.1}, "did you mean fee"),
        ({"fee": "ten"}, "such as 10bps or 0.1%"),
    ],
)
def test_settings_out_of_bounds(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        simulate_arrays(hours(), wishes(), **settings)


def test_a_rate_means_the_same_however_it_is_written() -> None:
    runs = [simulate_arrays(hours(), wishes(), fee=fee) for fee in ("10bps", "0.1%", 0.001, "0.001", " 10 bps ")]
    assert len({run.trades.to_bytes() for run in runs}) == 1
    assert runs[0].metrics["fees_paid"] > 0


def test_a_ledger_tells_units_and_equity() -> None:
    """Between its rows nothing changes; equity is cash and units at the close."""
    bars, rules = hours(warm=13), Rules(fee=0.001, side="both", flip=True, slippage=0.0002)
    bar = np.arange(N)
    signals = Signals(enter=bar % 14 == 1, enter_short=bar % 14 == 8)
    done = simulate(bars, signals, rules, Memo())
    units = done.ledger.units_at(N - 13)
    cash = np.concatenate(([rules.cash], done.ledger.cash))[
        np.searchsorted(done.ledger.bar, np.arange(N - 13), side="right")
    ]
    assert set(np.sign(units).tolist()) == {-1.0, 0.0, 1.0}
    assert (cash + units * bars.close[13:]).tolist() == curve(bars, done.ledger, rules).equity.tolist()
    assert (np.diff(done.ledger.bar) > 0).all()


def test_orders_only_when_asked() -> None:
    bars, signals, rules = hours(), wishes(), Rules()
    assert simulate(bars, signals, rules, Memo()).orders is None
    done = simulate(bars, signals, rules, Memo(), orders=True)
    assert done.orders is not None
    rows = list(done.orders.rows())
    filled = [row for row in rows if row["status"] == "filled"]
    assert len(filled) == int(done.trades.fills.sum()) + (done.position is not None)
    assert [row["decided"] for row in rows] == sorted(row["decided"] for row in rows)


def test_a_target_beyond_the_leverage_is_refused() -> None:
    with pytest.raises(SignalsError, match=r"target is 1\.5 at bar 3; it must lie within the leverage, 1"):
        simulate_arrays(hours(), Signals(target=np.where(np.arange(N) == 3, 1.5, np.nan)))
