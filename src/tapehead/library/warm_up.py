"""largest_warm_up: how many bars before the start the sets of a sweep want, the most demanding of them."""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Final

import numpy as np

from tapehead.jobs.search.draw import draw
from tapehead.jobs.search.searcher import I64
from tapehead.jobs.task import ask_warm_up
from tapehead.model.grid import Grid
from tapehead.model.space import I32, STRATEGY, Space
from tapehead.strategies.strategy import instance
from tapehead.wiring.plugins import Loaded

MOST_ASKED: Final = 10_000
"""Sets of one strategy up to which each is asked, some 5 us each."""
_MOST_AXES: Final = 4


def largest_warm_up(loaded: Sequence[Loaded], grid: Grid) -> int:
    """Return the largest warm-up of the sets of a grid.

    Of more than 10,000 sets of a strategy those are asked that are largest by one axis after another, in every order,
    or by the sum of all, and 10,000 others spread evenly over them: a warm-up that grows with each of its parameters
    is found exactly, and any other nearly.

    Raises
    ------
    StrategyError, ParameterError
        A strategy fails to say it, or says what is none.
    """
    found = 0
    for part, one in zip(grid.space.parts, loaded, strict=True):
        rows = np.flatnonzero((grid.points >= part.first) & (grid.points < part.first + part.size))
        chosen = rows if len(rows) <= MOST_ASKED else _demanding(grid.places[rows][:, part.columns], rows)
        for number in chosen.tolist():
            values = {name: value for name, value in grid.parameters(number).items() if name != STRATEGY}
            found = max(found, ask_warm_up(instance(one.made, values), one.origin))
    return found


def sample(space: Space, budget: int, seed: int) -> Grid:
    """Return sets to ask where those that will be scored are not known yet: the largest, and some that are drawn."""
    ends = np.array([part.first + part.size - 1 for part in space.parts], np.int64)
    return Grid(space, np.unique(np.concatenate([ends[space.keeps(ends)], draw(space, budget, seed)])))


def _demanding(places: I32, rows: I64) -> I64:
    """Return the rows that are likely to want most, and others spread over all."""
    spread = np.linspace(0, len(rows) - 1, MOST_ASKED).astype(np.int64)
    chosen = [*_largest(places), int(places.sum(axis=1).argmax())]
    asked: I64 = rows[np.unique(np.concatenate([spread, np.array(chosen, np.int64)]))]
    return asked


def _largest(places: I32) -> Iterator[int]:
    """Yield the row that is largest by one axis, among those by the next, and so on, for every order of the axes."""
    axes = range(places.shape[1])
    orders = permutations(axes) if len(axes) <= _MOST_AXES else [[*axes[k:], *axes[:k]] for k in axes]
    for order in orders:
        left = np.arange(len(places))
        for axis in order:
            column = places[left, axis]
            left = left[column == column.max()]
        yield int(left[0])
