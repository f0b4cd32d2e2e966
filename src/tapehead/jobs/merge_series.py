"""Merging one series: the rows that the files of an import have of it, over what the store holds of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.clean import VALUES, Cleaned, Rows, clean
from tapehead.jobs.examine import Look
from tapehead.jobs.gather import LOST, WON, Gathered
from tapehead.jobs.merge import Columns, Held, Overlap, flagged_part, hole_sizes, is_equal, overlaid, span_of
from tapehead.layout.columns import PARTIAL, SUSPECT
from tapehead.model.calendar import Calendar
from tapehead.model.instrument import Series
from tapehead.model.segment import Draft
from tapehead.ports.buckets import Buckets

I64 = NDArray[np.int64]


@dataclass(slots=True)
class Part:
    """What one file has of one series.

    Attributes
    ----------
    rows, first, last : int, int or None
        Bars so far, and the open times of the outer ones.
    first_close : float64 array
        Closes of its first period.
    empty : list of int64 arrays, shape (n_holes, 2)
        Ranges of open times that the source confirms empty.
    factors : list of float64 arrays, shape (2, n_bars)
        Open times and factors of the bars that have one.
    """

    file: Gathered
    look: Look
    overlap: Overlap
    rows: int = 0
    last: int | None = None
    first_close: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    empty: list[I64] = field(default_factory=list)
    factors: list[tuple[I64, NDArray[np.float64]]] = field(default_factory=list)


@dataclass(slots=True)
class SeriesMerge:
    """One series on its way through an import.

    Attributes
    ----------
    key : int
        Of its rows in the buckets.
    parts : sequence of Part
        By file, in the order of the import.
    shares_key : bool
        Whether files of another interval have rows of the same key.
    now : int or None
        Microseconds UTC. A bar whose end lies after it is flagged partial.
    has_volume : bool
        Whether any bar has volume, once all drafts were asked for.
    """

    series: Series
    key: int
    days: Calendar
    held: Held
    parts: Sequence[Part]
    buckets: Buckets
    now: int | None = None
    shares_key: bool = False
    has_volume: bool = False

    def iter_drafts(self) -> Iterator[Draft]:
        """Yield the periods whose content changes, in order.

        Notes
        -----
        Memory holds one period. Every period held is looked at, since a bar may begin to follow, or cease to follow,
        a hole, and the first volume of a series makes of its other bars ones that have not traded.
        """
        before: int | None = None
        is_first = True
        for period in self._iter_periods(None):
            held = self.held.read(period)
            was_lost = list(self.held.lost)
            merged = self._merged(period, held, self._count)
            if not self.has_volume:
                self.has_volume = bool(np.any(merged["volume"] > 0)) or (is_first and self._has_volume_after(period))
            is_first = False
            merged["flags"] = flagged_part(
                merged, self.series.interval, self.days, has_volume=self.has_volume, before=before
            )
            before = int(merged["ts"][-1]) if len(merged["ts"]) else before
            self.held.lost = was_lost
            if self.held.check_mended(merged["ts"]) or not is_equal(held, merged):
                yield Draft(self.series, period, merged)

    def _iter_periods(self, after: int | None) -> Iterator[int]:
        """Yield the periods that are held or have rows, in order, those after one."""
        held = sorted(period for period in self.held.refs if after is None or period > after)
        start = span_of(after)[1] if after is not None else -(1 << 62)
        while True:
            first = self.buckets.first(self.key, start)
            new = None if first is None else self.series.interval.period_of(first)
            if not held and new is None:
                return
            period = min(one for one in (held[0] if held else None, new) if one is not None)
            if held and held[0] == period:
                held.pop(0)
            start = max(start, span_of(period)[1]) if new == period else start
            yield period

    def _has_volume_after(self, period: int) -> bool:
        """Say whether a bar of a later period has volume: what `traded` means hangs on the whole series."""
        for later in self._iter_periods(period):
            if np.any(self._merged(later, self.held.read(later), None)["volume"] > 0):
                return True
        return False

    def _merged(
        self, period: int, held: Columns, count: "Callable[[Part, Rows, Cleaned, Columns, Columns], None] | None"
    ) -> Columns:
        """Lay the bars of every file over what is held of a period."""
        merged = dict(held)
        rows_of = self._rows(period)
        for at, part in enumerate(self.parts):
            if count is not None and (at or self.held.refs):
                part.look.take_held(merged["close"])
            rows = rows_of.get(part.file.number)
            if rows is None:
                continue
            cleaned = clean(rows)
            new = self._flagged(rows, cleaned)
            if count is not None:
                count(part, rows, cleaned, new, merged)
            merged = overlaid([merged, new])
        return merged

    def _rows(self, period: int) -> dict[int, Rows]:
        """Return the rows of a period by file."""
        rows = self.buckets.get(self.key, *span_of(period))
        if not len(rows["ts"]):
            return {}
        if len(self.parts) == 1 and not self.shares_key:
            return {self.parts[0].file.number: rows}
        files = rows["file"]
        order = np.argsort(files, kind="stable")
        ranked = files[order]
        edges = [0, *(np.flatnonzero(np.diff(ranked)) + 1).tolist(), len(ranked)]
        wanted = {part.file.number for part in self.parts}
        found: dict[int, Rows] = {}
        for lo, hi in pairwise(edges):
            file = int(ranked[lo])
            if file in wanted:
                found[file] = {name: values[order[lo:hi]] for name, values in rows.items()}
        return found

    def _flagged(self, rows: Rows, cleaned: Cleaned) -> Columns:
        """Return every bar column, with the flags that the file alone decides: suspect and partial."""
        ts = cleaned.columns["ts"]
        flags = np.zeros(len(ts), np.uint8)
        flags[cleaned.suspect] = SUSPECT
        if "partial" in rows:
            flags[cleaned.of_bars(rows["partial"])] |= PARTIAL
        if self.now is not None:
            for at in range(int(np.searchsorted(ts, self.now - self.series.interval.us, side="right")), len(ts)):
                if ts[at] >= self.now or self.days.bar_end(int(ts[at]), self.series.interval) > self.now:
                    flags[at] |= PARTIAL
        columns: dict[Any, NDArray[Any]] = {**cleaned.columns, "flags": flags}
        return columns

    def _count(self, part: Part, rows: Rows, cleaned: Cleaned, new: Columns, there: Columns) -> None:
        """Note what the bars of one file and period are, and how they meet those that are there."""
        symbol, tally = self.series.symbol, part.file.tally
        ts, places = new["ts"], cleaned.of_bars(rows["place"])
        tally.add(kept=len(ts), added=0)
        for what, at in (("duplicates", cleaned.duplicates), ("conflicting", cleaned.lost)):
            tally.count(what, rows["place"][at], rows["ts"][at], symbol)
        partial = (new["flags"] & PARTIAL) > 0
        for what, mask in (("ohlc_violations", cleaned.suspect), ("partial", partial)):
            if mask.any():
                tally.count(what, places[mask], ts[mask], symbol)
        if part.file.has_volume and not new["volume"].all():
            tally.count("zero_volume", places[new["volume"] == 0], ts[new["volume"] == 0], symbol)
        self._set_aside(part, rows, cleaned)
        self._measure_holes(part, ts, places)
        part.look.no_volume += cleaned.no_volume
        part.look.take(cleaned.columns, places, has_past=part is not self.parts[0] or bool(self.held.refs))
        self._show_superseded(part, places, new, there, *part.overlap.take(there, new))
        if not part.rows:
            part.first_close = new["close"]
        part.rows += len(ts)
        part.last = int(ts[-1])
        if "factor" in rows:
            factor = cleaned.of_bars(rows["factor"])
            known = np.isfinite(factor) & (factor > 0)
            part.factors.append((ts[known], factor[known]))

    def _show_superseded(self, part: Part, places: I64, new: Columns, there: Columns, mine: I64, theirs: I64) -> None:
        """Keep the first bars that take the place of others, with both values."""
        for at in np.argsort(places[mine], kind="stable")[: part.file.tally.SHOWN].tolist():
            was, now = (
                " ".join(f"{name}={float(columns[name][place])!r}" for name in VALUES)
                for columns, place in ((there, theirs[at]), (new, mine[at]))
            )
            place, ts = int(places[mine[at]]), int(new["ts"][mine[at]])
            part.file.tally.example("superseded", place, ts, self.series.symbol, f"held {was}; new {now}")

    def _measure_holes(self, part: Part, ts: I64, places: I64) -> None:
        """Count the holes before these bars; where the source has every bar, they are confirmed empty."""
        sizes = hole_sizes(ts, self.series.interval, self.days, part.last)
        at = np.flatnonzero(sizes > 0)
        if not len(at):
            return
        after = at + len(ts) - len(sizes)
        missing, tally = int(sizes[at].sum()), part.file.tally
        tally.add(gaps=len(at), missing=missing)
        tally.show("missing", places[after], ts[after], self.series.symbol)
        if part.file.gapless:
            tally.add(confirmed_empty=missing)
            steps = self.days.steps(ts[after], self.series.interval)
            opens = self.days.opens(np.concatenate([steps - sizes[at], steps]), self.series.interval)
            part.empty.append(opens.reshape(2, -1).T)

    def _set_aside(self, part: Part, rows: Rows, cleaned: Cleaned) -> None:
        """Set both sides of a conflict aside."""
        for found, reason in ((cleaned.lost, LOST), (cleaned.won, WON)):
            for at in found.tolist():
                text = " ".join(f"{name}={float(rows[name][at])!r}" for name in VALUES)
                where = (part.file.number, int(rows["place"][at]), reason, self.key, int(rows["ts"][at]), text)
                self.buckets.set_aside(where)
            part.file.tally.add(quarantined=len(found))
