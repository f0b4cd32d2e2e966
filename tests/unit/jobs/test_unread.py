"""A setting that changes nothing is told, and one that is told changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tapehead.jobs.unread import unread_settings
from tapehead.library.rules import read_rules
from tapehead.library.simulate import Simulation, simulate
from tapehead.model.bar_signals import BarSignals
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.bar_strategy import bar_strategy

RNG = np.random.default_rng(3)
CLOSE = np.round(100 * np.cumprod(1 + RNG.normal(0, 0.01, 300)), 2)
OPEN = np.append(100.0, CLOSE[:-1])
BARS = Bars.from_arrays(
    np.arange(300) * 3_600_000_000, OPEN, np.maximum(OPEN, CLOSE) * 1.004, np.minimum(OPEN, CLOSE) * 0.996, CLOSE,
    np.full(300, 50.0), interval="1h",
)  # fmt: skip
WISHES = dict(zip(("enter", "leave", "enter_short", "leave_short"), RNG.random((4, 300)) < 0.1, strict=True))
WISHED = Signals(**WISHES)
RESTING = Signals(**WISHES, limit=CLOSE * 0.985)
STOPPED = Signals(**WISHES, stop=CLOSE * 1.005)
WEIGHED = Signals(target=np.where(RNG.random(300) < 0.2, RNG.choice([-0.5, 0.0, 0.4, 0.9], 300), np.nan))
STEADY = Signals(target=np.full(300, 0.5))

UNREAD: tuple[tuple[Signals, str, Any, dict[str, Any]], ...] = (
    (WISHED, "borrow", "20%", {}),
    (WISHED, "maintenance", "20%", {"side": "both"}),
    (RESTING, "limit_through", 5, {}),
    (WISHED, "limit_through", 5, {"tick": 0.01, "stop_loss": "2%"}),
    (WISHED, "path", "optimistic", {}),
    (STOPPED, "path", "ohlc", {}),
    (WISHED, "slippage_kind", "spread", {"stop_loss": "2%"}),
    (WISHED, "slippage_kind", "volume", {}),
    (WEIGHED, "size", "50%", {}),
    (WEIGHED, "size", "500usd", {}),
    (WEIGHED, "sizing", "units", {}),
    (WEIGHED, "pyramid", 3, {}),
    (WEIGHED, "flip", True, {"side": "both"}),
    (WEIGHED, "on_conflict", "enter", {}),
    (WISHED, "band", "1%", {}),
    (WISHED, "valid_bars", 1, {}),
    (WISHED, "day", True, {}),
)
READ: tuple[tuple[Signals, str, Any, dict[str, Any]], ...] = (
    (WISHED, "borrow", "20%", {"side": "both"}),
    (RESTING, "limit_through", 20, {"tick": 0.01}),
    (WISHED, "limit_through", 20, {"tick": 0.01, "take_profit": "1%"}),
    (WISHED, "path", "both", {}),
    (WISHED, "path", "optimistic", {"stop_loss": "0.3%", "take_profit": "0.3%"}),
    (WISHED, "slippage_kind", "spread", {"slippage": 0.01}),
    (WISHED, "size", "50%", {}),
    (WISHED, "pyramid", 3, {}),
    (WISHED, "flip", True, {"side": "both"}),
    (STEADY, "band", "0.1%", {}),
    (RESTING, "valid_bars", 1, {}),
    (WEIGHED, "time_stop", 3, {}),
)


def told(done: Simulation) -> tuple[Any, ...]:
    """What trading came to, and every metric with the reason of each None."""
    return done.trades.digest(), done.final_equity, done.flags, dict(done.metrics), dict(done.why)


@pytest.mark.parametrize(
    ("signals", "name", "value", "beside"), UNREAD, ids=lambda one: str(one) if not isinstance(one, Signals) else ""
)
def test_what_is_not_read_is_told(signals: Signals, name: str, value: Any, beside: dict[str, Any]) -> None:
    with_it = simulate(BARS, signals, **beside, **{name: value})
    assert told(with_it) == told(simulate(BARS, signals, **beside))
    assert [text.partition(" ")[0] for text in with_it.warnings] == [name]


@pytest.mark.parametrize(
    ("signals", "name", "value", "beside"), READ, ids=lambda one: str(one) if not isinstance(one, Signals) else ""
)
def test_what_is_read_changes_something(signals: Signals, name: str, value: Any, beside: dict[str, Any]) -> None:
    with_it = simulate(BARS, signals, **beside, **{name: value})
    assert with_it.warnings == ()
    assert told(with_it) != told(simulate(BARS, signals, **beside))


@bar_strategy(compiled=False)
class InAndOut:
    """Buys on even bars and leaves on odd ones."""

    def on_bar(self, bar: Any, position: Any, orders: Any) -> None:
        if bar.index % 2:
            orders.close()
        else:
            orders.buy()


def test_of_a_strategy_asked_bar_by_bar_only_what_is_certain_is_told() -> None:
    given = {"band": "1%", "valid_bars": 2, "day": True, "size": "50%", "borrow": "3%", "on_conflict": "enter"}
    given |= {"path": "ohlc", "slippage_kind": "volume", "tick": 0.01, "limit_through": 2}
    warned = unread_settings(read_rules(given), BarSignals())
    assert [text.partition(" ")[0] for text in warned] == ["borrow", "on_conflict"]


def test_a_strategy_asked_bar_by_bar_knows_no_conflict() -> None:
    made: Any = InAndOut
    signals = made().signals(BARS)
    both = [simulate(BARS, signals, on_conflict=word) for word in ("nothing", "enter")]
    assert told(both[0]) == told(both[1])
    assert [len(one.warnings) for one in both] == [0, 1]
