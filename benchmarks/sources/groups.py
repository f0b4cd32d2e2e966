"""Groups of what the sources publish, each a run of its own."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.asked import Asked
from benchmarks.beside import BesideReport
from benchmarks.sources import bulk, cache, growth, layers, listing, mix, phases

THEIRS = ("source 000", "source 001", "source 003", "source 004")
GROUPS: dict[str, Callable[[Asked, Callable[[str], None]], BesideReport]] = {
    "P1": phases.measure,
    "P1-year": phases.measure_year,
    "P2": cache.measure,
    "P3": phases.resources,
    "P4": listing.measure,
    "P6": bulk.measure,
    "P6-results": bulk.results,
    "P6-trades": bulk.trades,
    "P12": mix.measure,
    "layers": layers.measure,
    "growth": growth.measure,
}


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Measure the group that was asked for."""
    return GROUPS[asked.group](asked, say)
