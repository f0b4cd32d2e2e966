"""Grid: the sets of a sweep in their order, where each stands, and which are near it."""

from collections.abc import Iterator
from functools import cached_property
from itertools import combinations, product
from typing import Final, NamedTuple

import numpy as np

from tapehead.errors import ParameterError
from tapehead.model.axis import Value
from tapehead.model.space import I32, I64, Part, Space

MOST_SETS: Final = 1_000_000
"""Of one sweep."""
MOST_LOOKED_AT: Final = 16_000_000
"""Points that a constraint is tried on one by one, to list those it keeps."""
WIDEST: Final = 6
"""Axes up to which every diagonal leads to a neighbour; on more of them two axes step at a time."""
_CHUNK: Final = 1_000_000
_KEY_BITS: Final = 62


class Near(NamedTuple):
    """The neighbours of sets `lo` to `hi`: those of set lo + k are `numbers[offsets[k]:offsets[k + 1]]`, rising."""

    lo: int
    hi: int
    offsets: I64
    numbers: I64


class Grid:
    """Sets of a space, numbered from 0 in the order of `points`. Immutable.

    Parameters
    ----------
    space : Space
        Where the sets come from.
    points : int64 array, shape (n_sets,)
        The number of each in the space, no two alike.

    Attributes
    ----------
    places : int32 array, shape (n_sets, n_axes)
        Which value of each axis of the space a set takes; -1 where an axis is another strategy's.
    """

    def __init__(self, space: Space, points: I64) -> None:
        self.space, self.points = space, points

    def __len__(self) -> int:
        """Return the number of sets."""
        return len(self.points)

    @staticmethod
    def every(space: Space) -> "Grid":
        """Return all sets that the space's constraint keeps, in order.

        Raises
        ------
        ParameterError
            More than 1,000,000 are kept, or none; told without listing more than 16,000,000 points.
        """
        if space.size > (MOST_SETS if space.where is None else MOST_LOOKED_AT):
            raise _too_many(f"{space.size:,} sets")
        found: list[I64] = []
        count = 0
        for lo in range(0, space.size, _CHUNK):
            points = np.arange(lo, min(lo + _CHUNK, space.size))
            found.append(points if space.where is None else points[space.keeps(points)])
            count += found[-1].shape[0]
        if count > MOST_SETS:
            raise _too_many(f"{count:,} sets of {space.size:,}")
        if not count:
            raise nothing_left(space, f"all {space.size:,} sets of the grid")
        return Grid(space, np.concatenate(found))

    @cached_property
    def places(self) -> I32:
        """Which value of each axis a set takes."""
        return self.space.places(self.points)

    def parameters(self, number: int) -> dict[str, Value]:
        """Return every parameter of a set, those that do not vary too; of several strategies with its strategy."""
        return self.space.parameters(int(self.points[number]))

    def walk_order(self) -> I64:
        """Return the numbers of the sets so that near ones follow each other: Morton order of their places.

        Sets of one strategy stay together. Shape (n_sets,).
        """
        places = self.places + np.int32(1)
        keys: list[I64] = []
        if len(self.space.parts) > 1:
            keys.append(places[:, 0].astype(np.int64))
            places = places[:, 1:]
        planes = [
            (places[:, axis] >> bit) & 1
            for bit in range(int(places.max(initial=0)).bit_length() - 1, -1, -1)
            for axis in range(places.shape[1])
        ]
        for lo in range(0, len(planes), _KEY_BITS):
            key = np.zeros(len(self), np.int64)
            for plane in planes[lo : lo + _KEY_BITS]:
                key = key << 1 | plane
            keys.append(key)
        return np.lexsort([self.points, *reversed(keys)]).astype(np.int64, copy=False)

    def neighbours(self, *, most: int = 4_000_000) -> Iterator[Near]:
        """Yield which sets lie one step away, block of sets after block.

        A step is the value before or after on an axis of numbers; diagonals count. Words have no neighbours, and no
        set of another strategy is one. Over more than 6 axes at most two of them step at once.

        Parameters
        ----------
        most : int
            Neighbours that a block has room for, which bounds memory to some 20 bytes each.
        """
        order = np.argsort(self.points, kind="stable")
        ordered = self.points[order]
        steps = {k: steps_of(part) for k, part in enumerate(self.space.parts)}
        rows = max(1, most // max(1, *(len(each) for each in steps.values())))
        for lo in range(0, len(self), rows):
            yield self._near(lo, min(lo + rows, len(self)), order, ordered, steps)

    def _near(self, lo: int, hi: int, order: I64, ordered: I64, steps: dict[int, list[tuple[int, ...]]]) -> Near:
        """Return the neighbours of one block."""
        points, places = self.points[lo:hi], self.places[lo:hi]
        found = np.full((hi - lo, max(len(each) for each in steps.values())), -1, np.int64)
        for k, part in enumerate(self.space.parts):
            rows = np.flatnonzero((points >= part.first) & (points < part.first + part.size))
            own = places[rows][:, part.columns]
            lengths = np.array([len(axis) for axis in part.axes], np.int64)
            for column, step in enumerate(steps[k]):
                moved = own + np.array(step, np.int64)
                inside = ((moved >= 0) & (moved < lengths)).all(axis=1)
                wanted = points[rows[inside]] + int(np.dot(step, part.strides))
                at = np.searchsorted(ordered, wanted)
                at[at == ordered.shape[0]] = 0
                found[rows[inside], column] = np.where(ordered[at] == wanted, order[at], -1)
        found.sort(axis=1)
        held = found >= 0
        return Near(lo, hi, np.concatenate([[0], np.cumsum(held.sum(axis=1))]), found[held])


def steps_of(part: Part) -> list[tuple[int, ...]]:
    """Return the steps from a set to its neighbours, -1, 0 or 1 by axis; what those are, `Grid.neighbours` says."""
    moving = [k for k, axis in enumerate(part.axes) if axis.has_steps]
    at_once = len(moving) if len(moving) <= WIDEST else 2
    found = []
    for count in range(1, at_once + 1):
        for chosen in combinations(moving, count):
            for signs in product((-1, 1), repeat=count):
                step = dict(zip(chosen, signs, strict=True))
                found.append(tuple(step.get(k, 0) for k in range(len(part.axes))))
    return found


def _too_many(said: str) -> ParameterError:
    """Return the error of a grid that is too large to score whole."""
    text = (
        f"grid={said}: a sweep scores at most {MOST_SETS:,}. Draw some of them instead: --search random --budget 1000, "
        "or take wider steps"
    )
    return ParameterError(text, name="grid", value=said, bound=f"at most {MOST_SETS:,} sets")


def nothing_left(space: Space, said: str) -> ParameterError:
    """Return the error of a constraint that keeps nothing of what is `said`, with one set that it takes out."""
    where = "" if space.where is None else space.where.text
    names = sorted(() if space.where is None else space.where.names)
    values = space.parameters(space.size // 2)
    shown = [f"{name}={values[name]}" for name in names if name in values]
    example = f", {' '.join(shown)} among them" if shown else ""
    text = f"where '{where}' takes out {said}{example}. Turn it round, or leave it out to score the whole grid"
    return ParameterError(text, name="where", value=where, bound="a constraint that leaves a set")
