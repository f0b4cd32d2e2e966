"""Lines: the indicators of W7, what each is given, what it must give, and what an error of it is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
PRICES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator at its usual periods.

    Attributes
    ----------
    names : tuple of str
        The lines that belong to its outputs, one contiguous float64 array each.
    against : str
        What an error is a share of: `itself`, the value, or the price where the value is 0; `price`, the close, for
        what may cross 0; `hundred`, for what runs from 0 to 100 or is a percentage; `volume`, all that was traded
        from the first bar on.
    """

    names: tuple[str, ...]
    against: str = "itself"


BANDS = ("upper", "middle", "lower")
LINES = {
    "sma": Line(("sma 20",)),
    "ema": Line(("ema 20",)),
    "wma": Line(("wma 20",)),
    "rsi": Line(("rsi 14",), "hundred"),
    "rsi_simple": Line(("rsi_simple 14",), "hundred"),
    "macd": Line(("line", "signal", "histogram"), "price"),
    "bollinger": Line(BANDS, "price"),
    "std": Line(("std 20",)),
    "volatility": Line(("volatility 20",)),
    "roc": Line(("roc 10",), "hundred"),
    "true_range": Line(("true_range",)),
    "atr": Line(("atr 14",)),
    "adx": Line(("adx", "plus_di", "minus_di"), "hundred"),
    "donchian": Line(BANDS),
    "keltner": Line(BANDS, "price"),
    "stochastic": Line(("fast", "k", "d"), "hundred"),
    "supertrend": Line(("line", "rising"), "price"),
    "obv": Line(("obv",), "volume"),
    "vwap": Line(("vwap",)),
    "vwap_rolling": Line(("vwap_rolling 20",)),
}


def load(folder: Path) -> dict[str, F64]:
    """Read the price columns that were handed over, by name; nobody may write to them."""
    held = {name: np.load(folder / f"{name}.npy") for name in PRICES}
    for values in held.values():
        values.flags.writeable = False
    return held


def sizes(against: str, truth: F64, prices: dict[str, F64]) -> F64:
    """What each error is a share of, by bar, for the lines of one indicator, shape (n_lines, n_bars)."""
    if against == "hundred":
        return np.full_like(truth, 100.0)
    if against == "price":
        return np.broadcast_to(prices["close"], truth.shape)
    if against == "volume":
        return np.broadcast_to(np.cumsum(prices["volume"]), truth.shape)
    return np.where(truth == 0.0, prices["close"], np.abs(truth))
