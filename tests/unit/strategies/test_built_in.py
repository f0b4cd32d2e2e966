"""What each built-in strategy wants, on series short enough to follow by hand; and that none sees a later bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tapehead.jobs.beside import Cut
from tapehead.model.bars import Bars
from tapehead.model.signals import Crossing
from tapehead.strategies.bollinger_reversion import BollingerReversion
from tapehead.strategies.donchian import Donchian
from tapehead.strategies.ema_cross import EmaCross
from tapehead.strategies.keltner_breakout import KeltnerBreakout
from tapehead.strategies.macd import Macd
from tapehead.strategies.supertrend import Supertrend
from tapehead.strategies.volatility_target import VolatilityTarget
from tapehead.wiring.plugins import load_strategy, strategy_names
from tests.unit.strategies.beside import reference_of, shown


def bars_of(close: Any, high: Any = None, low: Any = None, interval: str = "1h") -> Bars:
    """Bars of a close, each as high and low as its close unless told otherwise."""
    close = np.asarray(close, float)
    ts = np.arange(len(close)) * 3_600_000_000
    return Bars.from_arrays(
        ts, close, close if high is None else high, close if low is None else low, close, interval=interval
    )


def bars_where(condition: Any) -> list[int]:
    return np.flatnonzero(np.asarray(condition)).tolist()


def wanted(made: Any, bars: Bars) -> tuple[list[int], list[int], list[int], list[int]]:
    """Bars on which a strategy enters, leaves, enters short, leaves short."""
    signals = made.signals(bars)
    enter, leave = bars_where(signals.enter), bars_where(signals.leave)
    return enter, leave, bars_where(signals.enter_short), bars_where(signals.leave_short)


@pytest.mark.parametrize("name", sorted(strategy_names()))
def test_it_names_its_source(name: str) -> None:
    doc = load_strategy(name).made.__doc__
    source = " ".join(doc.split()).partition("Source: ")[2]
    assert source.endswith("."), name
    assert any(word.strip(".,:;").isdigit() for word in source.split()), name


@pytest.mark.parametrize("name", sorted(strategy_names()))
def test_it_takes_each_parameter_at_its_bounds(name: str) -> None:
    made, bars = load_strategy(name).made, market(60)
    for each in made.params:
        for bound in (each.low, each.high):
            if bound is not None:
                strategy = made(**{each.name: each.kind(bound)})
                signals = strategy.signals(shown(strategy, bars, reference_of(bars)))
                assert all(len(np.asarray(getattr(signals, kind))) == 60 for kind in KINDS if said(signals, kind))


def said(signals: Any, kind: str) -> bool:
    return getattr(signals, kind) is not None


def test_ema_cross() -> None:
    """EMA of 1 is the close. EMA of 3 keeps half of itself: mean(8, 8, 8) = 8, then 10 9 6.5 7.25 8.625.

    Closes are 12 8 4 8 10: above from bar 3, below from bar 4, above again at bar 6 (8 > 7.25).
    """
    up, down = [3, 6], [4]
    assert wanted(EmaCross(fast=1, slow=3), bars_of([8, 8, 8, 12, 8, 4, 8, 10])) == (up, down, down, up)


def test_macd() -> None:
    """Averages of 1 and 3: the line is the close less EMA(3), 0 2 -1 -2.5 .75 1.375; its own average of 1 is itself.

    With signal=3 the average begins at bar 4 with mean(0, 2, -1) = 1/3 (line -1 is below it), then -13/12 (line -2.5),
    -1/6 (line .75: crossed above), 29/48 (line 1.375: stays above).
    """
    bars = bars_of([8, 8, 8, 12, 8, 4, 8, 10])
    assert wanted(Macd(fast=1, slow=3, signal=1), bars) == ([], [], [], [])
    assert wanted(Macd(fast=1, slow=3, signal=3), bars) == ([6], [], [], [6])


def test_bollinger_reversion() -> None:
    """Windows of 4 with bands 1.5 deviations wide.

    Bar 3 is flat: all bands are 10, and a close at a band is not outside. Bar 4 (10 10 10 2): mean 8, deviation
    sqrt(12), lower band 2.80: below it. Bar 5 (10 10 2 6): mean 7, deviation sqrt(11), lower band 2.03: 6 is above it
    again. Bar 6 (10 2 6 8): mean 6.5, crossed above. The mirror of the same prices goes short at 5 and leaves at 6.
    """
    close = np.array([10.0, 10, 10, 10, 2, 6, 8])
    strategy = BollingerReversion(period=4, width=1.5)
    assert wanted(strategy, bars_of(close)) == ([5], [6], [], [4])
    assert wanted(strategy, bars_of(20 - close)) == ([], [4], [5], [6])


def test_donchian() -> None:
    """Channel of the 3 bars before for entries, of the 2 before for exits; a high that is only equal is no breakout.

    Bar 3 closes at 5, the highest high before is 5: nothing. Bar 4 closes at 6 > 5: enter. Bar 5 at 6 is not above 6.
    Bar 6 closes at 5 < 6, the lowest low of bars 4 and 5: leave, but not below 5, the lowest of three. Bar 7 closes at
    4: below both.
    """
    assert wanted(Donchian(entry=3, exit=2), bars_of([3, 5, 4, 5, 6, 6, 5, 4])) == ([4], [6, 7], [7], [4])


def test_donchian_looks_at_highs_and_lows_not_closes() -> None:
    close = [5, 5, 5, 6, 7]
    assert bars_where(Donchian(entry=2, exit=2).signals(bars_of(close, high=[5, 5, 6, 6, 7])).enter) == [4]


def test_keltner_breakout() -> None:
    """EMA(1) is the close, so no close leaves a channel around it; EMA(3) with one average range does.

    Closes 8 8 8 12 8 4: EMA(3) from bar 2 is 8 10 9 6.5, true ranges from bar 1 are 0 0 4 4 4, ATR(1) the same. With
    half a range the upper band is 8 12 11 8.5: 12 is not above it. With a quarter it is 8 11 10 7.5: crossed at bar 3
    (12 > 11, and 8 = 8 before). Bar 4 closes at 8, below the average 9: leave, and not below 9 - 1; bar 5 closes at 4,
    below 6.5 - 1: enter short.
    """
    bars = bars_of([8, 8, 8, 12, 8, 4])
    assert wanted(KeltnerBreakout(period=3, atr_period=1, width=0.5), bars)[0] == []
    assert wanted(KeltnerBreakout(period=3, atr_period=1, width=0.25), bars) == ([3], [4], [5], [3])
    assert wanted(KeltnerBreakout(period=1, atr_period=1, width=0.1), bars) == ([], [], [], [])


def test_supertrend() -> None:
    """ATR(1) is the true range, one of it around the close (high = low = close).

    Closes 10 11 12 9 8 7 12. Bar 1: range 1, bands 12 and 10, the close is at its middle: rising, line 10. Bar 2: lower
    band 11. Bar 3: range 3, basic bands 12 and 6; the line stays at 11 and 9 is below it: falling, line 12 (the upper
    band fell to 12 at bar 1 and 13 is not below it). Bar 4: upper band 9, bar 5: 8; bar 6 closes at 12 above it.
    """
    assert wanted(Supertrend(period=1, width=1.0), bars_of([10, 11, 12, 9, 8, 7, 12])) == ([6], [3], [3], [6])


def test_supertrend_turns_with_its_line() -> None:
    rng = np.random.default_rng(12)
    close = 100 * np.exp(rng.normal(0, 0.01, 800).cumsum())
    bars = bars_of(close, high=close * 1.005, low=close * 0.995)
    from tapehead.indicators.supertrend import supertrend

    rising = supertrend(bars.high, bars.low, bars.close).rising
    enter, leave, _, _ = wanted(Supertrend(), bars)
    turns = np.diff(rising[10:].astype(int))
    assert enter == (np.flatnonzero(turns == 1) + 11).tolist()
    assert leave == (np.flatnonzero(turns == -1) + 11).tolist()
    assert len(enter) > 5


def test_volatility_target() -> None:
    """Returns +1 % and -1 % by turns: a bar's deviation of two is 0.01 * sqrt(2), and 4 bars a year double it.

    A target of 0.0141 is half of 0.0283, in steps of 0.1: 0.5. Where the price stands still the most is held.
    """
    close = [100.0]
    for t in range(6):
        close.append(close[-1] * (1.01 if t % 2 == 0 else 0.99))
    close += [close[-1]] * 3
    made: Any = VolatilityTarget(period=2, target=0.0141, step=0.1, most=0.9, bars_a_year=4.0)
    target = made.signals(bars_of(close)).target
    assert np.isnan(target[:2]).all()
    np.testing.assert_allclose(target[2:7], 0.5)
    assert target[-1] == 0.9
    assert target.dtype == np.float64


def test_volatility_target_knows_the_year_of_its_interval() -> None:
    """Hours round the clock are 8,766 a year: the same closes as days are held sqrt(24) times as much."""
    close = 100 * np.exp(np.random.default_rng(3).normal(0, 0.01, 300).cumsum())
    by_hour: Any = VolatilityTarget(step=0.001, target=0.01).signals(bars_of(close))
    told: Any = VolatilityTarget(step=0.001, target=0.01, bars_a_year=8_766).signals(bars_of(close))
    np.testing.assert_array_equal(by_hour.target, told.target)
    days = Bars.from_arrays(np.arange(300) * 86_400_000_000, close, close, close, close, interval="1d")
    by_day: Any = VolatilityTarget(step=0.001, target=0.01).signals(days)
    np.testing.assert_allclose(by_day.target[20:], by_hour.target[20:] * np.sqrt(24), atol=0.004)


def market(n: int) -> Bars:
    """A walk with highs and lows, to the cent."""
    rng = np.random.default_rng(2)
    close = np.round(100 * np.exp(rng.normal(0, 0.01, n).cumsum()), 2)
    return bars_of(close, high=np.round(close * 1.004, 2), low=np.round(close * 0.996, 2))


KINDS = ("enter", "leave", "enter_short", "leave_short", "target", "rank", "stop_loss_at")
CALENDARS = ("BuyAndHold", "DayOfWeek", "HourOfDay", "MonthSeason", "TurnOfMonth")
CUTS = (1, 31, 200, 399)


@pytest.mark.parametrize("name", strategy_names())
def test_none_sees_a_later_bar(name: str) -> None:
    """Signals of a part are that part of the signals, whatever comes after it, here and in what is read beside it."""
    strategy, bars = load_strategy(name).made(), market(400)
    beside = reference_of(bars)
    whole = strategy.signals(shown(strategy, bars, beside))
    scaled = np.concatenate([np.ones(200), np.full(200, 1.5)])
    bent = bars_of(bars.close * scaled, high=bars.high * scaled, low=bars.low * scaled)
    cut = Cut(int(bars.ts[200]), int(bars.ts[-1]) + 3_600_000_000, 1.5)
    other = strategy.signals(shown(strategy, bent, beside, cut))
    for kind in KINDS:
        if getattr(whole, kind) is None:
            continue
        for at in CUTS:
            part = np.asarray(getattr(strategy.signals(shown(strategy, bars.slice(0, at), beside)), kind))
            np.testing.assert_array_equal(part, np.asarray(getattr(whole, kind))[:at])
        np.testing.assert_array_equal(np.asarray(getattr(other, kind))[:200], np.asarray(getattr(whole, kind))[:200])


@pytest.mark.parametrize("name", [name for name in strategy_names() if name not in CALENDARS])
@pytest.mark.parametrize("price", [0.07, 1 / 3])
def test_none_trades_on_a_price_that_never_moves(name: str, price: float) -> None:
    """Nor on its ratio to another that never moves."""
    strategy, bars = load_strategy(name).made(), bars_of(np.full(500, price))
    signals = strategy.signals(shown(strategy, bars, bars))
    for kind in ("enter", "enter_short"):
        if getattr(signals, kind) is not None:
            assert bars_where(getattr(signals, kind)) == []
    if signals.target is not None:
        assert len(set(signals.target[np.isfinite(signals.target)].tolist())) == 1


def test_crossings_stay_lazy() -> None:
    """So that a sweep compares two lines once, both ways."""
    signals: Any = EmaCross().signals(market(100))
    assert isinstance(signals.enter, Crossing)
    assert signals.enter.a is signals.leave.a
