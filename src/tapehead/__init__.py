"""Tapehead tests trading ideas on the whole market at once.

Public names are handed out when they are first asked for (PEP 562), so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Bars": "tapehead.model.bars",
    "Rules": "tapehead.model.rules",
    "Signals": "tapehead.model.signals",
    "adx": "tapehead.indicators.adx",
    "atr": "tapehead.indicators.atr",
    "bar_strategy": "tapehead.strategies.bar_strategy",
    "bollinger": "tapehead.indicators.bollinger",
    "connect": "tapehead.library.remote.store",
    "connect_async": "tapehead.library.remote.store_async",
    "crossed_above": "tapehead.indicators.crossed",
    "crossed_below": "tapehead.indicators.crossed",
    "donchian": "tapehead.indicators.donchian",
    "ema": "tapehead.indicators.ema",
    "keltner": "tapehead.indicators.keltner",
    "macd": "tapehead.indicators.macd",
    "obv": "tapehead.indicators.obv",
    "open": "tapehead.library.store",
    "param": "tapehead.strategies.strategy",
    "roc": "tapehead.indicators.roc",
    "rsi": "tapehead.indicators.rsi",
    "rsi_simple": "tapehead.indicators.rsi_simple",
    "simulate": "tapehead.library.simulate",
    "sma": "tapehead.indicators.sma",
    "std": "tapehead.indicators.std",
    "stochastic": "tapehead.indicators.stochastic",
    "state": "tapehead.strategies.bar_strategy",
    "strategy": "tapehead.strategies.strategy",
    "supertrend": "tapehead.indicators.supertrend",
    "trade_profits": "tapehead.library.profits",
    "true_range": "tapehead.indicators.true_range",
    "volatility": "tapehead.indicators.volatility",
    "vwap": "tapehead.indicators.vwap",
    "vwap_rolling": "tapehead.indicators.vwap",
    "wma": "tapehead.indicators.wma",
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
