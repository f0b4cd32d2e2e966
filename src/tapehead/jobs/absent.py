"""Absent: the grid steps of a series that have no bar, told apart into those confirmed empty and those missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.model.calendar import Calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.ports.bars import BarStore

_FEW: Final = 16
I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class EmptySteps:
    """Steps that are confirmed empty: ranges [starts, ends) of ordinals, disjoint and rising; shape (n_ranges,).

    `total` is the number of steps in the ranges before each one, and in all; shape (n_ranges + 1,).
    """

    starts: I64
    ends: I64
    total: I64

    def before(self, steps: I64) -> I64:
        """Return how many empty steps lie below each ordinal."""
        if not len(self.starts):
            return np.zeros(np.shape(steps), np.int64)
        ranges = np.searchsorted(self.starts, steps, side="left")
        beyond = np.maximum(self.ends[np.maximum(ranges - 1, 0)] - steps, 0)
        counted: I64 = self.total[ranges] - np.where(ranges > 0, beyond, 0)
        return counted

    def holds(self, steps: I64) -> Flags:
        """Say which ordinals are empty steps."""
        if not len(self.starts):
            return np.zeros(np.shape(steps), np.bool_)
        inside: Flags = self.before(steps + 1) > self.before(steps)
        return inside


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Runs of steps without a bar: ordinals [starts, ends), disjoint and rising, each wholly `empty` or missing."""

    starts: I64
    ends: I64
    empty: Flags


def read_empties(store: BarStore, series: Sequence[Series], snapshot: int) -> dict[Series, list[EmptyRange]]:
    """Return the confirmed ranges of some series at a snapshot, by one look at the store where they are many."""
    found: dict[Series, list[EmptyRange]] = {}
    wanted = frozenset(series)
    for one in store.empties(series if len(series) <= _FEW else None, snapshot) if series else ():
        if one.series in wanted:
            found.setdefault(one.series, []).append(one)
    return found


def empty_steps(days: Calendar, interval: Interval, ranges: Iterable[EmptyRange]) -> EmptySteps:
    """Return the steps whose opens lie in the ranges of one series; ranges may overlap and come in any order."""
    bounds = np.array([(one.start, one.end) for one in ranges], np.int64).reshape(-1, 2)
    bounds = bounds[np.argsort(bounds[:, 0], kind="stable")]
    starts, ends = (first_step(days, interval, bounds[:, side]) for side in (0, 1))
    if len(starts):
        reached = np.maximum.accumulate(ends)
        begins = np.flatnonzero(np.append([True], starts[1:] > reached[:-1]))
        starts, ends = starts[begins], np.maximum.reduceat(ends, begins)
        real = ends > starts
        starts, ends = starts[real], ends[real]
    return EmptySteps(starts, ends, np.append([0], np.cumsum(ends - starts)).astype(np.int64))


def first_step(days: Calendar, interval: Interval, ts: I64) -> I64:
    """Return the ordinal of the first step that opens at or after each moment, us UTC."""
    steps = days.steps(ts, interval)
    found: I64 = steps + (days.opens(steps, interval) < ts)
    return found


def find_gaps(held: I64, empty: EmptySteps) -> Gaps:
    """Return the gaps between the first and the last held step.

    Parameters
    ----------
    held : int64 array, shape (n,)
        Ordinals of steps with a bar, rising; equal neighbours count once.
    empty : EmptySteps
        A range that begins or ends inside a gap cuts it.
    """
    after = np.flatnonzero(np.diff(held) > 1)
    starts, ends = held[after] + 1, held[after + 1]
    edges = np.concatenate([empty.starts, empty.ends])
    at = np.searchsorted(starts, edges, side="left") - 1
    inside = (at >= 0) & (edges < ends[at]) if len(starts) else np.zeros(len(edges), np.bool_)
    cuts = np.unique(edges[inside])
    starts, ends = np.sort(np.concatenate([starts, cuts])), np.sort(np.concatenate([ends, cuts]))
    return Gaps(starts, ends, empty.holds(starts))
