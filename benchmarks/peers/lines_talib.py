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


if __name__ == "__main__":
    main(makers)
