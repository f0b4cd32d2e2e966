"""Gathering: the rows of one file into buckets, and what the file as a whole tells."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.describe import Steps
from tapehead.jobs.tally import Tally
from tapehead.layout.columns import PRICE_COLUMNS
from tapehead.model.factors import Basis, Factors
from tapehead.ports.bars import Hints, Origin, RawBatch, Source
from tapehead.ports.buckets import Buckets

Progress = Callable[[str, int], None]
"""Told what is being worked on, and how many rows of it are done."""

NO_LINE, NO_SYMBOL, NO_TIME, NO_PRICE, LOST, WON = range(6)
"""Why a row is set aside."""

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
_NEVER = -(1 << 62)
# Years 1 to 9999, which dates can be written in; a time beyond them is a number that was misread.
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_800_000_000


class Keys:
    """Numbers for (venue, symbol), in the order in which they come up."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self.names: list[tuple[str, str]] = []

    def number(self, venue: str, symbol: str) -> int:
        """Return the number of a symbol at a venue."""
        name = (venue, symbol)
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number


@dataclass(slots=True)
class Gathered:
    """What one file tells, its rows aside.

    Attributes
    ----------
    number : int
        Of the file in this import, from 0.
    keys : list of int
        Of the symbols that have rows which can become bars, by first appearance.
    rows : int
        All of them, unread lines included.
    untimed, unpriced, unnamed : int
        Rows without a readable time, with a price that is null or no finite number, without a symbol.
    unread : list of int
        Row numbers of lines that could not be split into fields, rising.
    reasons : list of str
        Why lines could not be read, one each.
    steps : Steps
        Distances between neighbouring rows of a symbol; complete where `is_sorted`.
    is_sorted : bool
        No row that can become a bar is earlier than the one before it, by symbol.
    sample : str
        Fields as read of the first row that cannot become a bar.
    """

    number: int
    path: str
    venue: str
    keys: list[int] = field(default_factory=list)
    rows: int = 0
    untimed: int = 0
    unpriced: int = 0
    unnamed: int = 0
    unread: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    has_volume: bool = False
    interval: str | None = None
    guesses: tuple[str, ...] = ()
    steps: Steps = field(default_factory=Steps)
    is_sorted: bool = True
    sample: str = ""
    basis: Basis | None = None
    factors: list[Factors] = field(default_factory=list)
    gapless: bool = False
    kind: str | None = None
    tz: str | None = None
    tally: Tally = field(default_factory=Tally)

    def number_of(self, place: int) -> int:
        """Return the number, from 1, that a row has in the file; `place` counts those that could be read, from 0."""
        number = place + 1
        # Lines that could not be read move the rows after them; most files have none.
        while (ahead := bisect_left(self.unread, number + 1)) != number - place - 1:
            number = place + 1 + ahead
        return number


def gather(
    number: int, path: str, venue: str, source: Source, hints: Hints, buckets: Buckets, keys: Keys, progress: Progress
) -> Gathered:
    """Read a file into buckets.

    Parameters
    ----------
    number : int
        Of the file in this import, from 0.
    path, venue : str
    source : Source
    hints : Hints
    buckets : Buckets
        Take every row that can become a bar, and what is set aside.
    keys : Keys
        Numbers of the symbols of all files.
    progress : callable
        Told the number of rows after each batch.

    Returns
    -------
    Gathered

    Notes
    -----
    Memory is bounded by a batch and the number of symbols.
    """
    found = Gathered(number, path, venue)
    reading = _Reading(found, buckets, keys)
    guesses: list[str] = []
    for batch in source.batches(Origin(path), hints):
        guesses.extend(batch.guesses)
        found.factors.extend(batch.factors)
        found.basis = found.basis or batch.basis
        found.gapless = found.gapless or batch.gapless
        found.kind, found.tz = found.kind or batch.kind, found.tz or batch.tz
        if batch.reason:
            reading.set_lines_aside(batch)
        else:
            reading.take(batch)
            found.interval = found.interval or batch.interval
            found.has_volume = found.has_volume or batch.volume is not None
        progress(f"reading {path}", reading.count)
    reading.close()
    found.guesses = tuple(dict.fromkeys(guesses))
    return found


class _Reading:
    """Where a file stands while its batches come."""

    def __init__(self, found: Gathered, buckets: Buckets, keys: Keys) -> None:
        self._found = found
        self._buckets = buckets
        self._keys = keys
        self._codes: dict[str, int] = {}
        self._key_of = np.zeros(0, np.int32)
        self._last_timed: I64 = np.zeros(0, np.int64)
        self._last_usable: I64 = np.zeros(0, np.int64)
        self._apart = False
        self._lines: list[tuple[int, str]] = []
        self.count = 0

    def set_lines_aside(self, batch: RawBatch) -> None:
        """Note lines that could not be split into fields."""
        for place in range(len(batch.ts)):
            self._lines.append((batch.row + place, batch.text(place)))
            self._found.reasons.append(batch.reason)

    def close(self) -> None:
        """Set the unread lines aside, whose numbers may come after the rows that follow them."""
        found = self._found
        order = sorted(range(len(self._lines)), key=lambda at: self._lines[at][0])
        found.unread = [self._lines[at][0] for at in order]
        found.reasons = [found.reasons[at] for at in order]
        for at, (row, text) in enumerate(self._lines[at] for at in order):
            # An unread line has no place of its own: it comes before the row whose place is the count of those read.
            self._buckets.set_aside((found.number, row - 1 - at, NO_LINE, at, None, text))
            found.tally.example("nulls", row - 1 - at, None, "", text, row=row)
        found.rows = self.count + len(self._lines)
        last = self._last_usable if self._apart else self._last_timed
        found.keys = self._key_of[last > _NEVER].tolist()
        found.sample = found.sample or next((text for _, text in self._lines), "")

    def take(self, batch: RawBatch) -> None:
        """Put the rows of a batch that can become bars into the buckets, and set the others aside."""
        count = len(batch.ts)
        codes = self._coded(batch)
        known = batch.ts_valid & (batch.ts >= _FIRST_US) & (batch.ts < _LAST_US)
        timed = known & (codes >= 0)
        finite = np.isfinite(batch.open)
        for name in PRICE_COLUMNS[1:]:
            finite &= np.isfinite(getattr(batch, name))
        usable = timed & finite
        whole = bool(usable.all())
        places = np.arange(self.count, self.count + count)
        if not whole:
            self._set_aside(batch, codes, known, usable)
        self._note_order(codes, batch.ts, places, timed, usable)
        rows: dict[str, NDArray[Any]] = {
            "ts": batch.ts,
            **{name: getattr(batch, name) for name in PRICE_COLUMNS},
            "volume": np.zeros(count) if batch.volume is None else batch.volume,
            "file": np.full(count, self._found.number, np.int32),
            "place": places,
        }
        if batch.factor is not None:
            rows["factor"] = batch.factor
        if batch.partial is not None:
            rows["partial"] = batch.partial.astype(np.bool_)
        if not whole:
            codes, rows = codes[usable], {name: values[usable] for name, values in rows.items()}
        self._buckets.put(self._key_of[codes], rows)
        self.count += count

    def _coded(self, batch: RawBatch) -> I32:
        """Return the number of each row's symbol in this file, -1 for none."""
        for name in batch.names:
            if name not in self._codes:
                self._codes[name] = len(self._codes)
        more = len(self._codes) - len(self._key_of)
        if more:
            new = [self._keys.number(self._found.venue, name) for name in list(self._codes)[-more:]]
            self._key_of = np.concatenate([self._key_of, np.array(new, np.int32)])
            self._last_timed = np.concatenate([self._last_timed, np.full(more, _NEVER)])
            self._last_usable = np.concatenate([self._last_usable, np.full(more, _NEVER)])
        where = np.array([self._codes[name] for name in batch.names] or [-1], np.int32)
        return np.where(batch.codes < 0, np.int32(-1), where[batch.codes])

    def _set_aside(self, batch: RawBatch, codes: I32, known: NDArray[np.bool_], usable: NDArray[np.bool_]) -> None:
        """Set aside the rows that cannot become bars, with their fields as read."""
        found = self._found
        for place in np.flatnonzero(~usable).tolist():
            text, named, timed = batch.text(place), codes[place] >= 0, bool(known[place])
            found.sample = found.sample or text
            reason = NO_SYMBOL if not named else NO_TIME if not timed else NO_PRICE
            found.unnamed += reason == NO_SYMBOL
            found.untimed += reason == NO_TIME
            found.unpriced += reason == NO_PRICE
            key = int(self._key_of[codes[place]]) if named else -1
            ts = int(batch.ts[place]) if timed else None
            self._buckets.set_aside((found.number, self.count + place, reason, key, ts, text))
            symbol = self._keys.names[key][1] if named else ""
            found.tally.example("nulls", self.count + place, ts, symbol, text)

    def _note_order(
        self, codes: I32, ts: I64, places: I64, timed: NDArray[np.bool_], usable: NDArray[np.bool_]
    ) -> None:
        """Count rows that are earlier than the one before them, and the steps between rows that can become bars."""
        found = self._found
        if not self._apart and not usable.all():
            self._apart, self._last_usable = True, self._last_timed.copy()
        if timed.all():
            steps, at = _steps(codes, ts, self._last_timed)
        else:
            steps, at = _steps(codes[timed], ts[timed], self._last_timed)
            at = np.flatnonzero(timed)[at]
        falls = at[steps < 0]
        if len(falls):
            found.tally.add(out_of_order=len(falls))
            for place in np.sort(falls)[: Tally.SHOWN].tolist():
                symbol = self._keys.names[int(self._key_of[codes[place]])][1]
                found.tally.example("out_of_order", int(places[place]), int(ts[place]), symbol)
        if self._apart:
            steps, _ = _steps(codes[usable], ts[usable], self._last_usable)
        found.is_sorted = found.is_sorted and not bool(np.any(steps < 0))
        if found.is_sorted:
            found.steps.add(steps[steps > 0])


def _steps(codes: I32, ts: I64, last: I64) -> tuple[I64, I64]:
    """Return the distance of each row from the one before it of its symbol, and where it stands; `last` goes on.

    A symbol's first row of all has no distance.
    """
    if not len(codes):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if np.all(codes[1:] >= codes[:-1]):
        order = np.arange(len(codes))
    else:
        narrow = codes.astype(np.int16) if len(last) <= np.iinfo(np.int16).max else codes
        order = np.argsort(narrow, kind="stable")
    ranked, times = codes[order], ts[order]
    begins = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    before = np.concatenate([[0], times[:-1]])
    before[begins] = last[ranked[begins]]
    ends = np.concatenate([begins[1:], [True]])
    last[ranked[ends]] = times[ends]
    known = before > _NEVER
    return (times - before)[known], order[known]
