"""Every built-in strategy against its rules in plain Python, on random bars with holes; and its warm-up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tapehead.model.bars import Bars
from tapehead.wiring.plugins import BUILT_IN, load_strategy
from tests.oracles import strategies as oracles
from tests.unit.strategies.beside import reference_of, shown

HOUR_US = 3_600_000_000
SHORT: dict[str, dict[str, Any]] = {
    "AtrChannel": {"period": 20, "atr_period": 5, "above": 1.5, "below": 1.0},
    "ConnorsRsi2": {"trend": 30},
    "DirectionalMovement": {"period": 7},
    "FaberTiming": {"longer": "4h", "period": 5},
    "IchimokuCloud": {"conversion": 5, "base": 9, "span": 20},
    "MomentumRank": {"period": 50, "skip": 10},
    "PairsSpread": {"period": 20, "entry": 1.5, "exit": 0.2},
    "RelativeStrength": {"period": 20},
    "SmaCross": {"fast": 3, "slow": 8},
    "TimeSeriesMomentum": {"period": 50, "window": 20, "step": 0.1},
    "TripleScreen": {"longer": "4h", "fast": 3, "slow": 6, "signal": 3},
    "Turtle": {"entry": 10, "exit": 5, "period": 7},
}
WEEKS = ["DayOfWeek", "MonthSeason", "TurnOfMonth"]


def market(seed: int, n: int = 500, step_us: int = HOUR_US, interval: str = "1h") -> Bars:
    """A walk to the cent from a Wednesday in 2023 on, every fifteenth stretch with a hole."""
    rng = np.random.default_rng(seed)
    close = np.round(50 * np.exp(rng.normal(0, 0.012, n).cumsum()), 2)
    opened = np.round(close * (1 + rng.normal(0, 0.004, n)), 2)
    high = np.round(np.maximum(opened, close) * (1 + rng.uniform(0, 0.006, n)), 2)
    low = np.round(np.minimum(opened, close) * (1 - rng.uniform(0, 0.006, n)), 2)
    ts = 1_675_209_600_000_000 + np.arange(n) * step_us
    kept = rng.uniform(size=n) > 0.01
    return Bars.from_arrays(ts[kept], opened[kept], high[kept], low[kept], close[kept], interval=interval)


def rows_of(bars: Bars) -> oracles.Rows:
    prices = [getattr(bars, name).tolist() for name in ("open", "high", "low", "close")]
    other = reference_of(bars)
    return oracles.Rows(bars.ts.tolist(), *prices, bars.series.interval.us, (other.ts.tolist(), other.close.tolist()))


def said(signals: Any, name: str) -> Any:
    column = getattr(signals, name)
    return None if column is None else np.asarray(column)


def check(name: str, bars: Bars, parameters: dict[str, Any]) -> int:
    """Compare every wish and line, and count the bars on which something is entered."""
    strategy = load_strategy(name).made(**parameters)
    values = {each.name: getattr(strategy, each.name) for each in type(strategy).params}
    signals, wanted = (
        strategy.signals(shown(strategy, bars)),
        getattr(oracles, BUILT_IN[name].rpartition(".")[2])(rows_of(bars), **values),
    )
    for kind in ("enter", "leave", "enter_short", "leave_short"):
        made = said(signals, kind)
        assert (made is None) == (kind not in wanted), kind
        if made is not None:
            assert np.flatnonzero(made).tolist() == np.flatnonzero(wanted[kind]).tolist(), kind
    for kind in ("target", "rank", "stop_loss_at"):
        made = said(signals, kind)
        assert (made is None) == (kind not in wanted), kind
        if made is not None:
            np.testing.assert_allclose(made, wanted[kind], rtol=1e-12, atol=1e-12)
    return int(sum(np.sum(wanted[kind]) for kind in ("enter", "enter_short") if kind in wanted))


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_it_does_what_its_rules_say(name: str) -> None:
    entered = [check(name, market(seed), SHORT.get(name, {})) for seed in range(3)]
    assert name in ("VolatilityTarget", "TimeSeriesMomentum") or min(entered) > 0


@pytest.mark.parametrize("name", WEEKS)
@pytest.mark.parametrize("week", [5, 7])
def test_a_calendar_counts_days_that_trade(name: str, week: int) -> None:
    days = market(7, 400, 24 * HOUR_US, "1d")
    weekday = (days.ts // (24 * HOUR_US) + 3) % 7
    kept = weekday < week
    columns = [getattr(days, column)[kept] for column in ("ts", "open", "high", "low", "close")]
    assert check(name, Bars.from_arrays(*columns, interval="1d"), {"week": week}) > 0


def test_a_week_around_its_end() -> None:
    check("DayOfWeek", market(1), {"first": 6, "last": 1})
    check("HourOfDay", market(1), {"first": 23, "hours": 3})
    check("TurnOfMonth", market(1), {"before": 0, "after": 2})
    check("OpeningRange", market(1), {"minutes": 120, "hours": 6.5})
    check("VolatilityBreakout", market(1), {"share": 0.2, "hours": 8})


EXACT = set(BUILT_IN) - {"EmaCross", "KeltnerBreakout", "Macd", "RsiReversion", "Supertrend"}


@pytest.mark.parametrize("name", sorted(EXACT))
def test_its_warm_up_is_enough(name: str) -> None:
    """With twice of it the same is said of every bar from the start on."""
    strategy = load_strategy(name).made(**SHORT.get(name, {}))
    warm = max([strategy.warm(), *(need.lead(market(1, 50).series.interval) for need in strategy.needs())])
    bars = market(11, 2 * warm + 400)
    start = len(bars) - 300
    assert start >= 2 * warm
    other = reference_of(bars)
    once, twice = bars.slice(start - warm, len(bars)), bars.slice(start - 2 * warm, len(bars))
    asked, again = (strategy.signals(shown(strategy, part, other)) for part in (once, twice))
    for kind in ("enter", "leave", "enter_short", "leave_short", "target", "rank", "stop_loss_at"):
        if said(asked, kind) is not None:
            np.testing.assert_allclose(said(asked, kind)[warm:], said(again, kind)[2 * warm :], rtol=1e-4)
