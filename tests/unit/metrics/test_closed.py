"""Metrics of closed trades: figures made by hand, and each reason why there is none."""

from __future__ import annotations

import numpy as np
import pytest

from tapehead.layout.columns import TRADE_DTYPES
from tapehead.metrics.closed import longest_streak, per_trade
from tapehead.metrics.definitions import DAY_US, Value, settle
from tapehead.metrics.gains import returns_of
from tapehead.model.moments import Moments
from tapehead.model.rules import Rules
from tapehead.model.trades import Trades, plain_trades

YEAR_US = round(365.25 * DAY_US)


def trades(profits: list[float], prices: list[float] | None = None, quantity: float = 1.0) -> Trades:
    """Trades of one unit, one bar apart, held for 1, 2, 3 bars."""
    n = len(profits)
    paid, profit = np.array(prices or [100.0] * n), np.array(profits, float)
    entry = np.arange(n, dtype=np.int32) * 10
    return plain_trades(
        side=np.ones(n, np.int8),
        entry_bar=entry,
        exit_bar=entry + np.arange(1, n + 1, dtype=np.int32),
        entry_price=paid,
        exit_price=paid + profit / quantity,
        quantity=np.full(n, quantity),
        fees=np.zeros(n),
        profit=profit,
        worst=np.zeros(n),
        best=np.zeros(n),
        reason=np.zeros(n, np.uint8),
        ambiguous=np.zeros(n, bool),
        across_gap=np.zeros(n, bool),
    )


def figures(profits: list[float], prices: list[float] | None = None, **rules: float) -> dict[str, Value]:
    """The metrics of trades within one year, from a cash of 100."""
    won, lost = (sum(abs(p) for p in profits if sign * p > 0) for sign in (1, -1))
    sums = Moments(9, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, sum(p > 0 for p in profits), won, lost)
    values, why = settle(per_trade(trades(profits, prices), sums, Rules(**({"cash": 100.0} | rules)), YEAR_US))
    return {name: (value, why.get(name, "")) for name, value in values.items()}


def test_by_hand() -> None:
    """+10, -5, 0, +20, +2, -5, -3, of 100, 50, 100, 200, 100, 100, 100."""
    found = figures([10, -5, 0, 20, 2, -5, -3], [100, 50, 100, 200, 100, 100, 100])
    values = {name: value for name, (value, _) in found.items()}
    assert values["trades"] == 7
    assert values["win_rate"] == pytest.approx(3 / 7)
    assert values["profit_factor"] == pytest.approx(32 / 13)
    assert values["expectancy"] == pytest.approx(19 / 7)
    assert values["expectancy_return"] == pytest.approx((0.1 - 0.1 + 0 + 0.1 + 0.02 - 0.05 - 0.03) / 7)
    assert values["average_win"] == pytest.approx(32 / 3)
    assert values["average_win_return"] == pytest.approx(0.22 / 3)
    assert values["average_loss"] == pytest.approx(-13 / 3)
    assert values["average_loss_return"] == pytest.approx(-0.06)
    assert values["payoff"] == pytest.approx(32 / 13)
    assert values["payoff_return"] == pytest.approx(0.22 / 3 / 0.06)
    assert (values["best_trade"], values["worst_trade"]) == (20.0, -5.0)
    assert (values["best_trade_return"], values["worst_trade_return"]) == (0.1, -0.1)
    assert values["average_bars_held"] == 4.0
    assert (values["longest_win_streak"], values["longest_loss_streak"]) == (2, 2)
    deviation = (sum((p - 19 / 7) ** 2 for p in (10, -5, 0, 20, 2, -5, -3)) / 6) ** 0.5
    assert values["sqn"] == pytest.approx(7**0.5 * 19 / 7 / deviation)
    assert values["kelly"] == pytest.approx(3 / 7 - 4 / 7 / (32 / 13))
    assert None not in values.values()


def test_turnover_is_what_fees_are_a_share_of() -> None:
    """100 bought with 100, sold at 110 with 110; 110 bought with 110, sold at 55 with 55: the equity four times."""
    assert figures([10, -55], [100, 110])["turnover"][0] == pytest.approx(4.0)
    half = per_trade(trades([10.0]), Moments(9, 0, 0, 0, 0, 0, 0, 0, 1, 10.0, 0), Rules(cash=100.0), YEAR_US // 2)
    assert half["turnover"][0] == pytest.approx(4.0)
    assert figures([], [])["turnover"] == (0.0, "")


def test_turnover_where_equity_is_gone() -> None:
    assert figures([-100.0])["turnover"] == (pytest.approx(1.0), "")
    assert figures([-150.0, 10.0], [300.0, 10.0])["turnover"] == (None, "not_finite")


def test_a_multiplier_is_in_the_notional() -> None:
    assert returns_of(trades([10.0]), 10.0).tolist() == [0.01]
    assert figures([10.0], multiplier=10.0)["best_trade_return"][0] == 0.01
    assert returns_of(trades([0.0], [0.0])).tolist() == [0.0]


def test_stored_trades_have_the_metrics_of_fresh_ones() -> None:
    """What a store gives back may not be written to, and a slice of every other trade is not contiguous."""
    fresh = trades([10, -5, 0, 20, 2, -5, -3])
    sums = Moments(9, 0, 0, 0, 0, 0, 0, 0, 3, 32.0, 13.0)
    want = per_trade(fresh, sums, Rules(cash=100.0), YEAR_US)
    apart = Trades(**{name: np.repeat(getattr(fresh, name), 2)[::2] for name in TRADE_DTYPES})
    for other in (Trades.from_bytes(fresh.to_bytes()), apart):
        assert per_trade(other, sums, Rules(cash=100.0), YEAR_US) == want


def test_a_profit_that_is_no_number_is_told_in_every_figure_it_is_in() -> None:
    found = figures([10.0, float("nan"), -5.0])
    for name in ("best_trade", "worst_trade", "best_trade_return", "worst_trade_return", "expectancy_return", "sqn"):
        assert found[name] == (None, "not_finite"), name
    assert found["longest_win_streak"] == (1, "")


NO_TRADES = (
    *("win_rate", "profit_factor", "expectancy", "expectancy_return", "payoff", "payoff_return", "average_win"),
    *("average_win_return", "average_loss", "average_loss_return", "best_trade", "best_trade_return", "worst_trade"),
    *("worst_trade_return", "average_bars_held", "sqn", "kelly"),
)


def test_no_trades() -> None:
    found = figures([])
    assert {name for name, (value, _) in found.items() if value is None} == set(NO_TRADES)
    assert {found[name][1] for name in NO_TRADES} == {"no_trades"}
    assert (found["trades"], found["longest_win_streak"], found["longest_loss_streak"]) == ((0, ""), (0, ""), (0, ""))
    assert set(found) == set(figures([1.0, -1.0]))


@pytest.mark.parametrize(
    ("profits", "reasons"),
    [
        (
            [5.0],
            {
                **dict.fromkeys(["profit_factor", "payoff", "payoff_return", "kelly"], "no_losses"),
                **dict.fromkeys(["average_loss", "average_loss_return"], "no_losses"),
                "sqn": "too_few_trades",
            },
        ),
        (
            [-5.0],
            {
                **dict.fromkeys(["payoff", "payoff_return", "kelly", "average_win", "average_win_return"], "no_wins"),
                "sqn": "too_few_trades",
            },
        ),
        (
            [0.0, 0.0],
            {
                **dict.fromkeys(["profit_factor", "payoff", "payoff_return", "kelly"], "no_losses"),
                **dict.fromkeys(["average_loss", "average_loss_return"], "no_losses"),
                **dict.fromkeys(["average_win", "average_win_return"], "no_wins"),
                "sqn": "zero_volatility",
            },
        ),
    ],
)
def test_reasons(profits: list[float], reasons: dict[str, str]) -> None:
    assert {name: reason for name, (value, reason) in figures(profits).items() if value is None} == reasons


@pytest.mark.parametrize(
    ("marks", "longest"), [("", 0), ("0", 0), ("1", 1), ("0110111", 3), ("1110", 3), ("0000", 0), ("1111", 4)]
)
def test_streaks(marks: str, longest: int) -> None:
    assert longest_streak(np.array([mark == "1" for mark in marks], bool)) == longest
