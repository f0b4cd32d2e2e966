"""cells_page: the cells of a sweep by a metric, best first, a page of them at a time."""

import json
from collections.abc import Iterator
from heapq import nsmallest
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np

from tapehead.errors import ParameterError
from tapehead.layout.cells import CELL_METRICS
from tapehead.model.result import RunId, RunResult
from tapehead.model.space import Space
from tapehead.ports.runs import Page, RunStore, TilePart

BY_NAME: Final = "instrument"
_PAGES: Final = 8
"""Pages of places held before the last of them are let go."""


class _Place(NamedTuple):
    """What cells are ordered by, and where one is kept."""

    unknown: int
    value: float
    instrument: str
    lo: int
    at: int


def cells_page(
    runs: RunStore, run: RunId, space: Space, *, sort: str, cursor: bytes | None = None, limit: int | None = None
) -> Page[RunResult]:
    """Return cells by a metric, best first, undefined last, then by instrument and by the walk over the sets.

    Parameters
    ----------
    sort : str
        A metric that cells have, or `instrument` (rising).
    cursor : bytes, optional
        That of the page before; cells that came meanwhile shift none.
    limit : int, optional
        Cells of the page; all of them without.

    Raises
    ------
    ParameterError
        Cells have no such metric.

    Notes
    -----
    Reads one column of every tile, and whole tiles one at a time. Memory: the page, and the places of 8 pages.
    """
    if sort != BY_NAME and sort not in CELL_METRICS:
        raise ParameterError(name="sort", value=sort, bound=f"{BY_NAME} or one of {', '.join(CELL_METRICS)}")
    last = None if cursor is None else _Place(*json.loads(cursor))
    wanted = None if limit is None else limit + 1
    held: list[_Place] = []
    bound: _Place | None = None
    for part in runs.tiles(run, () if sort == BY_NAME else (f"values.{sort}",)):
        held += (place for place in _places(part, sort, bound) if last is None or place > last)
        if wanted is not None and len(held) > _PAGES * wanted:
            held = nsmallest(wanted, held)
            bound = held[-1]
    found = sorted(held)[:wanted]
    page = found[:limit]
    more = json.dumps(page[-1]).encode() if len(found) > len(page) else None
    return Page(_results(runs, run, space, page), more)


def _places(part: TilePart, sort: str, bound: _Place | None) -> Iterator[_Place]:
    """Yield the cells of a tile that can still stand on the page."""
    values = np.zeros(part.cells) if sort == BY_NAME or not part.cells else part.columns[f"values.{sort}"]
    known = np.isfinite(values)
    ranks = np.where(known, -values, 0.0)
    inside = np.ones(part.cells, np.bool_)
    if bound is not None:
        inside = known & (ranks <= bound.value) if not bound.unknown else inside
    for at in np.flatnonzero(inside).tolist():
        yield _Place(int(not known[at]), float(ranks[at]), part.instrument, part.lo, at)


def _results(runs: RunStore, run: RunId, space: Space, page: list[_Place]) -> list[RunResult]:
    """Return the cells at some places in their order; each tile is read once."""
    found: dict[_Place, RunResult] = {}
    by_tile = itemgetter(2, 3)
    for (instrument, lo), places in groupby(sorted(page, key=by_tile), by_tile):
        tile = runs.tile(run, instrument, lo)
        if tile is not None:
            for place in places:
                found[place] = tile.result(place.at, space.parameters(int(tile.points[place.at])))
    return [found[place] for place in page if place in found]
