"""tiles: a sweep cut into tasks of one instrument and some near sets, 50 to 100 ms each."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.plan import Item
from tapehead.model.tile import Tile
from tapehead.ports.work import Task

I64 = NDArray[np.int64]
Span = tuple[int, int]
"""Places [lo, hi) of a run's walk over its sets."""
BARS: Final = 8_000_000
"""Bars by sets of one tile."""
FIRST_BARS: Final = 32_768
"""Of the first tiles of a strategy that may be plain Python, some 10 us a bar."""
AIM_US: Final = 75_000.0
"""What a tile of it should take."""
MOST_SETS: Final = 2_048
"""Of one tile, whatever the bars: its columns are 0.7 kB a set."""


class Pace:
    """How many sets stand in a tile.

    Parameters
    ----------
    measured : bool
        The strategy is not known to be compiled: its first tiles are small, and those after as large as 75 ms allow by
        what the last one took. Else a tile is 8,000,000 bars times sets, some 75 ms of kernels.
    sets : int, optional
        As many in every tile.
    """

    def __init__(self, *, measured: bool = False, sets: int | None = None) -> None:
        self._measured, self._sets = measured, sets
        self._bars = FIRST_BARS if measured else BARS

    def sets(self, item: Item) -> int:
        """Return how many sets the next tile of an instrument has."""
        if self._sets is not None:
            return self._sets
        rows = sum(ref.rows for ref in item.refs)
        return max(1, min(MOST_SETS, self._bars // max(rows, 1)))

    def took(self, tile: Tile) -> None:
        """Learn from a tile that is there."""
        if self._measured and tile.elapsed_us > 0 and tile.bars:
            work = tile.bars * (tile.hi - tile.lo)
            self._bars = min(BARS, int(work * AIM_US / tile.elapsed_us))


def tile_tasks(
    run: str, items: Sequence[Item], points: I64, first: int, done: Mapping[str, Collection[Span]], pace: Pace
) -> Iterator[Task]:
    """Yield the tasks of some sets on some instruments, in the order of the instruments.

    Parameters
    ----------
    points : int64 array, shape (n_sets,)
        Sets by their numbers in the space, near ones next to each other.
    first : int
        Place of the first of them in the run's walk.
    done : mapping
        By instrument what is there already, however it was cut; what lies between is cut anew.
    pace : Pace
        Asked before each tile.
    """
    data = points.astype("<i8", copy=False)
    for item in items:
        for lo, hi in gaps(first, first + data.shape[0], done.get(item.instrument.name, ())):
            at = lo
            while at < hi:
                upto = min(at + pace.sets(item), hi)
                yield Task(run, item.series, at, upto, data[at - first : upto - first].tobytes())
                at = upto


def gaps(lo: int, hi: int, spans: Iterable[Span]) -> Iterator[Span]:
    """Yield what of [lo, hi) none of the spans covers."""
    for first, end in sorted(spans):
        if lo < min(first, hi):
            yield lo, min(first, hi)
        lo = max(lo, end)
    if lo < hi:
        yield lo, hi


def count_tiles(items: Sequence[Item], sets: int, pace: Pace) -> int:
    """Return in how many tiles so many sets on each of some instruments come, as far as that is known beforehand."""
    return sum(-(-sets // pace.sets(item)) for item in items)
