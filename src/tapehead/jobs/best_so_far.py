"""BestSoFar: the set that leads a sweep while it goes on."""

import time
from typing import Any, Final

import numpy as np

from tapehead.metrics.surface import over_instruments
from tapehead.model.bars import F64, I64
from tapehead.model.space import Space

MOST_SETS: Final = 100_000
MOST_CELLS: Final = 4_000_000
"""Of a sweep that is looked at while it goes on: 16 MB."""
_EVERY_S: Final = 1.0
_SHARE: Final = 30.0
"""A look takes at most one part in so many of the time."""


class BestSoFar:
    """The objective of every cell so far, and which set has the greatest median.

    Sets are compared that were tried on as many instruments as any. Nobody is told of a sweep of more than 100,000 sets
    or 4,000,000 cells.

    Parameters
    ----------
    space : Space
    sets, instruments : int
        How many there are at most.
    """

    def __init__(self, space: Space, sets: int, instruments: int) -> None:
        self._space = space
        told = sets <= MOST_SETS and sets * instruments <= MOST_CELLS
        self._table = np.full((sets, instruments), np.nan, np.float32) if told else None
        self._rows: dict[int, int] = {}
        self._columns: dict[str, int] = {}
        self._tried = np.zeros(sets if told else 0, np.int64)
        self._due = 0.0

    def take(self, instrument: str, points: I64, objective: F64) -> None:
        """Note the cells of a tile."""
        if self._table is None:
            return
        rows = [self._rows.setdefault(point, len(self._rows)) for point in points.tolist()]
        self._table[rows, self._columns.setdefault(instrument, len(self._columns))] = objective
        self._tried[rows] += 1

    def told(self) -> dict[str, Any] | None:
        """Return its parameters, median and number of instruments; None where there is none, or the last look is new.

        The look takes longer the more cells there are, and comes the more seldom.
        """
        began = time.perf_counter()
        if self._table is None or not self._rows or began < self._due:
            return None
        tried = self._tried[: len(self._rows)]
        chosen = np.flatnonzero(tried == tried.max())
        cells = self._table[chosen, : len(self._columns)].astype(np.float64)
        median = over_instruments(cells, cells, np.zeros(cells.shape[1])).median
        took = time.perf_counter() - began
        self._due = began + max(_EVERY_S, _SHARE * took)
        if not np.isfinite(median).any():
            return None
        at = int(np.nanargmax(median))
        point = list(self._rows)[int(chosen[at])]
        return {
            "parameters": self._space.parameters(point),
            "median": round(float(median[at]), 6),
            "instruments": int(tried.max()),
        }
