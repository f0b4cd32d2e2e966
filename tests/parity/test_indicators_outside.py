"""Our indicators against figures that others computed: TA-Lib, Stock.Indicators, LEAN, StockCharts, Tulip."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tapehead.indicators.adx import adx
from tapehead.indicators.atr import atr
from tapehead.indicators.bollinger import bollinger
from tapehead.indicators.donchian import donchian
from tapehead.indicators.ema import ema
from tapehead.indicators.macd import macd
from tapehead.indicators.obv import obv
from tapehead.indicators.roc import roc
from tapehead.indicators.rsi import rsi
from tapehead.indicators.rsi_simple import rsi_simple
from tapehead.indicators.sma import sma
from tapehead.indicators.std import std
from tapehead.indicators.stochastic import stochastic
from tapehead.indicators.supertrend import supertrend
from tapehead.indicators.true_range import true_range
from tapehead.indicators.vwap import vwap, vwap_rolling
from tapehead.indicators.wma import wma

Find = Callable[[str], Path]
Columns = dict[str, np.ndarray]


def near(got: Any, want: np.ndarray, rtol: float = 0.0, atol: float = 0.0, says: str = "") -> None:
    """Equal where the other tool gives a number; it may begin later."""
    known = ~np.isnan(want)
    assert known.sum() > 3, says
    np.testing.assert_allclose(np.asarray(got)[known], want[known], rtol=rtol, atol=atol, err_msg=says)


def numbers(path: Path) -> Columns:
    """Columns of a gzipped table as numbers; what is none is NaN."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    def value(word: str | None) -> float:
        try:
            return float((word or "").replace(",", ""))
        except ValueError:
            return np.nan

    return {(name or "").strip(): np.array([value(row[name]) for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("name", ["MSFT_daily_2013-2018", "ETHUSDT_1h_first2000"])
def test_talib(shared_data: Find, name: str) -> None:
    """TA-Lib C 0.8.1, on the same bars from the first on; MACD and slow %K are given there only once all lines are."""
    table = pq.read_table(shared_data(f"oracles/talib_generated/{name}_talib.parquet"))
    held = {each: table[each].to_numpy().astype(float) for each in table.schema.names if each != "time"}
    high, low, close, volume = (held[each] for each in ("high", "low", "close", "volume"))
    line, bands = macd(close), bollinger(close)
    directions, place = adx(high, low, close), stochastic(high, low, close)
    ours = {
        "TRANGE": true_range(high, low, close),
        "ATR_14": atr(high, low, close),
        "BB_upper_20_2": bands.upper,
        "BB_mid_20_2": bands.middle,
        "BB_lower_20_2": bands.lower,
        "STDDEV_20": std(close, 20),
        "ADX_14": directions.adx,
        "PLUS_DI_14": directions.plus_di,
        "MINUS_DI_14": directions.minus_di,
        "STOCH_slowd_14_3_3": place.d,
        "ROC_10": roc(close),
        "OBV": obv(close, volume),
        "MACDsignal": line.signal,
        "MACDhist": line.histogram,
        **{f"WMA_{n}": wma(close, n) for n in (5, 20, 50)},
    }
    for column, values in ours.items():
        assert np.array_equal(np.isnan(values), np.isnan(held[column])), f"{column} begins elsewhere"
        near(values, held[column], 1e-11, 1e-12 * close.max(), column)
    near(line.line, held["MACD_12_26_9"], 0, 1e-12 * close.max(), "MACD")
    near(place.k, held["STOCH_slowk_14_3_3"], 1e-11, says="slow %K")
    source = high if np.nanmax(np.abs(donchian(high, low).upper - held["MAX_20"])) == 0 else close
    np.testing.assert_array_equal(donchian(source, low).upper, held["MAX_20"])


def stock_indicators(find: Find, name: str) -> list[dict[str, Any]]:
    """Exact decimal results on 502 daily bars."""
    path = find(f"oracles/stock_indicators/results/{name}.standard.json.gz")
    return json.loads(gzip.decompress(path.read_bytes()))  # type: ignore[no-any-return]  # as the file says


def lines(rows: list[dict[str, Any]], key: str) -> np.ndarray:
    return np.array([np.nan if row.get(key) is None else row[key] for row in rows], float)


@pytest.fixture
def quotes(shared_data: Find) -> Columns:
    return numbers(shared_data("oracles/stock_indicators/quotes_default.csv.gz"))


def test_stock_indicators(shared_data: Find, quotes: Columns) -> None:
    high, low, close, volume = (quotes[each] for each in ("high", "low", "close", "volume"))
    bands, place = bollinger(close), stochastic(high, low, close)
    trend = supertrend(high, low, close, 10, 3.0)
    before = donchian(high, low, 20).upper[:-1]
    near(wma(close, 14), lines(stock_indicators(shared_data, "wma"), "wma"), 1e-12)
    near(atr(high, low, close), lines(stock_indicators(shared_data, "atr"), "atr"), 1e-12)
    near(true_range(high, low, close), lines(stock_indicators(shared_data, "atr"), "tr"), 1e-12, 1e-12)
    near(bands.upper, lines(stock_indicators(shared_data, "bb"), "upperBand"), 1e-12)
    near(bands.lower, lines(stock_indicators(shared_data, "bb"), "lowerBand"), 1e-12)
    near(roc(close, 20), lines(stock_indicators(shared_data, "roc-wb"), "roc"), 1e-11, 1e-11)
    near(std(close, 14), lines(stock_indicators(shared_data, "stdev"), "stdDev"), 1e-11)
    near(place.k, lines(stock_indicators(shared_data, "stoch"), "oscillator"), 1e-11)
    near(place.d, lines(stock_indicators(shared_data, "stoch"), "signal"), 1e-11)
    near(vwap(high, low, close, volume), lines(stock_indicators(shared_data, "vwap"), "vwap"), 1e-12)
    near(before, lines(stock_indicators(shared_data, "donchian"), "upperBand")[1:], 1e-15)
    near(trend.line, lines(stock_indicators(shared_data, "supertrend"), "superTrend"), 1e-12)
    falling = lines(stock_indicators(shared_data, "supertrend"), "upperBand")
    assert (~trend.rising[10:] == ~np.isnan(falling[10:])).all()


def test_stock_indicators_seeds_fade(shared_data: Find, quotes: Columns) -> None:
    """Its MACD seeds the fast average earlier, its ADX sums one bar more; after 300 bars nothing of it is left."""
    high, low, close = (quotes[each] for each in ("high", "low", "close"))
    for got, name, key in (
        (macd(close).line, "macd", "macd"),
        (macd(close).signal, "macd", "signal"),
        (adx(high, low, close).plus_di, "adx", "pdi"),
        (adx(high, low, close).minus_di, "adx", "mdi"),
        (adx(high, low, close).adx, "adx", "adx"),
    ):
        near(got[350:], lines(stock_indicators(shared_data, name), key)[350:], 1e-8, 1e-8, key)


def test_lean(shared_data: Find) -> None:
    """LEAN's reference series, in the digits they are given in."""

    def held(name: str) -> Columns:
        return numbers(shared_data(f"oracles/lean_indicators/{name}.gz"))

    spy = held("spy_with_don50.txt")
    near(donchian(spy["High"], spy["Low"], 50).upper[49:], spy["Donchian Channels 50 Top"][49:], 0, 1e-9)
    spy = held("spy_with_vwap.txt")
    price = (spy["Open"] + spy["High"] + spy["Low"] + spy["Close"]) / 4
    moving = vwap_rolling(price, price, price, spy["Volume"], 50)
    near(moving, spy["Moving VWAP 50"], 0, 1e-3)
    spy = held("spy_bollinger_bands.txt")
    bands = bollinger(spy["Close"], 20, 2.0)
    near(bands.upper, spy["Bollinger Bands® 20 2 Top"], 0, 1e-3)
    near(bands.lower, spy["Bollinger Bands® 20 2 Bottom"], 0, 1e-3)
    spy = held("spy_with_indicators.txt")
    near(rsi_simple(spy["Close"], 14), spy["RSI 14"], 0, 5e-4)
    near(rsi(spy["Close"], 14), spy["RSI 14 Wilder"], 0, 5e-4)
    spy = held("spy_tr.txt")
    near(true_range(spy["High"], spy["Low"], spy["Close"]), spy["TR"], 0, 1e-12)
    spy = held("spy_ema.csv")
    near(ema(spy["close"], 14), spy["EMA14"], 0, 1e-12)


def test_lean_after_the_seed_has_faded(shared_data: Find) -> None:
    """What LEAN begins otherwise and ends alike, in the digits it is given in."""

    def held(name: str) -> Columns:
        return numbers(shared_data(f"oracles/lean_indicators/{name}.gz"))

    spy = held("spy_atr_wilder.txt")
    near(atr(spy["High"], spy["Low"], spy["Close"], 14)[100:], spy["Average True Range 14"][100:], 0, 1e-4)
    spy = held("spy_with_adx.txt")
    near(adx(spy["High"], spy["Low"], spy["Close"], 14).adx[200:], spy["ADX 14"][200:], 0, 2e-4)
    spy = held("spy_with_macd.txt")
    lines_of = macd(spy["Close"], 12, 26, 9)
    near(lines_of.line[150:], spy["MACD"][150:], 0, 1e-5)
    near(lines_of.signal[150:], spy["Signal"][150:], 0, 1e-5)
    # Sums begin elsewhere; seven digits of hundreds of millions.
    spy = held("spy_with_obv.txt")
    near(np.diff(obv(spy["Close"], spy["Volume"])), np.diff(spy["OBV"]), 0, 1e3)


def test_stockcharts(shared_data: Find) -> None:
    """StockCharts' worked examples, in the digits they are given in."""

    def held(name: str) -> Columns:
        return numbers(shared_data(f"oracles/ta_stockcharts/{name}.csv.gz"))

    example = held("cs-bbands")
    near(bollinger(example["Close"]).upper, example["HighBand"], 0, 1e-4)
    near(std(example["Close"]), example["20-day Standard Deviation"], 0, 1e-5)
    example = held("cs-roc")
    near(roc(example["Close"], 12), example["ROC"], 0, 1e-2)
    example = held("cs-wma")
    near(wma(example["Close"], 9)[8:], example["WMA"][8:], 0, 1e-3)
    example = held("cs-dc")
    channel = donchian(example["high"], example["low"], 20)
    near(channel.upper, example["upper_band"], 0, 1e-9)
    near(channel.lower, example["lower_band"], 0, 1e-9)
    near(channel.middle, example["middle_band"], 0, 5.1e-3)
    example = held("cs-obv")
    near(obv(example["Close"], np.nan_to_num(example["Volume"])), example["OBV"], 0, 1e-9)


INPUTS = {"stoch": 3, "tr": 3, "atr": 3}
TULIP: dict[str, Callable[..., Any]] = {
    "sma": lambda x, n: [sma(x, int(n))],
    "wma": lambda x, n: [wma(x, int(n))],
    "stddev": lambda x, n: [std(x, int(n))],
    "bbands": lambda x, n, width: list(bollinger(x, int(n), width))[::-1],
    "rsi": lambda x, n: [rsi(x, int(n))],
    "tr": lambda high, low, close: [true_range(high, low, close)],
    "atr": lambda high, low, close, n: [atr(high, low, close, int(n))],
    "stoch": lambda high, low, close, *sizes: list(stochastic(high, low, close, *map(int, sizes)))[1:],
}


@pytest.mark.parametrize("name", TULIP)
def test_tulip(shared_data: Find, name: str) -> None:
    """Tulip's vectors: options, inputs, outputs aligned at their ends."""
    text = gzip.decompress(shared_data("oracles/tulipindicators/atoz.txt.gz").read_bytes()).decode()
    found = re.search(rf"^{name}((?: [\d.]+)*)\n(?:#.*\n)*((?:\{{.*\}}\n)+)", text, re.MULTILINE)
    assert found
    options = [float(word) for word in found[1].split()]
    arrays = [np.array([float(word) for word in row.strip("{}").split(",")]) for row in found[2].split()]
    inputs, wanted = arrays[: INPUTS.get(name, 1)], arrays[INPUTS.get(name, 1) :]
    for got, want in zip(TULIP[name](*inputs, *options), wanted, strict=True):
        tail = got[-len(want) :]
        # Tulip calls the whole first bar a true range; ours begins with the second, as TA-Lib's.
        first = int(np.isnan(tail[0]) and name in ("tr", "atr"))
        np.testing.assert_allclose(tail[first:], want[first:], rtol=0, atol=6e-4)
