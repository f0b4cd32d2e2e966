"""Indicators over a sliding window of one line = their oracles in exact arithmetic."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.indicators.bollinger import bollinger
from tapehead.indicators.donchian import donchian
from tapehead.indicators.roc import roc
from tapehead.indicators.rsi_simple import rsi_simple
from tapehead.indicators.sma import sma
from tapehead.indicators.std import std
from tapehead.indicators.volatility import volatility
from tapehead.indicators.vwap import vwap_rolling
from tapehead.indicators.wma import wma
from tests.oracles import indicators as oracle
from tests.parity.candles import Candles, candles
from tests.parity.markets import closes


def prices(seed: int) -> list[float]:
    """Up to 120 prices, of a fixed number of decimals or of all a float has."""
    rng = random.Random(seed)
    values = closes(rng, rng.randint(1, 120))
    places = rng.choice([0, 2, 8, None])
    shown = values if places is None else [round(value, places) for value in values]
    return values if 0.0 in shown else shown


lines = st.integers(0, 2**40).map(prices)
periods = st.integers(1, 40)
checked = settings(max_examples=60, derandomize=True, deadline=None)


def near(got: np.ndarray, want: list[float], rtol: float = 1e-12, atol: float = 0.0) -> None:
    np.testing.assert_allclose(got, np.array(want, np.float64), rtol=rtol, atol=atol)


@checked
@given(lines, periods)
def test_wma(values: list[float], period: int) -> None:
    near(wma(values, period), oracle.wma(values, period), 1e-13)


@checked
@given(lines, periods)
def test_rsi_simple(values: list[float], period: int) -> None:
    near(rsi_simple(values, period), oracle.rsi_simple(values, period), 1e-10, 1e-10)


@checked
@given(lines, st.integers(2, 40), st.sampled_from([0, 1]))
def test_std(values: list[float], period: int, ddof: int) -> None:
    want = oracle.std(values, period, ddof)
    got = std(values, period, ddof)
    near(got, want, 1e-11)
    assert [value == 0 for value in got] == [value == 0 for value in want], "flat is exactly 0, and nothing else is"


@checked
@given(lines, st.integers(2, 40), st.sampled_from([0.0, 2.0, 2.5]), st.sampled_from([0, 1]))
def test_bollinger(values: list[float], period: int, width: float, ddof: int) -> None:
    for got, want in zip(
        bollinger(values, period, width, ddof), oracle.bollinger(values, period, width, ddof), strict=True
    ):
        near(got, want, 1e-12, 1e-12 * max(values))


@checked
@given(lines, st.integers(2, 40), st.sampled_from([0, 1]), st.sampled_from([1.0, 252.0, 8766.0]))
def test_volatility(values: list[float], period: int, ddof: int, year: float) -> None:
    near(volatility(values, period, ddof, year), oracle.volatility(values, period, ddof, year), 1e-10, 1e-15)


@checked
@given(lines, periods)
def test_roc(values: list[float], period: int) -> None:
    near(roc(values, period), oracle.roc(values, period), 1e-12, 1e-12)


@checked
@given(candles, periods)
def test_donchian(bars: Candles, period: int) -> None:
    for got, want in zip(
        donchian(bars.high, bars.low, period), oracle.donchian(bars.high, bars.low, period), strict=True
    ):
        np.testing.assert_array_equal(got, want)


@checked
@given(candles, periods)
def test_vwap_rolling(bars: Candles, period: int) -> None:
    near(vwap_rolling(*bars, period), oracle.vwap_rolling(*bars, period), 1e-12)


WINDOWED: list[tuple[str, Callable[..., Any], int]] = [
    ("sma", lambda x: sma(x, 20), 20),
    ("wma", lambda x: wma(x, 20), 20),
    ("std", lambda x: std(x, 20), 20),
    ("bollinger", lambda x: bollinger(x, 20).lower, 20),
    ("rsi_simple", lambda x: rsi_simple(x, 19), 20),
    ("volatility", lambda x: volatility(x, 19), 20),
    ("roc", lambda x: roc(x, 19), 20),
    ("donchian", lambda x: donchian(x, x, 20).middle, 20),
    ("vwap_rolling", lambda x: vwap_rolling(x, x, x, np.ones(len(x)), 20), 20),
]
named = pytest.mark.parametrize(("make", "window"), [row[1:] for row in WINDOWED], ids=[row[0] for row in WINDOWED])


def walk(seed: int, n: int, places: int | None) -> np.ndarray:
    """Prices around 100 that never stand still, of so many decimals or all of them."""
    values = 100 * np.exp(np.random.default_rng(seed).normal(0, 0.01, n).cumsum())
    return values if places is None else np.round(values, places)


@named
@pytest.mark.parametrize("places", [2, None])
@pytest.mark.parametrize("wild", [9e9, 1e15 / 3])
def test_one_wild_bar_bends_nothing_after_it_left(
    make: Callable[..., Any], window: int, places: int | None, wild: float
) -> None:
    """Not after 4,096 bars: at once. Where the wild bar changes the way of summing, to the last digits."""
    values = walk(4, 300, places)
    bent = values.copy()
    bent[100] = wild
    after = slice(100 + window, None)
    np.testing.assert_allclose(make(bent)[after], make(values)[after], rtol=2e-12, atol=1e-12)
    if places is None:
        np.testing.assert_array_equal(make(bent)[after], make(values)[after])


@named
@pytest.mark.parametrize("odd", [0.1 + 0.2, 4e17, 1e-9, math.nan])
def test_no_later_value_changes_an_earlier_one_by_a_bit(make: Callable[..., Any], window: int, odd: float) -> None:
    """Nor the way in which earlier ones are summed: an exact path that later prices leave is no way to see them."""
    values = walk(8, 900, 2)
    before = make(values)[:600]
    changed = values.copy()
    changed[600] = odd
    assert make(changed)[:600].tobytes() == make(changed[:601])[:600].tobytes() == before.tobytes()
    assert make(values[:600]).tobytes() == before.tobytes()
    moved = np.concatenate([values[:600], values[600:] * 1.5])
    assert make(moved)[:600].tobytes() == before.tobytes()


@named
@pytest.mark.parametrize("places", [2, None])
def test_a_value_does_not_depend_on_where_the_range_starts(
    make: Callable[..., Any], window: int, places: int | None
) -> None:
    values = walk(5, 6_000, places)
    whole = make(values)
    for start in (1, 17, 4_095, 4_096):
        later = make(values[start:])
        np.testing.assert_allclose(later[window - 1 :], whole[start + window - 1 :], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", ["sma", "wma", "rsi_simple", "donchian", "roc"])
def test_of_prices_it_does_not_depend_on_the_start_by_a_bit(name: str) -> None:
    make = next(row[1] for row in WINDOWED if row[0] == name)
    values = walk(6, 6_000, 2)
    whole = make(values)
    for start in (1, 17, 4_096):
        np.testing.assert_array_equal(make(values[start:])[19:], whole[start + 19 :])


@named
@pytest.mark.parametrize("price", [0.07, 1 / 3, 43_210.12345678, 5e-8, 1e9 / 7])
def test_a_flat_price_is_that_price_and_spreads_nothing(make: Callable[..., Any], window: int, price: float) -> None:
    """Nothing may cross on a price that never moves: each mean is the price itself, each spread exactly 0."""
    known = make(np.full(5_000, price))[window - 1 :]
    assert len(set(known.tolist())) == 1
    assert known[0] in (price, 0.0, 50.0)


def test_deviation_of_a_stablecoin() -> None:
    """Prices within a thousandth of 1: sums of squares of floats, taken from each other, bend this by 2e-3."""
    rng = random.Random(8)
    values = [1 + rng.choice([-1, 0, 0, 0, 0, 0, 1]) * 1e-4 for _ in range(600)]
    rounded = [round(value, 4) for value in values]
    near(std(rounded, 20), oracle.std(rounded, 20), 1e-11)
    fine = [value / 3 for value in values]
    near(std(fine, 20), oracle.std(fine, 20), 1e-11)


def test_deviation_of_a_long_window() -> None:
    """A price that doubles and goes on trembling: far from the bar that sums are taken about."""
    rng = random.Random(9)
    values = [round(rng.uniform(30_000, 30_001), 2) for _ in range(250)]
    values += [round(rng.uniform(60_000, 60_001), 2) for _ in range(250)]
    near(std(values, 200), oracle.std(values, 200), 1e-11)


def test_a_hole_hides_its_windows_only() -> None:
    values = walk(7, 60, None)
    values[30] = math.nan
    for name, make, window in WINDOWED:
        got = make(values)
        hidden = [30, 49] if name == "roc" else range(30, 30 + window)
        assert [t for t in range(window, 60) if math.isnan(got[t])] == list(hidden), name


@pytest.mark.parametrize("period", [1, 2, 4, 5, 16, 17, 64, 65, 257, 700, 1500])
def test_borders_of_what_is_made_together(period: int) -> None:
    """Kernels work by blocks and chunks of up to some thousand bars; a window knows of none, and of no hole outside."""
    low = walk(3, 9_000, 2)
    low[[4_000, 8_191]] = np.nan
    high = low + walk(4, 9_000, 2) / 50
    seen, known = (np.lib.stride_tricks.sliding_window_view(line, period) for line in (high, low))
    channel = donchian(high, low, period)
    np.testing.assert_array_equal(channel.upper[period - 1 :], seen.max(axis=1))
    np.testing.assert_array_equal(channel.lower[period - 1 :], known.min(axis=1))
    np.testing.assert_array_equal(channel.middle, (channel.upper + channel.lower) / 2)
    spread = np.concatenate([np.full(period - 1, np.nan), known.std(axis=1)])
    np.testing.assert_allclose(std(low, period), spread, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(bollinger(low, period, 3.0).upper, sma(low, period) + 3 * spread, rtol=1e-12)
