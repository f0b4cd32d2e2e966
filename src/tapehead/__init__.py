"""Tapehead tests trading ideas on the whole market at once.

Public names are handed out when they are first asked for (PEP 562), so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Bars": "tapehead.model.bars",
    "CachePolicy": "tapehead.model.cache_policy",
    "Need": "tapehead.model.need",
    "Rules": "tapehead.model.rules",
    "Signals": "tapehead.model.signals",
    "TimeSlotCache": "tapehead.library.time_slot_cache",
    "ad": "tapehead.indicators.ad",
    "adosc": "tapehead.indicators.adosc",
    "adx": "tapehead.indicators.adx",
    "alma": "tapehead.indicators.alma",
    "aroon": "tapehead.indicators.aroon",
    "atr": "tapehead.indicators.atr",
    "awesome_oscillator": "tapehead.indicators.awesome_oscillator",
    "bar_strategy": "tapehead.strategies.bar_strategy",
    "beta": "tapehead.indicators.beta",
    "bollinger": "tapehead.indicators.bollinger",
    "bop": "tapehead.indicators.bop",
    "cached": "tapehead.library.cached",
    "cci": "tapehead.indicators.cci",
    "chande_kroll": "tapehead.indicators.chande_kroll",
    "chandelier": "tapehead.indicators.chandelier",
    "choppiness": "tapehead.indicators.choppiness",
    "cmf": "tapehead.indicators.cmf",
    "cmo": "tapehead.indicators.cmo",
    "compute": "tapehead.library.compute",
    "connect": "tapehead.library.remote.store",
    "connect_async": "tapehead.library.remote.store_async",
    "connors_rsi": "tapehead.indicators.connors_rsi",
    "coppock": "tapehead.indicators.coppock",
    "correlation": "tapehead.indicators.correlation",
    "crossed_above": "tapehead.indicators.crossed",
    "crossed_below": "tapehead.indicators.crossed",
    "dema": "tapehead.indicators.dema",
    "donchian": "tapehead.indicators.donchian",
    "dpo": "tapehead.indicators.dpo",
    "ease_of_movement": "tapehead.indicators.ease_of_movement",
    "efficiency_ratio": "tapehead.indicators.efficiency_ratio",
    "elder_ray": "tapehead.indicators.elder_ray",
    "ema": "tapehead.indicators.ema",
    "fisher": "tapehead.indicators.fisher",
    "force_index": "tapehead.indicators.force_index",
    "heikin_ashi": "tapehead.indicators.heikin_ashi",
    "hma": "tapehead.indicators.hma",
    "ichimoku": "tapehead.indicators.ichimoku",
    "kama": "tapehead.indicators.kama",
    "keltner": "tapehead.indicators.keltner",
    "kst": "tapehead.indicators.kst",
    "linear_regression": "tapehead.indicators.linear_regression",
    "macd": "tapehead.indicators.macd",
    "mass_index": "tapehead.indicators.mass_index",
    "mfi": "tapehead.indicators.mfi",
    "midpoint": "tapehead.indicators.midpoint",
    "mom": "tapehead.indicators.mom",
    "natr": "tapehead.indicators.natr",
    "nvi": "tapehead.indicators.nvi",
    "obv": "tapehead.indicators.obv",
    "open": "tapehead.library.store",
    "open_cache": "tapehead.library.cache",
    "param": "tapehead.strategies.strategy",
    "percent_rank": "tapehead.indicators.percent_rank",
    "pivots": "tapehead.indicators.pivots",
    "ppo": "tapehead.indicators.ppo",
    "psar": "tapehead.indicators.psar",
    "pvi": "tapehead.indicators.pvi",
    "pvo": "tapehead.indicators.pvo",
    "pvt": "tapehead.indicators.pvt",
    "rma": "tapehead.indicators.rma",
    "roc": "tapehead.indicators.roc",
    "rsi": "tapehead.indicators.rsi",
    "rsi_simple": "tapehead.indicators.rsi_simple",
    "simulate": "tapehead.library.simulate",
    "sma": "tapehead.indicators.sma",
    "state": "tapehead.strategies.bar_strategy",
    "std": "tapehead.indicators.std",
    "stoch_rsi": "tapehead.indicators.stoch_rsi",
    "stochastic": "tapehead.indicators.stochastic",
    "strategy": "tapehead.strategies.strategy",
    "supertrend": "tapehead.indicators.supertrend",
    "t3": "tapehead.indicators.t3",
    "tema": "tapehead.indicators.tema",
    "trade_profits": "tapehead.library.profits",
    "trima": "tapehead.indicators.trima",
    "trix": "tapehead.indicators.trix",
    "true_range": "tapehead.indicators.true_range",
    "tsi": "tapehead.indicators.tsi",
    "ulcer_index": "tapehead.indicators.ulcer_index",
    "ultimate_oscillator": "tapehead.indicators.ultimate_oscillator",
    "vhf": "tapehead.indicators.vhf",
    "volatility": "tapehead.indicators.volatility",
    "vortex": "tapehead.indicators.vortex",
    "vwap": "tapehead.indicators.vwap",
    "vwap_rolling": "tapehead.indicators.vwap",
    "vwma": "tapehead.indicators.vwma",
    "williams_r": "tapehead.indicators.williams_r",
    "wma": "tapehead.indicators.wma",
    "z_score": "tapehead.indicators.z_score",
    "zlema": "tapehead.indicators.zlema",
}
__all__ = ["__version__", "errors", *_HOMES]  # noqa: PLE0604 - names of the table above


def __getattr__(name: str) -> Any:
    """Load a public name at its first use."""
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name == "errors":
        value = import_module("tapehead.errors")
    elif name == "__version__":
        from importlib.metadata import version

        value = version("tapehead")
    else:
        raise AttributeError(f"module 'tapehead' has no attribute '{name}'; it has: {', '.join(sorted(_HOMES))}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
