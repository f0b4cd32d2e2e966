"""Tapehead's indicators on one instrument, through its public Python door; no memo, so that nothing is remembered."""

from __future__ import annotations

from typing import Any

import tapehead as th
from benchmarks.exact import COLUMNS
from benchmarks.lines import F64, LINES
from benchmarks.peers.lines import Makers, main
from tapehead.indicators.catalogue import INDICATORS


def makers(prices: dict[str, F64]) -> Makers:
    """Each indicator of the catalogue at its defaults; columns are as bars hold them, so that none is copied."""
    inputs = {one.name: [prices[COLUMNS.get(name, name)] for name in one.inputs] for one in INDICATORS}
    missing = set(inputs) ^ set(LINES)
    if missing:
        raise ValueError(f"W7 and the catalogue are not of one mind about {', '.join(sorted(missing))}")
    return {name: _bound(getattr(th, name), inputs[name]) for name in LINES}


def _bound(indicator: Any, columns: list[F64]) -> Any:
    """The call that is timed."""
    return lambda: indicator(*columns)


if __name__ == "__main__":
    main(makers)
