"""Stated, first_change: what signals say bar by bar, and where two statements of it part."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.crossed import event_bars
from tapehead.model.signals import Crossing, Signals

I64 = NDArray[np.int64]
_COLUMNS = tuple(field.name for field in fields(Signals))


@dataclass(frozen=True, slots=True, eq=False)
class Stated:
    """Signals as plain columns: `events` are the bars on which each condition holds, `lines` the float columns.

    Made inside the memo in which the signals were, so that both directions of a pair are compared once. A column that
    is None stands in neither.
    """

    n_bars: int
    events: dict[str, NDArray[np.int32]]
    lines: dict[str, NDArray[np.float64]]

    @staticmethod
    def of(signals: Signals, n_bars: int) -> "Stated":
        """State checked signals of `n_bars` bars."""
        events: dict[str, NDArray[np.int32]] = {}
        lines: dict[str, NDArray[np.float64]] = {}
        for name in _COLUMNS:
            column: Any = getattr(signals, name)
            if column is None:
                continue
            if isinstance(column, Crossing) or column.dtype == np.bool_:
                events[name] = event_bars(column)
            else:
                lines[name] = np.ascontiguousarray(column, np.float64)
        # What a strategy that is asked bar by bar made of all bars at once; its on_bar sees the past only.
        given: Mapping[str, NDArray[np.float64]] = getattr(signals, "lines", {})
        lines |= {f"lines()['{name}']": np.ascontiguousarray(line) for name, line in given.items()}
        return Stated(n_bars, events, lines)

    def changes(self) -> I64:
        """Return the bars, rising, at which something is decided: a condition begins or ends to hold, `target` moves.

        A condition that holds on many bars in a row counts at its first and its last one.
        """
        found: list[NDArray[Any]] = []
        for bars in self.events.values():
            apart = np.flatnonzero(np.diff(bars) > 1)
            found += [bars[:1], bars[apart], bars[apart + 1], bars[-1:]]
        target = self.lines.get("target")
        if target is not None:
            known = np.flatnonzero(target == target)
            moved = np.flatnonzero(np.diff(target[known]) != 0) + 1
            found += [known[:1], known[moved]]
        return np.unique(np.concatenate(found)).astype(np.int64) if found else np.empty(0, np.int64)


class Change(NamedTuple):
    """The first bar, by bar and then by column, at which two statements part; `changed` bars of that column do."""

    signal: str
    bar: int
    last: int
    changed: int
    was: str
    now: str


def first_change(old: Stated, new: Stated, n_bars: int) -> Change | None:
    """Compare the first `n_bars` bars bit for bit; two unknown values (NaN) are equal. None where nothing differs."""
    found = []
    for name in dict.fromkeys((*old.events, *new.events)):
        before, after = _until(old.events.get(name), n_bars), _until(new.events.get(name), n_bars)
        if not np.array_equal(before, after):
            bars = np.setxor1d(before, after)
            held = bool(np.isin(bars[0], before))
            found.append(_change(name, bars, "on" if held else "off", "off" if held else "on"))
    for name in dict.fromkeys((*old.lines, *new.lines)):
        a, b = old.lines.get(name), new.lines.get(name)
        bars = _differing(a, b, n_bars)
        if bars.size:
            found.append(_change(name, bars, _value(a, int(bars[0])), _value(b, int(bars[0]))))
    return min(found, key=lambda change: change.bar, default=None)


def changed_bars(old: Stated, old_from: int, new: Stated, new_from: int, near: float) -> tuple[int, int]:
    """Count decisions and values of lines that differ between two statements of the same last bars.

    Parameters
    ----------
    old_from, new_from : int
        The bar from which on each counts; that bar is the same one in both.
    near : float
        A value differs where it is farther from the other one than this share of the larger, or known in one only.

    Returns
    -------
    decisions, values : int
        Of all conditions together, and of all lines together.
    """
    decisions = values = 0
    for name in dict.fromkeys((*old.events, *new.events)):
        before, after = _since(old.events.get(name), old_from), _since(new.events.get(name), new_from)
        decisions += int(np.setxor1d(before, after).size)
    for name in dict.fromkeys((*old.lines, *new.lines)):
        unknown = np.full(old.n_bars - old_from, np.nan)
        a = old.lines[name][old_from:] if name in old.lines else unknown
        b = new.lines[name][new_from:] if name in new.lines else unknown
        far = np.abs(a - b) > near * np.maximum(np.abs(a), np.abs(b))
        values += int(np.count_nonzero(far | (np.isnan(a) != np.isnan(b))))
    return decisions, values


def _since(bars: NDArray[np.int32] | None, first: int) -> NDArray[np.int32]:
    """Return the events from a bar on, counted from it; none where the column is not given."""
    return np.empty(0, np.int32) if bars is None else bars[int(np.searchsorted(bars, first)) :] - np.int32(first)


def _change(name: str, bars: NDArray[Any], was: str, now: str) -> Change:
    """Sum up the bars at which a column differs."""
    return Change(name, int(bars[0]), int(bars[-1]), int(bars.size), was, now)


def _until(bars: NDArray[np.int32] | None, n_bars: int) -> NDArray[np.int32]:
    """Return the events before a bar; none where the column is not given."""
    return np.empty(0, np.int32) if bars is None else bars[: int(np.searchsorted(bars, n_bars))]


def _differing(a: NDArray[np.float64] | None, b: NDArray[np.float64] | None, n_bars: int) -> NDArray[Any]:
    """Return the bars at which two columns hold other bits; one that is not given is unknown at every bar."""
    if a is None or b is None:
        given = a if b is None else b
        return np.flatnonzero(given[:n_bars] == given[:n_bars]) if given is not None else np.empty(0, np.int64)
    left, right = a[:n_bars], b[:n_bars]
    if np.array_equal(left.view(np.int64), right.view(np.int64)):
        return np.empty(0, np.int64)
    unknown = (left != left) & (right != right)
    return np.flatnonzero((left.view(np.int64) != right.view(np.int64)) & ~unknown)


def _value(column: NDArray[np.float64] | None, bar: int) -> str:
    """Return a value in words."""
    if column is None or column[bar] != column[bar]:
        return "unknown"
    return repr(float(column[bar]))
