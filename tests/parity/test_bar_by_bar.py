"""Bar by bar = arrays, and compiled = Python, bit for bit: trades, ledger, orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tapehead.indicators.memo import Memo
from tapehead.indicators.sma import sma
from tapehead.library.rules import read_rules
from tapehead.model.bar_signals import BarSignals
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.simulation.simulate import Simulated, simulate
from tapehead.strategies.bar_strategy import bar_strategy, state
from tapehead.strategies.sma_cross import SmaCross
from tapehead.strategies.strategy import param

NAN = float("nan")
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"fee": "10bps", "slippage": "5bps", "side": "both", "fill": "close"},
    {"fee": "10bps", "side": "both", "flip": True, "stop_loss": "3%", "take_profit": "4%", "trail": "5%", "lot": 0.1},
    {"side": "both", "path": "optimistic", "stop_loss": "2%", "take_profit": "2%", "time_stop": 5, "pyramid": 3},
    {
        "side": "both",
        "path": "ohlc",
        "trail": "2%",
        "size": "risk:1%",
        "stop_loss": "2%",
        "tick": 0.01,
        "valid_bars": 2,
    },
    {
        "side": "short",
        "borrow": "10%",
        "cash_rate": "2%",
        "fee": "min(3usd, 5bps)",
        "size": "500usd",
        "slippage": "volume:10%",
    },
    {
        "side": "both",
        "square_off": "20:00",
        "entry_window": "02:00-18:00",
        "overnight": False,
        "leverage": 3,
        "size": "200%",
    },
)


@bar_strategy
class CrossByBar:
    """SmaCross, asked at every close."""

    fast: int = param(3, low=1, high=100)
    slow: int = param(7, low=1, high=100)

    def lines(self, bars: Bars) -> dict[str, Any]:
        return {"quick": sma(bars.close, self.fast), "lazy": sma(bars.close, self.slow)}

    def on_bar(self, bar: Any, position: Any, orders: Any) -> None:
        if bar.index < 1:
            return
        if bar.quick[-1] > bar.lazy[-1] and bar.quick[-2] <= bar.lazy[-2]:
            orders.buy()
        elif bar.quick[-1] < bar.lazy[-1] and bar.quick[-2] >= bar.lazy[-2]:
            orders.close()


@bar_strategy
class Replay:
    """Orders as its lines say: 1 buy, 2 sell, 3 close."""

    def lines(self, bars: Bars) -> dict[str, Any]:
        return replayed(bars)

    def on_bar(self, bar: Any, position: Any, orders: Any) -> None:
        wish = bar.wish[-1]
        if wish == 1.0:
            orders.buy(bar.size[-1], bar.limit[-1], bar.stop[-1], stop_loss_at=bar.stop_at[-1])
        elif wish == 2.0:
            orders.sell(bar.size[-1], bar.limit[-1], bar.stop[-1], stop_loss_at=bar.stop_at[-1])
        elif wish == 3.0:
            orders.close(part=bar.part[-1])


@bar_strategy
class Counting:
    """Keeps a count, holds for as many bars as it has bought, and gives each order levels of its own."""

    step: float = param(0.01, low=0.0, high=0.5)
    bought: int = state(0)

    def on_bar(self, bar: Any, position: Any, orders: Any) -> None:
        if position.side == 0 and bar.close[-1] > bar.open[-1]:
            self.bought += 1
            orders.buy(stop_loss=self.step * self.bought, take_profit=0.05, valid=2, tag=self.bought)
        elif position.side != 0 and position.bars >= self.bought:
            orders.close()


@bar_strategy
class Weighing:
    """Holds more the further price fell."""

    def on_bar(self, bar: Any, position: Any, orders: Any) -> None:
        if bar.index % 4 == 0:
            orders.target(max(-1.0, min(1.0, 20.0 * (bar.open[-1] / bar.close[-1] - 1.0))))


def market(seed: int, n: int = 240) -> Bars:
    """A random walk in cents that touches levels often."""
    rng = np.random.default_rng(seed)
    close = np.round(50 * np.cumprod(1 + rng.normal(0, 0.015, n)), 2)
    opens = np.round(np.concatenate(([50.0], close[:-1])) * (1 + rng.normal(0, 0.004, n)), 2)
    high = np.round(np.maximum(opens, close) * (1 + abs(rng.normal(0, 0.01, n))), 2)
    low = np.round(np.minimum(opens, close) * (1 - abs(rng.normal(0, 0.01, n))), 2)
    volume = rng.integers(0, 4, n) * 100.0
    return Bars.from_arrays(np.arange(n) * 3_600_000_000, opens, high, low, close, volume, interval="1h")


def replayed(bars: Bars) -> dict[str, Any]:
    """Random wishes and levels near the price, drawn from the bars themselves."""
    rng = np.random.default_rng(int(bars.close[0] * 100) + len(bars))
    n = len(bars)
    wish = rng.choice([0.0, 1.0, 2.0, 3.0], n, p=[0.6, 0.14, 0.12, 0.14])

    def some(values: Any, share: float) -> Any:
        return np.where(rng.random(n) < share, values, np.nan)

    return {
        "wish": wish,
        "size": some(rng.choice([0.3, 0.7], n), 0.0),
        "limit": some(np.round(bars.close * (1 - rng.normal(0, 0.01, n)), 2), 0.3),
        "stop": some(np.round(bars.close * (1 + rng.normal(0, 0.01, n)), 2), 0.2),
        "stop_at": some(np.round(bars.close * (1 + rng.choice([-0.03, 0.03], n)), 2), 0.3),
        "part": some(np.full(n, 0.5), 0.3),
    }


def as_arrays(bars: Bars) -> Signals:
    """What `Replay` says, as arrays; a close is a wish to leave either side."""
    said = replayed(bars)
    wish = said["wish"]
    leave = wish == 3.0
    names = {"size": "size", "limit": "limit", "stop": "stop", "stop_loss_at": "stop_at", "part": "part"}
    lines = {name: said[held] for name, held in names.items()}
    return Signals(enter=wish == 1.0, leave=leave, enter_short=wish == 2.0, leave_short=leave, **lines)


def run(bars: Bars, signals: Signals, given: dict[str, Any]) -> Simulated:
    """Everything a simulation can tell."""
    return simulate(bars, signals, read_rules(given), Memo(), orders=True)


def told(done: Simulated) -> tuple[Any, ...]:
    """What must be equal, NaN included."""
    columns = {name: column.tobytes() for name, column in done.trades.columns().items()}
    assert done.orders is not None
    orders = {name: column.tobytes() for name, column in done.orders.columns().items()}
    return columns, orders, done.final_equity.hex(), done.fees_paid.hex(), done.flags, done.moments


def by_bar(made: Any, bars: Bars, *, compiled: bool, **parameters: Any) -> Signals:
    """The wish of a strategy to be asked, compiled or not."""
    signals = made(**parameters).signals(bars)
    assert isinstance(signals, BarSignals)
    return BarSignals(strategy=signals.strategy, lines=signals.lines, compiled=compiled)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_cross_by_bar_is_the_cross_of_arrays(compiled: bool) -> None:
    for seed in range(3):
        bars = market(seed)
        want = run(bars, SmaCross(fast=3, slow=7).signals(bars), {"fee": "10bps"})
        got = run(bars, by_bar(CrossByBar, bars, compiled=compiled), {"fee": "10bps"})
        assert len(want.trades) > 5
        assert told(got) == told(want)


@pytest.mark.parametrize("given", SETTINGS, ids=str)
def test_orders_by_bar_are_the_orders_of_arrays(given: dict[str, Any]) -> None:
    filled = 0
    for seed in range(4):
        bars = market(seed)
        want = run(bars, as_arrays(bars), given)
        assert told(run(bars, by_bar(Replay, bars, compiled=True), given)) == told(want)
        filled += len(want.trades)
    bars = market(1, 60)
    assert told(run(bars, by_bar(Replay, bars, compiled=False), given)) == told(run(bars, as_arrays(bars), given))
    assert filled > 10


@pytest.mark.parametrize("made", [Counting, Weighing])
def test_machine_code_is_python(made: Any) -> None:
    for seed, given in enumerate(SETTINGS[:4]):
        bars = market(seed, 90)
        one, two = (run(bars, by_bar(made, bars, compiled=way), given) for way in (True, False))
        assert told(one) == told(two)
        assert len(one.trades) > 2
        if made is Counting:
            assert one.trades.tag.tolist() == sorted({*one.trades.tag.tolist()})
            assert one.trades.tag[0] == 1
