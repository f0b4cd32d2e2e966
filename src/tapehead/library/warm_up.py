"""warm_up_of_sets: how many bars before the start the sets of a sweep want, the most demanding of them."""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Final

import numpy as np

from tapehead.jobs.ask import ask_warm_up
from tapehead.jobs.search.choose import sets_of
from tapehead.jobs.search.draw import draw
from tapehead.jobs.search.searcher import I64
from tapehead.model.grid import MOST_SETS, Grid
from tapehead.model.space import I32, STRATEGY, Space
from tapehead.model.spec import RunSpec
from tapehead.strategies.strategy import Strategy, has_own_needs, has_own_warm_up, instance
from tapehead.wiring.plugins import Loaded

MOST_ASKED: Final = 2_000
"""Sets of one strategy up to which each is asked, some 20 us each."""
_MOST_AXES: Final = 4


def warm_up_of_sets(spec: RunSpec, loaded: Sequence[Loaded]) -> int:
    """Return the largest warm-up of the sets that a sweep scores; where a search decides as it goes, that it may.

    Raises
    ------
    StrategyError
        A strategy fails to say it.
    ParameterError
        It says what is no number of bars, or the grid is too large for its search, or its constraint leaves nothing.
    """
    space = Space.of(spec)
    if spec.search != "bayes":
        return largest_warm_up(loaded, sets_of(spec, space))
    return largest_warm_up(
        loaded, Grid.every(space) if space.size <= MOST_SETS else sample(space, spec.budget or 1, spec.seed)
    )


def largest_warm_up(loaded: Sequence[Loaded], grid: Grid) -> int:
    """Return the largest warm-up of the sets of a grid.

    Where the warm-up is 5 times the largest parameter, only sets that are largest by one axis after another, in every
    order, are asked. Of more than 2,000 sets of a strategy with a `warm()` of its own: these, that with the largest sum
    of places, and 2,000 spread evenly over all. A warm-up that grows with each parameter is found, any other nearly.

    Raises
    ------
    StrategyError, ParameterError
        A strategy fails to say it, or says what is none.
    """
    found = 0
    for part, one in zip(grid.space.parts, loaded, strict=True):
        rows = np.flatnonzero((grid.points >= part.first) & (grid.points < part.first + part.size))
        places = grid.places[rows][:, part.columns]
        if not has_own_warm_up(one.made):
            chosen = rows[list(_largest(places))]
        else:
            chosen = rows if len(rows) <= MOST_ASKED else rows[_demanding(places)]
        for number in chosen.tolist():
            values = {name: value for name, value in grid.parameters(number).items() if name != STRATEGY}
            found = max(found, ask_warm_up(instance(one.made, values), one.origin))
    return found


def demanding_sets(loaded: Sequence[Loaded], grid: Grid) -> Iterator[tuple[Strategy, str]]:
    """Yield sets of the strategies that read other series, with their origins: for each choice of words, the largest.

    Words name intervals and instruments; numbers say how many bars of them are wanted.
    """
    for part, one in zip(grid.space.parts, loaded, strict=True):
        if not has_own_needs(one.made):
            continue
        rows = np.flatnonzero((grid.points >= part.first) & (grid.points < part.first + part.size))
        columns = list(part.columns)
        words = [k for k, axis in enumerate(part.axes) if isinstance(axis.values[0], str)]
        places = grid.places[rows][:, columns]
        groups = np.unique(places[:, words], axis=0, return_inverse=True)[1].ravel() if words else np.zeros(len(rows))
        for group in np.unique(groups).tolist():
            inside = rows[groups == group]
            for number in inside[list(_largest(grid.places[inside][:, columns]))].tolist():
                values = {name: value for name, value in grid.parameters(number).items() if name != STRATEGY}
                yield instance(one.made, values), one.origin


def sample(space: Space, budget: int, seed: int) -> Grid:
    """Return sets to ask where those that will be scored are not known yet: the largest, and some that are drawn."""
    ends = np.array([part.first + part.size - 1 for part in space.parts], np.int64)
    return Grid(space, np.unique(np.concatenate([ends[space.keeps(ends)], draw(space, budget, seed)])))


def _demanding(places: I32) -> I64:
    """Return the rows that are likely to want most, and others spread over all."""
    spread = np.linspace(0, len(places) - 1, MOST_ASKED).astype(np.int64)
    return np.unique([*spread.tolist(), *_largest(places), int(places.sum(axis=1).argmax())])


def _largest(places: I32) -> Iterator[int]:
    """Yield the row that is largest by one axis, among those by the next, and so on, for every order of the axes."""
    axes = range(places.shape[1])
    orders = permutations(axes) if len(axes) <= _MOST_AXES else [[*axes[k:], *axes[:k]] for k in axes]
    for order in orders if len(places) else ():
        left = np.arange(len(places))
        for axis in order:
            column = places[left, axis]
            left = left[column == column.max()]
        yield int(left[0])
