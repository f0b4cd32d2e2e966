"""What `on_bar` says is held to the bounds of the settings, and an order carries its own levels and no other's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tapehead.errors import SignalsError
from tapehead.library.simulate import Simulation, simulate
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.bar_strategy import bar_strategy

Said = list[tuple[int, str, dict[str, Any]]]
CLOSES = (100.0, 101.0, 102.0, 103.0, 104.0, 103.0, 102.0, 101.0, 100.0, 99.0, 98.0, 97.0)


def market() -> Bars:
    """Twelve hours up and down, each opening at the close before."""
    close = np.array(CLOSES)
    opens = np.append(100.0, close[:-1])
    prices = (opens, np.maximum(opens, close) + 1, np.minimum(opens, close) - 1, close)
    return Bars.from_arrays(np.arange(12) * 3_600_000_000, *prices, np.full(12, 1_000.0), interval="1h")


def ask(said: Said, **rules: Any) -> Simulation:
    """Trade what is said at each bar, in that order."""

    @bar_strategy(compiled=False)
    class Saying:
        def on_bar(self, bar: Any, position: Any, orders: Any) -> None:
            for at, call, words in said:
                if at == bar.index:
                    getattr(orders, call)(**words)

    made: Any = Saying()
    return simulate(market(), made.signals(market()), orders=True, **rules)


def filled(done: Simulation) -> list[tuple[int, float, str]]:
    """Bar, units with their sign, and reason of every fill."""
    assert done.orders is not None
    return [
        (row["bar"], round(row["side"] * row["quantity"], 6), row["reason"])
        for row in done.orders.rows()
        if row["status"] == "filled"
    ]


WRONG: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("buy", {"size": -1.0}, r"orders\.buy\(size=-1\) at bar 2; size must be above 0"),
    ("buy", {"size": 0.0}, r"size=0\) at bar 2"),
    ("buy", {"size": float("inf")}, r"size=inf\)"),
    ("sell", {"limit": -5.0}, r"orders\.sell\(limit=-5\) at bar 2; limit must be a price above 0"),
    ("buy", {"stop": 0.0}, r"stop=0\)"),
    ("buy", {"stop_loss_at": -1.0}, r"stop_loss_at=-1\)"),
    ("buy", {"take_profit_at": float("inf")}, r"take_profit_at=inf\)"),
    ("buy", {"trail_at": -1.0}, r"trail_at=-1\)"),
    ("buy", {"stop_loss": 1.0}, r"stop_loss=1\) at bar 2; stop_loss must be a fraction above 0 and below 1"),
    ("sell", {"stop_loss": -0.1}, r"stop_loss=-0\.1\)"),
    ("buy", {"trail": 1.5}, r"trail=1\.5\)"),
    ("buy", {"take_profit": 0.0}, r"take_profit=0\) at bar 2; take_profit must be a fraction above 0"),
    ("sell", {"take_profit": 1.0}, r"take_profit=1\) at bar 2; take_profit must be a fraction above 0 and below 1"),
    ("buy", {"valid": -1}, r"valid=-1\) at bar 2; valid must be a whole number"),
    ("buy", {"valid": 1.5}, r"valid=1\.5\)"),
    ("buy", {"valid": float("nan")}, r"valid=nan\)"),
    ("buy", {"tag": 2**31}, r"tag=2147483648\) at bar 2; tag must be a whole number to 2147483647"),
    ("close", {"part": 0.0}, r"orders\.close\(part=0\) at bar 2; part must be in \(0, 1\]"),
    ("close", {"part": 1.01}, r"part=1\.01\)"),
    ("target", {"weight": 5.0}, r"orders\.target\(weight=5\) at bar 2; weight must be within the leverage, -1 to 1"),
    ("target", {"weight": float("-inf")}, r"weight=-inf\)"),
)


@pytest.mark.parametrize(("call", "words", "sentence"), WRONG, ids=str)
def test_an_order_that_no_rule_allows_is_named_with_its_bar(call: str, words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SignalsError, match=sentence):
        ask([(1, "buy", {}), (2, call, words)], side="both")


def test_the_first_wrong_order_is_named() -> None:
    with pytest.raises(SignalsError, match=r"weight=2\) at bar 3"):
        ask([(3, "target", {"weight": 2.0}), (5, "buy", {"size": -1.0})])


def test_a_target_may_go_as_far_as_the_leverage() -> None:
    assert filled(ask([(1, "target", {"weight": 2.0})], leverage=2)) == [(2, 198.019802, "signal")]


def test_a_target_of_a_side_that_is_not_traded_counts_as_nothing() -> None:
    assert filled(ask([(1, "target", {"weight": -1.0})])) == []
    done = ask([(1, "target", {"weight": 0.5}), (3, "target", {"weight": -0.5})])
    assert filled(done) == [(2, 49.50495, "signal"), (4, -49.50495, "signal")]
    assert "side_ignored" in done.flags


def test_an_order_that_comes_to_nothing_leaves_the_levels_of_the_one_that_waits() -> None:
    waiting: Said = [(1, "buy", {"limit": 100.2, "stop_loss": 0.5})]
    alone = ask(waiting)
    assert filled(alone) == [(2, 99.800399, "signal")]
    assert filled(ask([*waiting, (1, "sell", {"stop_loss": 0.001})])) == []
    beside = ask([*waiting, (2, "sell", {"stop_loss": 0.001, "valid": 1})])
    assert filled(beside) == filled(alone)
    early: Said = [(0, "buy", {"limit": 98.5, "stop_loss": 0.2}), (3, "sell", {"stop_loss": 0.001, "valid": 1})]
    assert filled(ask(early)) == filled(ask(early[:1])) == [(9, 101.522843, "signal")]


def test_a_target_from_nothing_has_the_levels_of_the_run() -> None:
    said: Said = [(1, "buy", {"stop_loss": 0.02}), (2, "close", {}), (4, "target", {"weight": 0.5})]
    assert [reason for _, _, reason in filled(ask(said))] == ["signal"] * 3


def test_a_target_asked_for_again_after_another_order_is_heard() -> None:
    for between in ({"part": 0.5}, {}):
        said: Said = [(1, "target", {"weight": 0.5}), (3, "close", between), (5, "target", {"weight": 0.5})]
        assert [bar for bar, _, _ in filled(ask(said))] == [2, 4, 6]


def test_the_second_order_of_a_bar_takes_nothing_from_the_first() -> None:
    said: Said = [(1, "buy", {"stop_loss_at": 100.5}), (1, "target", {"weight": 0.5})]
    assert filled(ask(said)) == [(2, 49.50495, "signal")]


PRICES = ("limit", "stop", "stop_loss_at", "take_profit_at", "trail_at")


@pytest.mark.parametrize("name", PRICES)
def test_a_line_of_prices_is_above_0_where_something_is_entered(name: str) -> None:
    bars, wish, line = market(), np.zeros(12, bool), np.full(12, 100.0)
    wish[3], line[2], line[3] = True, -7.0, 0.0
    for words in ({"enter": wish}, {"enter_short": wish}):
        with pytest.raises(SignalsError, match=f"{name} is 0 at bar 3; it must be a price above 0"):
            simulate(bars, Signals(**words, **{name: line}), side="both")
    line[3] = 100.0
    simulate(bars, Signals(enter=wish, **{name: line}))


def test_levels_beside_a_target_are_prices_too() -> None:
    weight, line = np.full(12, np.nan), np.full(12, -1.0)
    weight[4] = 0.0
    simulate(market(), Signals(target=weight, stop_loss_at=line))
    weight[5] = 0.5
    with pytest.raises(SignalsError, match="stop_loss_at is -1 at bar 5"):
        simulate(market(), Signals(target=weight, stop_loss_at=line))
