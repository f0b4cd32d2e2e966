"""surface_of: what the sets of a sweep are worth over all instruments, from its kept tiles."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.metrics.surface import Rows, Surface, over_instruments, surface
from tapehead.model.grid import Grid
from tapehead.model.result import RunId
from tapehead.ports.runs import RunStore

F64 = NDArray[np.float64]
_CELLS: Final = 2_000_000
"""Values of a metric held at a time."""
_RETURN: Final = "total_return"
_HOLDING: Final = "buy_and_hold_return"
"""The same of every cell of an instrument."""


def surface_of(runs: RunStore, run: RunId, grid: Grid, instruments: Sequence[str], objective: str) -> Surface:
    """Return the surface of what is kept of a sweep; sets that nothing is kept of have no value.

    Notes
    -----
    Memory: 2 x 16 MB, a few numbers a set, and its neighbours. Sweeps of more cells are read several times.
    """
    pieces = list(grid.neighbours())
    ends = np.cumsum([0, *(int(each.offsets[-1]) for each in pieces)])
    offsets = [each.offsets[1:] + end for each, end in zip(pieces, ends, strict=False)]
    indptr = np.concatenate([np.zeros(1, np.int64), *offsets])
    indices = np.concatenate([np.zeros(0, np.int64), *(each.numbers for each in pieces)])
    return surface(_rows(runs, run, grid, instruments, objective), indptr, indices)


def _rows(runs: RunStore, run: RunId, grid: Grid, instruments: Sequence[str], objective: str) -> Iterator[Rows]:
    """Yield what blocks of sets are worth."""
    step = max(1, _CELLS // max(len(instruments), 1))
    holding = np.full(len(instruments), np.nan)
    for place, name in enumerate(instruments):
        part = next((one for one in runs.tiles(run, (f"values.{_HOLDING}",), name) if one.cells), None)
        if part is not None:
            holding[place] = part.columns[f"values.{_HOLDING}"][0]
    for lo in range(0, len(grid), step):
        values = values_of(runs, run, grid, instruments, (objective, _RETURN), lo, lo + step)
        yield over_instruments(values[0], values[1], holding)


def values_of(
    runs: RunStore,
    run: RunId,
    grid: Grid,
    instruments: Sequence[str],
    metrics: Sequence[str],
    lo: int = 0,
    hi: int | None = None,
) -> list[F64]:
    """Return metrics of the sets [lo, hi) of a grid, each of shape (n_sets, n_instruments); NaN where undefined."""
    points = grid.points[lo:hi]
    order = np.argsort(points, kind="stable")
    ordered = points[order]
    found = [np.full((points.shape[0], len(instruments)), np.nan) for _ in metrics]
    column = {name: place for place, name in enumerate(instruments)}
    for part in runs.tiles(run, ("points", *(f"values.{name}" for name in metrics))):
        if not part.cells or part.instrument not in column:
            continue
        own = part.columns["points"]
        at = np.minimum(np.searchsorted(ordered, own), ordered.shape[0] - 1)
        here = ordered[at] == own
        for table, name in zip(found, metrics, strict=True):
            table[order[at[here]], column[part.instrument]] = part.columns[f"values.{name}"][here]
    return found


def row_of(found: Surface, grid: Grid, number: int | None) -> dict[str, Any] | None:
    """Return what a set is worth as plain values; None of no set."""
    if number is None:
        return None
    rows = found.rows
    values = {"median": rows.median, "lower": rows.lower, "upper": rows.upper, "above_zero": rows.above_zero}
    values["above_holding"] = rows.above_holding
    values["neighbourhood"] = found.neighbourhood
    told = {name: _plain(column[number]) for name, column in values.items()}
    return {"parameters": grid.parameters(number), **told, "instruments": int(rows.count[number])}


def _plain(value: float) -> float | None:
    """Return a number that JSON can say."""
    return None if np.isnan(value) else float(value)
