"""Metrics of a whole curve: figures made by hand, and each reason why there is none."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.layout.columns import REASONS
from tapehead.metrics.account import Account, Opened, bar_returns, daily_returns
from tapehead.metrics.hold import buy_and_hold, buy_and_hold_return
from tapehead.metrics.tail import tail
from tapehead.model.bars import Bars
from tapehead.model.fees import read_fees
from tapehead.model.rules import Rules
from tapehead.model.trades import Trades, no_trades, plain_trades

HOUR_US = 3_600_000_000


def account(
    equity: list[float],
    *,
    close: list[float] | None = None,
    low: list[float] | None = None,
    high: list[float] | None = None,
    units: list[float] | None = None,
    trades: Trades | None = None,
    opened: Opened | None = None,
    interval: str = "1h",
    step_us: int = HOUR_US,
    **rules: object,
) -> Account:
    """An account of bars that open at their close."""
    n = len(equity)
    prices = close or [100.0] * n
    bars = Bars.from_arrays(np.arange(n) * step_us, prices, high or prices, low or prices, prices, interval=interval)
    held = np.array(units or [0.0] * n)
    settled = Rules(cash=100.0, **rules)  # type: ignore[arg-type]  # settings by name
    return Account(bars, settled, np.array(equity), held, trades or no_trades(), opened)


def one_trade(side: int, entry: int, leave: int, price: float, reason: str = "signal") -> Trades:
    """A trade of one unit, sold at what it was bought for."""
    column = {"entry_price": price, "exit_price": price, "quantity": 1.0, "fees": 0.0, "profit": 0.0}
    return plain_trades(
        side=np.array([side], np.int8),
        entry_bar=np.array([entry], np.int32),
        exit_bar=np.array([leave], np.int32),
        **{name: np.array([value]) for name, value in column.items()},
        worst=np.zeros(1),
        best=np.zeros(1),
        reason=np.array([REASONS.index(reason)], np.uint8),
        ambiguous=np.zeros(1, bool),
        across_gap=np.zeros(1, bool),
    )


def test_by_hand() -> None:
    """100 -> 110 -> 99 -> 99 -> 108.9: returns of 10 %, -10 %, 0 and 10 %, 10 % under water for two bars."""
    values, why = tail(account([110.0, 99.0, 99.0, 108.9], close=[100.0, 90.0, 90.0, 99.0], fill="close"))
    assert values["ulcer"] == pytest.approx(math.sqrt((0.1**2 + 0.1**2 + 0.01**2) / 4))
    assert values["recovery"] == pytest.approx(8.9 / 11)
    assert values["omega"] == pytest.approx(2.0)
    assert values["var_95"] == pytest.approx(0.085)
    assert values["cvar_95"] == pytest.approx(0.1)
    assert values["tail_ratio"] == pytest.approx(0.1 / 0.085)
    # Deviations of 0.075, -0.125, -0.025, 0.075.
    assert values["skew"] == pytest.approx(-0.0002812500 / 0.006875**1.5)
    assert values["kurtosis"] == pytest.approx(7.69531250e-05 / 0.006875**2 - 3.0)
    # The market: 0, -10 %, 0, 10 %.
    assert values["beta"] == pytest.approx(0.02 / 0.02)
    assert values["alpha"] == pytest.approx(0.025 * 8766)
    assert why == {"sharpe_daily": "too_short"}


def test_days_are_those_of_the_calendar() -> None:
    """49 hours, one move a day: three days, the last with one bar."""
    equity = [100.0] * 23 + [101.0] * 24 + [99.99, 104.9895]
    found = account(equity)
    assert daily_returns(found).values.tolist() == pytest.approx([0.01, -0.01, 0.05])
    middle, spread = 0.05 / 3, math.sqrt(((0.01 - 0.05 / 3) ** 2 + (0.01 + 0.05 / 3) ** 2 + (0.05 - 0.05 / 3) ** 2) / 2)
    assert tail(found)[0]["sharpe_daily"] == pytest.approx(middle / spread * math.sqrt(365.25))
    assert tail(account([100.0, 101.0], interval="1d", step_us=24 * HOUR_US))[1]["sharpe_daily"] == "not_intraday"
    assert tail(account([100.0, 101.0]))[1]["sharpe_daily"] == "too_short"


def test_a_hole_is_a_return_of_nothing_on_the_grid() -> None:
    found = account([110.0, 99.0], step_us=4 * HOUR_US)
    assert bar_returns(found).values.tolist() == pytest.approx([0.1, 0.0, 0.0, 0.0, -0.1])


def test_a_riskless_rate_is_taken_off_each_bar() -> None:
    """10 % a year is 1.1^(1/8766) - 1 an hour."""
    equity = [101.0, 100.0, 102.0, 101.5]
    free = 1.1 ** (1 / 8766) - 1
    plain, _ = tail(account(equity))
    values, _ = tail(account(equity), rf=0.1)
    returns = bar_returns(account(equity)).values - free
    assert values["sharpe"] == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(8766))
    down = math.sqrt((np.minimum(returns, 0.0) ** 2).mean())
    assert values["sortino"] == pytest.approx(returns.mean() * 8766 / (down * math.sqrt(8766)))
    assert values["omega"] == pytest.approx(returns[returns > 0].sum() / -returns[returns < 0].sum())
    assert values["omega"] < (plain["omega"] or 0.0)
    assert "sharpe" not in plain
    assert values["var_95"] == plain["var_95"]


def test_a_riskless_rate_of_days_and_of_the_market() -> None:
    """Half invested: alpha is what the idle half would have earned, lost."""
    close = [100.0 * (1.01 if hour % 2 else 1.0) for hour in range(72)]
    half = [100.0]
    for before, price in itertools.pairwise(close):
        half.append(half[-1] * (1 + (price / before - 1) / 2))
    found = account(half, close=close, fill="close")
    plain, _ = tail(found)
    values, _ = tail(found, rf=0.1)
    free = 1.1 ** (1 / 8766) - 1
    assert (plain["beta"], values["beta"]) == (pytest.approx(0.5), pytest.approx(0.5))
    assert values["alpha"] - plain["alpha"] == pytest.approx(-(1 - plain["beta"]) * free * 8766)
    days = daily_returns(found).values - (1.1 ** (1 / 365.25) - 1)
    assert values["sharpe_daily"] == pytest.approx(days.mean() / days.std(ddof=1) * math.sqrt(365.25))


@pytest.mark.parametrize("rf", [-1.0, -2.0, math.nan, math.inf])
def test_a_riskless_rate_has_a_bound(rf: float) -> None:
    with pytest.raises(ParameterError, match=r"rf=.*above -100 %"):
        tail(account([100.0, 101.0]), rf=rf)


LOWS, HIGHS = [100.0, 80.0, 70.0, 60.0, 100.0], [100.0, 130.0, 140.0, 150.0, 100.0]


@pytest.mark.parametrize(
    ("fill", "reason", "wanted", "worst"),
    [
        # Bought at the open of bar 1, sold at the open of bar 3: bars 1 and 2 were held throughout.
        ("next_open", "signal", 100.0, -0.3),
        # Bought inside bar 1 by a limit: its low may have come before.
        ("next_open", "signal", 99.0, -0.3),
        # Stopped out inside bar 3: its low may have come after.
        ("next_open", "stop", 100.0, -0.3),
        # Sold at the close of bar 3: all of it was held.
        ("next_open", "end", 100.0, -0.4),
        # Bought at the close of bar 1, sold at that of bar 3.
        ("close", "signal", 100.0, -0.4),
        ("close", "stop", 100.0, -0.3),
    ],
)
@pytest.mark.parametrize("side", [1, -1])
def test_drawdown_inside_bars(fill: str, reason: str, wanted: float, worst: float, side: int) -> None:
    """One unit of 100 with 100 of cash; equity at closes never moves."""
    trades = one_trade(side, 1, 3, wanted, reason)
    units = [0.0, float(side), float(side), 0.0, 0.0]
    low, high = (LOWS, HIGHS) if side > 0 else ([200.0 - price for price in HIGHS], [200.0 - price for price in LOWS])
    found = account([100.0] * 5, low=low, high=high, units=units, trades=trades, fill=fill)
    assert tail(found)[0]["max_drawdown_intrabar"] == pytest.approx(worst)


def test_drawdown_in_the_bar_of_a_limit_entry() -> None:
    trades = one_trade(1, 1, 2, 99.0)
    held = {"low": [100.0, 50.0, 100.0], "units": [0.0, 1.0, 0.0]}
    assert tail(account([100.0] * 3, **held, trades=trades))[0]["max_drawdown_intrabar"] == 0.0
    at_open = one_trade(1, 1, 2, 100.0)
    assert tail(account([100.0] * 3, **held, trades=at_open))[0]["max_drawdown_intrabar"] == pytest.approx(-0.5)


@pytest.mark.parametrize(("at_open", "worst"), [(True, -0.5), (False, -0.2)])
def test_drawdown_of_an_open_position(at_open: bool, worst: float) -> None:
    found = account([100.0] * 3, low=[100.0, 50.0, 80.0], units=[0.0, 1.0, 1.0], opened=Opened(1, at_open, 0.0))
    assert tail(found)[0]["max_drawdown_intrabar"] == pytest.approx(worst)


def test_the_peak_of_a_drawdown_inside_a_bar_is_an_earlier_close() -> None:
    """Bar 1 closes at 150 after a low of 90: the fall is from 100, not from 150."""
    found = account(
        [100.0, 150.0], close=[100.0, 150.0], low=[100.0, 90.0], units=[1.0, 1.0], opened=Opened(0, True, 50.0)
    )
    assert tail(found)[0]["max_drawdown_intrabar"] == pytest.approx(-0.1)


def test_reasons() -> None:
    flat, why = tail(account([100.0] * 4))
    assert why == {
        "sharpe_daily": "too_short",
        "recovery": "no_drawdown",
        "omega": "no_losses",
        "tail_ratio": "zero_quantile",
        "skew": "zero_volatility",
        "kurtosis": "zero_volatility",
        "alpha": "zero_volatility",
        "beta": "zero_volatility",
    }
    assert flat["var_95"] == flat["cvar_95"] == flat["ulcer"] == 0.0
    one, why = tail(account([100.0]))
    assert {why[name] for name in ("skew", "kurtosis", "sharpe_daily", "alpha", "beta")} == {"too_short"}
    _, why = tail(account([100.0]), rf=0.01)
    assert (why["sharpe"], why["sortino"]) == ("too_short", "too_short")
    _, why = tail(account([100.0, 100.0]), rf=0.01)
    assert why["sharpe"] == "zero_volatility"
    assert math.copysign(1.0, one["var_95"] or 0.0) == 1.0


def test_after_zero_nothing_is_finite() -> None:
    values, why = tail(account([100.0, 0.0, 0.0, 50.0], close=[100.0, 90.0, 80.0, 85.0]), rf=0.02)
    json.dumps(values, allow_nan=False)
    names = ("omega", "tail_ratio", "var_95", "cvar_95", "skew", "kurtosis", "sharpe", "sortino", "alpha", "beta")
    assert {why[name] for name in names} == {"not_finite"}
    assert values["ulcer"] is not None
    assert values["max_drawdown_intrabar"] == -1.0


def test_no_price_and_no_bar_to_buy_in() -> None:
    _, why = tail(account([100.0, 100.0], close=[0.0, 0.0]))
    assert (why["alpha"], why["beta"]) == ("no_price", "no_price")
    assert buy_and_hold(account([100.0]).bars, Rules()).reason == "too_short"


@pytest.mark.parametrize(
    ("settings", "total"),
    [
        ({}, 0.5),
        ({"fee": 0.25}, 1.5 / 1.25 - 1),
        ({"slippage": 0.2}, 1.5 / 1.2 - 1),
        ({"slippage": 20.0, "slippage_kind": "spread"}, 150 / 120 - 1),
        # 10 % for the whole volume, of which the cash would buy a half: 5 %.
        ({"slippage": 0.1, "slippage_kind": "volume"}, 1.5 / 1.05 - 1),
        # With units of a tenth the cash would buy more than the volume: 10 %, and no more.
        ({"slippage": 0.1, "slippage_kind": "volume", "multiplier": 0.1}, 1.5 / 1.1 - 1),
        ({"multiplier": 10.0}, 0.5),
        # 20 of 100 goes on fees.
        ({"fee": read_fees("20usd")}, 1.2 - 1),
        ({"fee": read_fees("min(20usd, 50%)")}, 1.2 - 1),
        ({"fee": read_fees("max(20usd, 1bps)")}, 1.2 - 1),
        ({"fee": read_fees("0bps; 1970-01-01T01:00 20usd")}, 1.2 - 1),
        # Bought at the close of bar 0, whose end is 01:00.
        ({"fill": "close", "fee": read_fees("0bps; 1970-01-01T01:00 20usd")}, 1.2 - 1),
        ({"fee": read_fees("100usd")}, None),
    ],
)
def test_buying_and_holding_at_the_same_costs(settings: dict[str, object], total: float | None) -> None:
    """100 of cash, bought at 100 in bar 1, held to 150."""
    prices = [100.0, 100.0, 150.0]
    bars = Bars.from_arrays(np.arange(3) * HOUR_US, prices, prices, prices, prices, [2.0] * 3, interval="1h")
    got, reason = buy_and_hold_return(bars, Rules(cash=100.0, **settings))  # type: ignore[arg-type]  # settings by name
    if total is None:
        assert (got, reason) == (None, "no_price")
    else:
        assert got == pytest.approx(total)
