"""RaptorBT's compiled indicators, those that are defined as ours are.

Its MACD, ATR and Supertrend begin otherwise, which fades only after some hundred bars, and it has no %K to compare.
"""

from __future__ import annotations

import raptorbt

from benchmarks.lines import F64
from benchmarks.peers.lines import Makers, main


def makers(prices: dict[str, F64]) -> Makers:
    """One call each."""
    high, low, close, volume = (prices[name] for name in ("high", "low", "close", "volume"))
    return {
        "sma": lambda: raptorbt.sma(close, 20),
        "ema": lambda: raptorbt.ema(close, 20),
        "rsi": lambda: raptorbt.rsi(close, 14),
        "bollinger": lambda: raptorbt.bollinger_bands(close, 20, 2.0),
        "donchian": lambda: _channel(high, low),
        "vwap": lambda: raptorbt.vwap(high, low, close, volume),
    }


def _channel(high: F64, low: F64) -> tuple[F64, F64, F64]:
    """Highest high, the middle, lowest low."""
    upper, lower = raptorbt.rolling_max(high, 20), raptorbt.rolling_min(low, 20)
    return upper, (upper + lower) / 2, lower


if __name__ == "__main__":
    main(makers)
