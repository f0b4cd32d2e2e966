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
        from the first bar on; `largest`, the largest value of the line, for what crosses 0 in a unit of its own.
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
    "dema": Line(("dema",)),
    "tema": Line(("tema",)),
    "trima": Line(("trima",)),
    "kama": Line(("kama",)),
    "efficiency_ratio": Line(("efficiency_ratio",)),
    "hma": Line(("hma",)),
    "t3": Line(("t3",)),
    "zlema": Line(("zlema",)),
    "alma": Line(("alma",)),
    "vwma": Line(("vwma",)),
    "rma": Line(("rma",)),
    "midpoint": Line(("midpoint",)),
    "linear_regression": Line(("value", "slope", "r2"), "price"),
    "cci": Line(("cci",), "hundred"),
    "williams_r": Line(("williams_r",), "hundred"),
    "stoch_rsi": Line(("k", "d"), "hundred"),
    "mfi": Line(("mfi",), "hundred"),
    "cmo": Line(("cmo",), "hundred"),
    "mom": Line(("mom",), "price"),
    "ppo": Line(("line", "signal", "histogram"), "hundred"),
    "pvo": Line(("line", "signal", "histogram"), "hundred"),
    "trix": Line(("line", "signal"), "hundred"),
    "tsi": Line(("line", "signal"), "hundred"),
    "ultimate_oscillator": Line(("ultimate_oscillator",), "hundred"),
    "awesome_oscillator": Line(("awesome_oscillator",), "price"),
    "aroon": Line(("up", "down", "oscillator"), "hundred"),
    "dpo": Line(("dpo",), "price"),
    "vortex": Line(("plus", "minus")),
    "choppiness": Line(("choppiness",), "hundred"),
    "mass_index": Line(("mass_index",)),
    "coppock": Line(("coppock",), "hundred"),
    "kst": Line(("line", "signal"), "hundred"),
    "connors_rsi": Line(("connors_rsi",), "hundred"),
    "fisher": Line(("line", "signal"), "largest"),
    "elder_ray": Line(("bull", "bear"), "price"),
    "bop": Line(("bop",), "largest"),
    "ad": Line(("ad",), "volume"),
    "adosc": Line(("adosc",), "volume"),
    "cmf": Line(("cmf",), "largest"),
    "force_index": Line(("force_index",), "largest"),
    "ease_of_movement": Line(("ease_of_movement",), "largest"),
    "pvt": Line(("pvt",), "volume"),
    "nvi": Line(("nvi",)),
    "pvi": Line(("pvi",)),
    "natr": Line(("natr",)),
    "ulcer_index": Line(("ulcer_index",), "hundred"),
    "z_score": Line(("z_score",), "largest"),
    "correlation": Line(("correlation",), "largest"),
    "beta": Line(("beta",), "largest"),
    "psar": Line(("line", "rising"), "price"),
    "ichimoku": Line(("conversion", "base", "span_a", "span_b")),
    "heikin_ashi": Line(("open", "high", "low", "close")),
    "chande_kroll": Line(("long", "short"), "price"),
    "chandelier": Line(("long", "short"), "price"),
    "percent_rank": Line(("percent_rank",), "hundred"),
    "vhf": Line(("vhf",)),
    "pivots": Line(("pivot", "r1", "s1", "r2", "s2", "r3", "s3"), "price"),
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
    if against == "largest":
        return np.broadcast_to(np.nanmax(np.abs(truth), axis=1, initial=0.0, keepdims=True), truth.shape)
    return np.where(truth == 0.0, prices["close"], np.abs(truth))
