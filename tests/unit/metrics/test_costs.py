"""The curve of costs from trades is the curve of costs from runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.library.rules import read_rules
from tapehead.library.simulate import Simulation, simulate
from tapehead.metrics.costs import Held, cost_curve, costs_of
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals

FEES = (0.0, 0.0005, 0.001, 0.01)


def market(seed: int, n: int = 200) -> tuple[Bars, Signals]:
    """A random market and random wishes."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.cumprod(1 + rng.normal(0.0005, 0.02, n)), 2)
    ts = np.arange(n) * 3_600_000_000
    bars = Bars.from_arrays(ts, close, close * 1.01, close * 0.99, close, interval="1h")
    return bars, Signals(enter=rng.random(n) < 0.1, leave=rng.random(n) < 0.1)


def open_row(done: Simulation, bars: Bars) -> Held | None:
    """The open position as the costs take it."""
    return done.position and Held(1, done.position.entry_price, float("nan"), float(bars.close[-1]))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([{"size": 1.0}, {"size": "50%"}, {"size": "500usd"}, {"size": "3units"}, {"lot": 0.5}]),
)
def test_a_replay_gives_what_a_run_gives(seed: int, given_: dict[str, object]) -> None:
    bars, signals = market(seed)
    done = simulate(bars, signals, fee=0.001, slippage=0.0002, **given_)
    rules = simulate_rules(given_)
    curve, reason = cost_curve(done.trades, open_row(done, bars), rules, signals, FEES)
    if not len(done.trades) and done.position is None:
        assert reason == "no_trades"
        return
    again = [simulate(bars, signals, fee=fee, slippage=0.0002, **given_).final_equity for fee in FEES]
    assert [1 + gain for _, gain in curve] == pytest.approx([equity / 10_000 for equity in again], rel=1e-12)


def simulate_rules(given_: dict[str, object]) -> Rules:
    """Rules of a case."""
    return read_rules({"fee": 0.001, "slippage": 0.0002, **given_})


def test_a_run_at_the_break_even_fee_keeps_the_cash() -> None:
    found = 0
    for seed in range(40):
        bars, signals = market(seed)
        done = simulate(bars, signals, fee=0.001)
        value, reason = costs_of(done.trades, open_row(done, bars), Rules(fee=0.001), signals).break_even
        free = simulate(bars, signals).final_equity
        if value is None:
            assert (reason, free < 10_000) == ("loses_without_fees", True)
            continue
        found += 1
        assert simulate(bars, signals, fee=value).final_equity == pytest.approx(10_000, rel=1e-9)
        assert free >= 10_000
    assert found > 10


@pytest.mark.parametrize("given_", [{"size": "50%"}, {"size": "500usd"}, {"size": "3units"}, {"lot": 2.0}])
def test_just_above_the_break_even_fee_cash_is_lost(given_: dict[str, object]) -> None:
    """Also where rounding to lots makes a curve of stairs."""
    found = 0
    for seed in range(20):
        bars, signals = market(seed)
        done, rules = simulate(bars, signals, fee=0.001, **given_), simulate_rules(given_ | {"slippage": 0.0})
        held = open_row(done, bars)
        value, _ = costs_of(done.trades, held, rules, signals).break_even
        if value is None or value > 0.5:
            continue
        found += 1
        (_, at), (_, above) = cost_curve(done.trades, held, rules, signals, (value, value + 1e-9))[0]
        assert at > -1e-12
        assert above < 0.0
    assert found > 3


def test_what_a_fee_changes_beyond_sizes_is_not_told() -> None:
    bars, signals = market(1)
    done = simulate(bars, signals)
    for rules in (Rules(leverage=2.0), Rules(pyramid=2), Rules(borrow=0.1, side="both"), Rules(cash_rate=0.1)):
        assert costs_of(done.trades, None, rules, signals).without == (None, "needs_run")
    # Nobody borrows for a long position.
    assert costs_of(done.trades, None, Rules(borrow=0.1), signals) == costs_of(done.trades, None, Rules(), signals)
    target = Signals(target=np.zeros(len(bars)))
    assert costs_of(done.trades, None, Rules(), target).break_even == (None, "needs_run")


@pytest.mark.parametrize(("given_", "got"), [({"size": "10%"}, -37.0), ({"size": "10%", "side": "short"}, -5.0)])
def test_a_fill_below_nothing_pays_no_fee(given_: dict[str, object], got: float) -> None:
    """Of a replay as of a run: bought at 10 and sold at -37, or sold at 10 and bought back at -5."""
    prices = np.array([10.0, 10.0, got, got])
    bars = Bars.from_arrays(np.arange(4) * 3_600_000_000, prices, prices, prices, prices, interval="1h")
    first, second = np.array([True, False, False, False]), np.array([False, True, False, False])
    short = "side" in given_
    signals = Signals(enter_short=first, leave_short=second) if short else Signals(enter=first, leave=second)
    done = simulate(bars, signals, fee=0.01, **given_)
    assert done.trades.fees[0] == pytest.approx(0.01 * 10.0 * done.trades.quantity[0], rel=1e-12)
    curve, _ = cost_curve(done.trades, None, read_rules({"fee": 0.01, **given_}), signals, FEES)
    again = [simulate(bars, signals, fee=fee, **given_).final_equity for fee in FEES]
    assert [1 + gain for _, gain in curve] == pytest.approx([equity / 10_000 for equity in again], rel=1e-12)
