"""tiles: a sweep cut into tasks of one instrument and some near sets, 50 to 100 ms each."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.plan import Item
from tapehead.ports.work import Task

I64 = NDArray[np.int64]
BARS: Final = 8_000_000
"""Bars by sets of one tile."""
MOST_SETS: Final = 2_048
"""Of one tile, whatever the bars: its columns are 0.7 kB a set."""


def tile_tasks(
    run: str, items: Sequence[Item], points: I64, first: int, done: Collection[tuple[str, int]], size: int | None = None
) -> Iterator[Task]:
    """Yield the tasks of some sets on some instruments, in the order of the instruments.

    Parameters
    ----------
    points : int64 array, shape (n_sets,)
        Sets by their numbers in the space, near ones next to each other.
    first : int
        Place of the first of them in the run's walk.
    done : collection of (str, int)
        Instruments and first places of tiles that are there already.
    size : int, optional
        Sets of a tile; by default as many as the bars allow, which does not depend on the machine: a run that goes on
        elsewhere finds the same tiles.
    """
    data = points.astype("<i8", copy=False)
    for item in items:
        step = size or tile_size(item)
        for lo in range(0, data.shape[0], step):
            part = data[lo : lo + step]
            if (item.instrument.name, first + lo) not in done:
                yield Task(run, item.series, first + lo, first + lo + part.shape[0], part.tobytes())


def tile_size(item: Item) -> int:
    """Return how many sets a tile of an instrument has."""
    rows = sum(ref.rows for ref in item.refs)
    return max(1, min(MOST_SETS, BARS // max(rows, 1)))


def count_tiles(items: Sequence[Item], sets: int, size: int | None = None) -> int:
    """Return in how many tiles so many sets on each of some instruments come."""
    return sum(-(-sets // (size or tile_size(item))) for item in items)
