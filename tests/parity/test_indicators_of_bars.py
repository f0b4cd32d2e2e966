"""Indicators that remember, and those of whole bars = their oracles."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.indicators.adx import adx
from tapehead.indicators.atr import atr
from tapehead.indicators.ema import ema
from tapehead.indicators.keltner import keltner
from tapehead.indicators.macd import macd
from tapehead.indicators.obv import obv
from tapehead.indicators.stochastic import stochastic
from tapehead.indicators.supertrend import supertrend
from tapehead.indicators.true_range import true_range
from tapehead.indicators.vwap import vwap
from tests.oracles import indicators as oracle
from tests.parity.candles import Candles, candles, make_candles

periods = st.integers(1, 30)
checked = settings(max_examples=100, derandomize=True, deadline=None)


def near(got: Any, want: Any, rtol: float = 1e-12, atol: float = 0.0) -> None:
    np.testing.assert_allclose(got, np.array(want, np.float64), rtol=rtol, atol=atol)


@checked
@given(candles, periods, periods, st.integers(1, 12))
def test_macd(bars: Candles, fast: int, slow: int, signal: int) -> None:
    for got, want in zip(
        macd(bars.close, fast, slow, signal), oracle.macd(bars.close, fast, slow, signal), strict=True
    ):
        near(got, want, atol=1e-13 * max(bars.close))


@checked
@given(candles)
def test_true_range(bars: Candles) -> None:
    np.testing.assert_array_equal(true_range(*bars[:3]), oracle.true_range(*bars[:3]))


@checked
@given(candles, periods)
def test_atr(bars: Candles, period: int) -> None:
    near(atr(*bars[:3], period), oracle.atr(*bars[:3], period))


@pytest.mark.parametrize("period", [1, 2, 14, 600])
def test_atr_of_many_bars(period: int) -> None:
    """Kernels work by blocks of bars; where nothing moves for long, all of it fades to 0."""
    bars = make_candles(7, 100_000)
    high, low, close = (line[:2_500] for line in bars[:3])
    near(atr(high, low, close, period), oracle.atr(high, low, close, period))
    still = [close[-1]] * 40_000
    assert period == 600 or atr(high + still, low + still, close + still, period)[-1] == 0.0


@checked
@given(candles, st.integers(2, 30))
def test_adx(bars: Candles, period: int) -> None:
    for got, want in zip(adx(*bars[:3], period), oracle.adx(*bars[:3], period), strict=True):
        near(got, want, 1e-9, 1e-9)


@checked
@given(candles, periods, periods, st.sampled_from([0.0, 1.5, 2.0]))
def test_keltner(bars: Candles, period: int, atr_period: int, width: float) -> None:
    wanted = oracle.keltner(*bars[:3], period, atr_period, width)
    for got, want in zip(keltner(*bars[:3], period, atr_period, width), wanted, strict=True):
        near(got, want, atol=1e-12 * max(bars.high))


@checked
@given(candles, periods, st.integers(1, 5), st.integers(1, 5))
def test_stochastic(bars: Candles, period: int, slow: int, signal: int) -> None:
    wanted = oracle.stochastic(*bars[:3], period, slow, signal)
    for got, want in zip(stochastic(*bars[:3], period, slow, signal), wanted, strict=True):
        near(got, want, 1e-12, 1e-11)


@checked
@given(candles)
def test_obv(bars: Candles) -> None:
    near(obv(bars.close, bars.volume), oracle.obv(bars.close, bars.volume), 1e-15, 1e-12)


@checked
@given(candles, st.sampled_from([1, 7, 24, 1_000]))
def test_vwap(bars: Candles, session: int) -> None:
    anchor = np.arange(len(bars.close)) % session == 0
    near(vwap(*bars, anchor), oracle.vwap(*bars, anchor.tolist()), 1e-12)
    near(vwap(*bars), oracle.vwap(*bars), 1e-12)


@checked
@given(candles, periods, st.sampled_from([0.5, 1.0, 3.0]))
def test_supertrend(bars: Candles, period: int, width: float) -> None:
    line, rising = oracle.supertrend(*bars[:3], period, width)
    got = supertrend(*bars[:3], period, width)
    near(got.line, line)
    assert got.rising.tolist() == rising


def test_a_long_sum_of_volumes_is_right_to_its_last_digit() -> None:
    n = 50_000
    rng = random.Random(5)
    volume = [round(rng.expovariate(1), 3) for _ in range(n)]
    close = np.arange(n) % 7 + np.arange(n) * 1e-3
    assert obv(close, volume)[-1] == oracle.obv(close.tolist(), volume)[-1]


def bars_from(seed: int, n: int) -> list[np.ndarray]:
    """High, low, close of a walk that never stands still."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(rng.normal(0, 0.01, n).cumsum())
    return [close * (1 + rng.uniform(0, 0.01, n)), close * (1 - rng.uniform(0, 0.01, n)), close]


MEMORY: dict[str, Any] = {
    "ema": lambda high, low, close: ema(close, 10),
    "macd": lambda high, low, close: macd(close, 5, 10, 4).histogram,
    "atr": lambda high, low, close: atr(high, low, close, 10),
    "adx": lambda high, low, close: adx(high, low, close, 10).adx,
    "keltner": lambda high, low, close: keltner(high, low, close, 10, 10).upper,
    "supertrend": lambda high, low, close: supertrend(high, low, close, 10).line,
}


@pytest.mark.parametrize("name", MEMORY)
def test_what_remembers_forgets_where_it_began(name: str) -> None:
    """Seeds fade: after 40 periods the value is the same to 1e-12, wherever the range began."""
    whole = MEMORY[name](*bars_from(3, 3_000))
    later = MEMORY[name](*(line[1_234:] for line in bars_from(3, 3_000)))
    near(later[400:], whole[1_634:], 1e-12, 1e-10)


@pytest.mark.parametrize("name", MEMORY)
def test_a_hole_leaves_the_rest_unknown(name: str) -> None:
    """A line that carries a sum along has lost it; a number would be a guess."""
    for hurt in range(3):
        lines = bars_from(4, 200)
        lines[hurt][100] = np.nan
        got, whole = MEMORY[name](*lines), MEMORY[name](*bars_from(4, 200))
        if hurt == 2 or name not in ("ema", "macd"):
            assert np.isnan(got[101:]).all()
            np.testing.assert_array_equal(got[:100], whole[:100])


@pytest.mark.parametrize("name", MEMORY)
def test_leading_unknown_values_move_the_line(name: str) -> None:
    lines = bars_from(5, 100)
    moved = MEMORY[name](*(np.concatenate([[np.nan] * 7, line]) for line in lines))
    np.testing.assert_array_equal(moved[7:], MEMORY[name](*lines))
    assert np.isnan(moved[:7]).all()


def test_nothing_moves_for_a_hundred_thousand_bars() -> None:
    """Averages that shrink for ever end as 0, ratios keep their value, and an average arrives at the price."""
    high, low, close = bars_from(6, 60)
    still = [np.concatenate([line, np.full(100_000, close[-1])]) for line in (high, low, close)]
    assert atr(*still)[-1] == 0.0
    assert ema(still[2], 50)[-1] == close[-1]
    assert macd(still[2]).line[-1] == macd(still[2]).signal[-1] == 0.0
    directions = adx(*still)
    np.testing.assert_allclose(directions.plus_di[-1], directions.plus_di[1_000], rtol=1e-9)
    np.testing.assert_allclose(directions.adx[-1], directions.adx[90_000], rtol=1e-9)


@pytest.mark.parametrize("price", [0.07, 1 / 3, 43_210.12345678])
def test_a_flat_price(price: float) -> None:
    flat = np.full(500, price)
    assert set(ema(flat, 20)[19:].tolist()) == {price}
    assert set(macd(flat).histogram[33:].tolist()) == {0.0}
    assert set(atr(flat, flat, flat)[14:].tolist()) == {0.0}
    assert set(adx(flat, flat, flat).adx[27:].tolist()) == {0.0}
    assert set(keltner(flat, flat, flat).upper[19:].tolist()) == {price}
    assert set(stochastic(flat, flat, flat).d[17:].tolist()) == {50.0}
    assert set(obv(flat, np.ones(500)).tolist()) == {1.0}
    assert set(vwap(flat, flat, flat, np.linspace(1, 2, 500)).tolist()) == {price}
    assert set(supertrend(flat, flat, flat).line[10:].tolist()) == {price}


def test_vwap_knows_nothing_without_volume_and_after_a_hole_until_the_next_anchor() -> None:
    high, low, close, volume = (list(column) for column in make_candles(11, 40))
    n = len(close)
    volume = [0.0, 0.0, *[1.0] * (n - 2)]
    assert np.isnan(vwap(high, low, close, volume)[:2]).all()
    anchor = np.zeros(n, bool)
    anchor[[0, n - 2]] = True
    close[3] = np.nan
    got = vwap(high, low, close, volume, anchor)
    assert np.isnan(got[3 : n - 2]).all()
    assert not np.isnan(got[n - 2 :]).any()
