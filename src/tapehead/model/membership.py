"""Membership: when an instrument belongs to a universe."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapehead.model.sessions import DAY_US

I64 = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Membership:
    """Spells of whole UTC days, rising and apart: [starts[i], ends[i]) in us UTC."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is a spell."""
        return bool(self.starts)

    def holds(self, ts: I64) -> BoolArray:
        """Say of each bar that opens at `ts` whether it lies in a spell, shape (n_bars,)."""
        if not self.starts:
            return np.zeros(ts.shape[0], np.bool_)
        spell = np.searchsorted(np.array(self.starts, np.int64), ts, side="right") - 1
        inside: BoolArray = (spell >= 0) & (ts < np.array(self.ends, np.int64)[spell])
        return inside

    def within(self, start: int, end: int) -> "Membership":
        """Return the spells of the days that [start, end) touches."""
        first, last = start // DAY_US * DAY_US, -(-end // DAY_US) * DAY_US
        kept = [(max(a, first), min(b, last)) for a, b in zip(self.starts, self.ends, strict=True)]
        kept = [(a, b) for a, b in kept if a < b]
        return Membership(tuple(a for a, _ in kept), tuple(b for _, b in kept))

    def digest(self) -> bytes:
        """Return SHA-256 over the spells."""
        return hashlib.sha256(np.array([self.starts, self.ends], "<i8").tobytes()).digest()


@dataclass(frozen=True, slots=True)
class YearOfMembers:
    """How many instruments were members on some day of a year, and how many a day at the mean of its days."""

    year: int
    ever: int
    mean: float


@dataclass(frozen=True, slots=True)
class Roll:
    """Who belongs to a universe on a day (us UTC at its begin), and how that was by year."""

    day: int
    members: tuple[str, ...]
    years: tuple[YearOfMembers, ...]


def spells(first_day: int, is_member: BoolArray) -> Membership:
    """Return the spells of days counted from `first_day` (days since 1970-01-01)."""
    edges = np.flatnonzero(np.diff(is_member.astype(np.int8), prepend=0, append=0))
    at = ((first_day + edges) * DAY_US).tolist()
    return Membership(tuple(at[::2]), tuple(at[1::2]))


def years_of(memberships: Sequence[Membership], first: int, last: int) -> tuple[YearOfMembers, ...]:
    """Return the counts of each year (UTC) of the days from that of `first` to that of `last`, us UTC."""
    begin, end = (np.datetime64(at // DAY_US, "D").astype("datetime64[Y]") for at in (first, last))
    out = []
    for year in np.arange(begin, end + 1):
        bounds = (int(each.astype("datetime64[D]").astype(np.int64)) for each in (year, year + 1))
        a, b = next(bounds), next(bounds)
        a, b = max(a, first // DAY_US), min(b, last // DAY_US + 1)
        cut = [one.within(a * DAY_US, b * DAY_US) for one in memberships]
        days = sum(sum(one.ends) - sum(one.starts) for one in cut) / DAY_US
        out.append(YearOfMembers(1970 + int(year.astype(np.int64)), sum(map(bool, cut)), days / (b - a)))
    return tuple(out)
