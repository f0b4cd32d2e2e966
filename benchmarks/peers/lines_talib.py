"""TA-Lib's C library through its wheel: what has to be called to get all lines of an indicator.

Its Keltner channels lie about an average of the typical price, those of the catalogue about one of the close; the
simple RSI is none of its functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import talib

from benchmarks.lines import F64
from benchmarks.peers.lines import Makers, main


def makers(prices: dict[str, F64]) -> Makers:
    """Its own function where it has one; volatility and a rolling VWAP are put together of several."""
    high, low, close, volume = (prices[name] for name in ("high", "low", "close", "volume"))

    def volatility() -> F64:
        return np.sqrt(talib.VAR(talib.ROCP(close, 1), 20) * (20 / 19))

    def supertrend() -> tuple[F64, Any]:
        line, trend = talib.SUPERTREND(high, low, close, 10, 3.0)
        return line, trend > 0

    return {
        **_averages(close, volume),
        **_oscillators(prices),
        **_reaches(prices),
        "sma": lambda: talib.SMA(close, 20),
        "ema": lambda: talib.EMA(close, 20),
        "wma": lambda: talib.WMA(close, 20),
        "rsi": lambda: talib.RSI(close, 14),
        "macd": lambda: talib.MACD(close, 12, 26, 9),
        "bollinger": lambda: talib.BBANDS(close, 20, 2.0, 2.0),
        "std": lambda: talib.STDDEV(close, 20, 1.0),
        "volatility": volatility,
        "roc": lambda: talib.ROC(close, 10),
        "true_range": lambda: talib.TRANGE(high, low, close),
        "atr": lambda: talib.ATR(high, low, close, 14),
        "adx": lambda: tuple(index(high, low, close, 14) for index in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)),
        "donchian": lambda: talib.DONCHIAN(high, low, 20),
        "stochastic": lambda: (
            talib.STOCHF(high, low, close, 14, 1)[0],
            *talib.STOCH(high, low, close, 14, 3, 0, 3, 0),
        ),
        "supertrend": supertrend,
        "obv": lambda: talib.OBV(close, volume),
        "vwap": lambda: talib.VWAP(high, low, close, volume),
        "vwap_rolling": lambda: talib.VWMA(talib.TYPPRICE(high, low, close), volume, 20),
    }


def _averages(close: F64, volume: F64) -> dict[str, Any]:
    """Averages of prices."""
    return {
        "dema": lambda: talib.DEMA(close, 20),
        "tema": lambda: talib.TEMA(close, 20),
        "trima": lambda: talib.TRIMA(close, 20),
        "kama": lambda: talib.KAMA(close, 10),
        "hma": lambda: talib.HMA(close, 20),
        "t3": lambda: talib.T3(close, 5, 0.7),
        "zlema": lambda: talib.ZLEMA(close, 20),
        "vwma": lambda: talib.VWMA(close, volume, 20),
        "rma": lambda: talib.RMA(close, 14),
        "midpoint": lambda: talib.MIDPOINT(close, 14),
        "vhf": lambda: talib.VHF(close, 28),
        "efficiency_ratio": lambda: talib.ER(close, 10),
        "percent_rank": lambda: talib.PERCENTRANK(close, 100),
        "mom": lambda: talib.MOM(close, 10),
        "cmo": lambda: talib.CMOU(close, 14),
        "coppock": lambda: talib.COPPOCK(close, 10, 11, 14),
        "dpo": lambda: talib.DPO(close, 20),
    }


def _oscillators(prices: dict[str, F64]) -> dict[str, Any]:
    """Oscillators; those that TA-Lib has without their signal line are left out."""
    opening, high, low, close, volume = (prices[name] for name in ("open", "high", "low", "close", "volume"))
    return {
        "cci": lambda: talib.CCI(high, low, close, 20),
        "williams_r": lambda: talib.WILLR(high, low, close, 14),
        "ultimate_oscillator": lambda: talib.ULTOSC(high, low, close, 7, 14, 28),
        "awesome_oscillator": lambda: talib.AO(high, low, 5, 34),
        "bop": lambda: talib.BOP(opening, high, low, close),
        "elder_ray": lambda: talib.ERI(high, low, close, 13),
        "mfi": lambda: talib.MFI(high, low, close, volume, 14),
        "ad": lambda: talib.AD(high, low, close, volume),
        "adosc": lambda: talib.ADOSC(high, low, close, volume, 3, 10),
        "cmf": lambda: talib.CMF(high, low, close, volume, 20),
        "force_index": lambda: talib.EFI(close, volume, 13),
        "pvt": lambda: talib.PVT(close, volume),
        "nvi": lambda: talib.NVI(close, volume),
        "pvi": lambda: talib.PVI(close, volume),
    }


def _reaches(prices: dict[str, F64]) -> dict[str, Any]:
    """Ranges, trends and two lines together; the second line is the open, as W7 hands it to ours."""
    opening, high, low, close = (prices[name] for name in ("open", "high", "low", "close"))

    def aroon() -> tuple[F64, F64, F64]:
        down, up = talib.AROON(high, low, 14)
        return up, down, talib.AROONOSC(high, low, 14)

    return {
        "natr": lambda: talib.NATR(high, low, close, 14),
        "mass_index": lambda: talib.MASSI(high, low, 9, 25),
        "aroon": aroon,
        "vortex": lambda: talib.VORTEX(high, low, close, 14),
        "heikin_ashi": lambda: talib.HA(opening, high, low, close),
        "correlation": lambda: talib.CORREL(close, opening, 20),
        "beta": lambda: talib.BETA(opening, close, 20),
    }


if __name__ == "__main__":
    main(makers)
