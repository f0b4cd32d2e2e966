"""The catalogue: what each indicator takes, gives and needs, as a table that loads no arrays."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tapehead.indicators.entries.averages import AVERAGES
from tapehead.indicators.entries.momentum import MOMENTUM
from tapehead.indicators.entries.ranges import RANGES
from tapehead.indicators.entries.statistics import STATISTICS
from tapehead.indicators.entries.trends import TRENDS
from tapehead.indicators.entries.volume import VOLUME
from tapehead.indicators.entry import Compared, Indicator, Parameter

__all__ = ["INDICATORS", "Compared", "Indicator", "Parameter", "function_of"]

INDICATORS: tuple[Indicator, ...] = tuple(
    sorted((*AVERAGES, *MOMENTUM, *RANGES, *STATISTICS, *TRENDS, *VOLUME), key=lambda one: one.name)
)
"""Every indicator, by name."""


def function_of(indicator: Indicator) -> Callable[..., Any]:
    """Return the function that an entry speaks of."""
    found: Callable[..., Any] = getattr(import_module(indicator.home), indicator.name.rpartition(".")[2])
    return found
