"""Space: everything a sweep could score, found by arithmetic; nothing of it is listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from operator import mul
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.model.axis import Axis, Value
from tapehead.model.spec import RunSpec
from tapehead.model.where import F64, BoolArray, read_where, refused

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

STRATEGY: Final = "strategy"
"""What a set of a sweep over several strategies is called by, beside its parameters."""
JOIN: Final = " + "
"""Between the names of several strategies in a spec."""
MOST_POINTS: Final = 2**62


@dataclass(frozen=True, slots=True)
class Part:
    """The axes of one strategy and its parameters that do not vary; its `size` points lie from `first` on.

    `columns` are the places of its axes among those of the space; `strides` how many points lie between two values of
    each axis that follow each other.
    """

    strategy: str
    axes: tuple[Axis, ...]
    fixed: Mapping[str, Value]
    first: int
    columns: tuple[int, ...]
    strides: tuple[int, ...]
    size: int

    def names(self, *, alone: bool) -> dict[str, str]:
        """Return what a constraint may call each parameter that is a number, with its own name."""
        own = [axis.name for axis in self.axes if not isinstance(axis.values[0], str)]
        own += [name for name, value in self.fixed.items() if not isinstance(value, str)]
        short = short_name(self.strategy)
        return {name: name for name in own} | ({} if alone else {f"{short}.{name}": name for name in own})


class Space:
    """The points of a sweep: every choice of a value on each axis, before its constraint.

    A point is its number in the order of `itertools.product` over the axes by name, the last fastest; of several
    strategies those of the first come first. Fewer than 2**62 of them. Immutable.

    Attributes
    ----------
    parts : tuple of Part
        One a strategy.
    axes : tuple of Axis
        Of several strategies the first is the strategy itself and the others are called `SmaCross.fast`.
    size : int
        Number of points.
    """

    def __init__(self, strategies: Sequence[tuple[str, Sequence[Axis], Mapping[str, Value]]], where: str = "") -> None:
        """Lay out strategies by name, axes and fixed parameters."""
        alone = len(strategies) == 1
        axes: list[Axis] = [] if alone else [Axis(STRATEGY, tuple(name for name, _, _ in strategies))]
        parts, first = [], 0
        for name, own, fixed in strategies:
            ordered = tuple(sorted(own, key=lambda axis: axis.name))
            columns = tuple(range(len(axes), len(axes) + len(ordered)))
            # From the last axis back: 1, its length, that of the last two multiplied, and at the end the size.
            *strides, size = accumulate((len(axis) for axis in reversed(ordered)), mul, initial=1)
            parts.append(Part(name, ordered, dict(fixed), first, columns, tuple(reversed(strides)), size))
            axes += ordered if alone else (Axis(f"{name}.{axis.name}", axis.values) for axis in ordered)
            first += parts[-1].size
        self.parts, self.axes, self.size = tuple(parts), tuple(axes), first
        if first >= MOST_POINTS:
            bound = "fewer than 4.6 quintillion sets; take fewer axes or wider steps"
            raise ParameterError(name="grid", value=f"{first:,} sets", bound=bound)
        self.where = read_where(where, self.names)
        self._check_where()

    @property
    def names(self) -> list[str]:
        """Return what a constraint may ask for."""
        alone = len(self.parts) == 1
        return list(dict.fromkeys(name for part in self.parts for name in part.names(alone=alone)))

    def _check_where(self) -> None:
        """Refuse a condition that asks for parameters no strategy has together."""
        alone = len(self.parts) == 1
        for demand in () if self.where is None else self.where.demands:
            if not any(demand.names <= part.names(alone=alone).keys() for part in self.parts):
                cause = f"no strategy has {' and '.join(sorted(demand.names))} together"
                raise refused(self.where.text if self.where else "", cause, self.names)

    @staticmethod
    def of(spec: RunSpec) -> "Space":
        """Return the space of a sweep's spec."""
        grid = spec.grid or {}
        several = [str(name) for name in grid.get(STRATEGY, ())]
        if not several:
            axes = [Axis(name, values) for name, values in grid.items()]
            return Space([(spec.strategy, axes, spec.parameters)], spec.where)
        strategies = []
        for name in several:
            own = [Axis(key.rpartition(".")[2], values) for key, values in grid.items() if _is_of(key, name)]
            fixed = {key.rpartition(".")[2]: value for key, value in spec.parameters.items() if _is_of(key, name)}
            strategies.append((name, own, fixed))
        return Space(strategies, spec.where)

    def places(self, points: I64) -> I32:
        """Return which value of each axis points take.

        Returns
        -------
        int32 array, shape (n_points, n_axes)
            -1 where an axis is not of the point's strategy.
        """
        found = np.full((points.shape[0], len(self.axes)), -1, np.int32)
        for number, part, rows in self._by_part(points):
            inside = points[rows] - part.first
            if len(self.parts) > 1:
                found[rows, 0] = number
            for column, stride, axis in zip(part.columns, part.strides, part.axes, strict=True):
                found[rows, column] = inside // stride % len(axis)
        return found

    def keeps(self, points: I64) -> BoolArray:
        """Return which points meet the constraint."""
        kept = np.ones(points.shape[0], np.bool_)
        if self.where is None:
            return kept
        for number, part, rows in self._by_part(points):
            inside = points[rows] - part.first
            values = {name: self._values(number, own, inside) for name, own in self._asked[number].items()}
            kept[rows] = self.where.keeps(values, inside.shape[0])
        return kept

    def parameters(self, point: int) -> dict[str, Value]:
        """Return every parameter of a point, those that do not vary too; of several strategies with its strategy."""
        part = self.part_of(point)
        left = point - part.first
        found = dict(part.fixed) if len(self.parts) == 1 else {STRATEGY: part.strategy, **part.fixed}
        for stride, axis in zip(part.strides, part.axes, strict=True):
            place, left = divmod(left, stride)
            found[axis.name] = axis.values[place]
        return found

    def part_of(self, point: int) -> Part:
        """Return the part that a point lies in."""
        return next(part for part in reversed(self.parts) if point >= part.first)

    def _by_part(self, points: I64) -> list[tuple[int, Part, slice | BoolArray]]:
        """Return the parts that points lie in, each with its number and their rows."""
        if len(self.parts) == 1:
            return [(0, self.parts[0], slice(None))]
        rows = [(points >= part.first) & (points < part.first + part.size) for part in self.parts]
        return [(k, part, rows[k]) for k, part in enumerate(self.parts) if rows[k].any()]

    @cached_property
    def _asked(self) -> list[dict[str, str]]:
        """Return of each part what the constraint asks for, with the parameter's own name."""
        wanted = frozenset() if self.where is None else self.where.names
        alone = len(self.parts) == 1
        return [{n: own for n, own in part.names(alone=alone).items() if n in wanted} for part in self.parts]

    @cached_property
    def _numbers(self) -> dict[tuple[int, str], F64]:
        """Return the values of the axes that the constraint asks for, as arrays."""
        return {
            (k, axis.name): np.array(axis.values, np.float64)
            for k, part in enumerate(self.parts)
            for axis in part.axes
            if axis.name in self._asked[k].values()
        }

    def _values(self, number: int, name: str, inside: I64) -> F64:
        """Return a parameter at points of a part, one value where it does not vary."""
        part = self.parts[number]
        if name in part.fixed:
            return np.array([float(part.fixed[name])])
        at = [axis.name for axis in part.axes].index(name)
        return self._numbers[number, name][inside // part.strides[at] % len(part.axes[at])]


def short_name(strategy: str) -> str:
    """Return the name of a strategy's class: `Mine` of `my.py:Mine`."""
    return strategy.rpartition(":")[2]


def _is_of(key: str, strategy: str) -> bool:
    """Say whether a key of a spec over several strategies is a parameter of one."""
    return key.rpartition(".")[0] == strategy
