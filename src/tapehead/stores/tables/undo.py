"""undo: one commit taken back by a commit of its own."""

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DamagedSegmentError, UndoError
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, Column
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.segment import TAIL, Commit, SegmentRef
from tapehead.ports.bars import Mend
from tapehead.stores.codec import join_blocks
from tapehead.stores.tables.commit import add_commit
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.layers import Layers
from tapehead.stores.tables.tail import Appending

_LATER = "Take back that one first: tapehead undo {later}"
_NEWEST = 2**62
_LOG = "See what there is: tapehead store log"


class _Block(NamedTuple):
    """A block of one period; equal ones hold equal bars in the same place, whichever row they are."""

    layer: int
    data: bytes
    added: int


class _Row(NamedTuple):
    """A row that is or was held by the commits since <= c < until; `what` is its content, `row` its id."""

    what: Hashable
    row: Any
    since: int
    until: int | None

    def is_held(self, snapshot: int) -> bool:
        """Say whether a snapshot holds it."""
        return self.since <= snapshot and (self.until is None or self.until > snapshot)


class _States(NamedTuple):
    """Rows of one thing (a period, an instrument) before and after a commit, and now."""

    before: list[_Row]
    after: list[_Row]
    now: list[_Row]

    def is_untouched(self) -> bool:
        """Say whether what is held now is what the commit left."""
        return [row.what for row in self.now] == [row.what for row in self.after]


def undo(database: Database, layers: Layers, number: int, mend: Mend | None = None) -> Commit:
    """Take back a commit: each period, instrument and range that it touched is held as it was before it.

    Parameters
    ----------
    database : Database
        Of the manifest; the caller holds the writer lock.
    layers : Layers
        Reads what is held.
    number : int
        The commit.
    mend : callable, optional
        See `ports.bars.BarStore.undo`.

    Returns
    -------
    Commit
        Of the undo; `segments` counts the blocks that are held again.

    Raises
    ------
    UndoError
        There is no such commit, it or the snapshot before it was swept, it was undone already, or a later commit
        touched the same periods, ranges or factors and was not itself undone.

    Notes
    -----
    A row never changes but for its end, so that every old snapshot stays as it was: what is held again is a copy of
    the row, held since the undo.
    """
    with database.transaction("the manifest"):
        note = _check(database, number)
        work = _Undo(database, layers, number, int(database.execute("head").fetchone()[0]) + 1)
        series = work.restore_blocks()
        work.restore_empties()
        for one in series:
            database.execute("forget_coverage", (one,))
            database.execute("count_coverage", {"series": one})
        if mend is not None:
            work.lay_mended(mend, Appending(database, layers), series)
        work.restore_factors()
        work.restore_instruments()
        for one in series:
            work.name_bars(one)
        both = {"undo": work.undo, "number": number}
        database.execute("end_quarantined", both)
        database.execute("hold_quarantined", both)
        add_commit(database, work.undo, "undo", f"undo {number}: {_short(note)}", work.held, 0)
        database.execute("mark_undo", (number, work.undo))
        database.execute("mark_undone", (work.undo, number))
    return Commit(work.undo, work.held, 0)


def _check(database: Database, number: int) -> str:
    """Return the note of a commit; raise UndoError where it cannot be taken back whatever it touched."""
    row = database.execute("commit_of", (number,)).fetchone() if 0 < number < _NEWEST else None
    if row is None:
        head = int(database.execute("head").fetchone()[0])
        held = f"there is no such commit; the newest is {head}" if head else "there is no commit yet"
        raise UndoError(number=number, cause=held, step=_LOG)
    _, _, note, undone_by, swept = row
    if undone_by is not None:
        again = database.execute("commit_of", (undone_by,)).fetchone()[3]
        if again is not None:
            cause = f"commit {undone_by} did, and commit {again} brought it back"
            raise UndoError(number=number, cause=cause, step=f"To take it back once more: tapehead undo {again}")
        step = f"To have it back: tapehead undo {undone_by}"
        raise UndoError(number=number, cause=f"commit {undone_by} undid it already", step=step)
    before = database.execute("commit_of", (number - 1,)).fetchone()
    if swept or (before is not None and before[4]):
        cause = "gc gave back what was held before it"
        raise UndoError(number=number, cause=cause, step="Import the files of then again: tapehead import PATH")
    return str(note)


class _Undo:
    """One undo being made: `number` is taken back by `undo`; `held` counts the blocks that are held again."""

    def __init__(self, database: Database, layers: Layers, number: int, undo: int) -> None:
        self._database = database
        self._layers = layers
        self.number = number
        self.undo = undo
        self.held = 0

    def restore_blocks(self) -> dict[int, set[int]]:
        """Hold the blocks of each period as before; return the series that were touched, with their periods."""
        touched: dict[int, set[int]] = {}
        rows = self._database.execute("touched_blocks", {"number": self.number}).fetchall()
        for (series, period), group in groupby(rows, key=lambda row: row[:2]):
            states = self._states(
                _Row(_Block(layer, data, added), (layer, row), since, until)
                for _, _, layer, data, added, row, since, until in group
            )
            if not states.is_untouched() and not self._is_mended(states, series, period):
                place = {"series": series, "period": period}
                self._refuse("touching_period", place, f"the same bars of {self._name_of(series)}")
            self._hold_blocks(states)
            touched.setdefault(series, set()).add(period)
        return touched

    def _is_mended(self, states: _States, series: int, period: int) -> bool:
        """Say whether nothing came later but blocks in which an undo mended the flag of a bar beside a hole.

        They go with the bars they lie over, so that imports of several periods are undone in any order.
        """
        left = len(states.after)
        more = [row.row for row in states.now[left:]]
        same = [row.what for row in states.now[:left]] == [row.what for row in states.after]
        if not same or not left or any(layer != TAIL for layer, _ in more):
            return False
        _, refs = self._refs(series, self.number)
        blocks = [self._database.execute("content_of_block", (place,)).fetchone() for _, place in more]
        if any(hashlib.sha256(content).digest() != file for content, file in blocks):
            return False
        try:
            held = self._layers.whole([ref for ref in refs if ref.period == period])
        except DamagedSegmentError:
            return False
        return all(_mends(join_blocks([content]), held) for content, _ in blocks)

    def _refs(self, place: int, snapshot: int) -> tuple[Series, list[SegmentRef]]:
        """Return a series and what it holds at a snapshot."""
        venue, symbol, us = self._database.execute("series_named", (place,)).fetchone()
        series = Series(venue, symbol, Interval.of_us(us))
        key = {"venue": venue, "symbol": symbol, "interval_us": us, "snapshot": snapshot}
        rows = self._database.execute("refs_of_one", key).fetchall()
        return series, [SegmentRef._make((series, *row[3:])) for row in rows]

    def lay_mended(self, mend: Mend, appending: Appending, touched: Mapping[int, set[int]]) -> None:
        """Lay over each series the bars that told of a neighbour which is gone."""
        for place, periods in touched.items():
            series, refs = self._refs(place, self.undo)
            bars = mend(series, refs, periods)
            if bars is not None:
                appending.lay(bars)
                self.held += 1

    def restore_empties(self) -> None:
        """Hold the empty ranges of each series as before."""
        rows = self._database.execute("touched_empties", {"number": self.number}).fetchall()
        for series, group in groupby(rows, key=lambda row: row[0]):
            states = self._states(_Row((first, end), row, since, until) for _, since, until, first, end, row in group)
            if not states.is_untouched():
                what = f"what is confirmed empty of {self._name_of(series)}"
                self._refuse("touching_empties", {"series": series}, what)
            end, hold = _difference(states)
            for row in end:
                self._database.execute("end_empty", (self.undo, row.row))
            for row in hold:
                self._database.execute("hold_empty", (self.undo, row.row))

    def restore_instruments(self) -> None:
        """Hold each instrument as before, unless a later commit told other facts, or it still has bars and none."""
        for states, name in self._named("touched_instruments"):
            if not states.is_untouched() or (not states.before and self._has_bars(name)):
                continue
            for _ in states.now:
                self._database.execute("end_instrument", (self.undo, *name))
            for row in states.before:
                self._database.execute("hold_instrument", (self.undo, *name, row.row))

    def name_bars(self, series: int) -> None:
        """Hold the instrument of a series that has bars again; end one without bars whose own commit is undone.

        So it goes with the last bar, whatever the order of the undos, and comes back with the first.
        """
        venue, symbol, _ = self._database.execute("series_named", (series,)).fetchone()
        name = (venue, symbol)
        row = self._database.execute("instrument_since", name).fetchone()
        if self._has_bars(name):
            if row is None:
                before = {"venue": venue, "symbol": symbol, "undo": self.undo, "snapshot": self.number - 1}
                self._database.execute("hold_instrument_of", before)
        elif row is not None and self._is_undone(row[0]):
            self._database.execute("end_instrument", (self.undo, *name))

    def _is_undone(self, number: int) -> bool:
        """Say whether a commit was taken back, and not brought back since."""
        row = self._database.execute("commit_of", (number,)).fetchone()
        return row is not None and row[3] is not None and not self._is_undone(row[3])

    def restore_factors(self) -> None:
        """Hold the factors of each instrument as before.

        Refused after a later commit brought others: those were joined with these, which would stay, or come back by
        the undo of that one.
        """
        for states, (venue, symbol) in self._named("touched_factors"):
            if not states.is_untouched():
                place = {"venue": venue, "symbol": symbol}
                self._refuse("touching_factors", place, f"the factors of {venue}:{symbol}")
            for _ in states.now:
                self._database.execute("end_factors", (self.undo, venue, symbol))
            for row in states.before:
                self._database.execute("hold_factors", (self.undo, row.row))

    def _named(self, statement: str) -> Iterator[tuple[_States, tuple[str, str]]]:
        """Yield the states of each instrument that the commit touched, with its venue and symbol."""
        rows = self._database.execute(statement, {"number": self.number}).fetchall()
        for name, group in groupby(rows, key=lambda row: row[:2]):
            yield self._states(_Row(row[5:], *row[2:5]) for row in group), name

    def _has_bars(self, name: tuple[str, str]) -> bool:
        """Say whether the store still has bars of an instrument."""
        return self._database.execute("has_bars", name).fetchone() is not None

    def _states(self, rows: Iterable[_Row]) -> _States:
        """Sort the rows of one thing by when they are held."""
        every = list(rows)
        before = [row for row in every if row.is_held(self.number - 1)]
        after = [row for row in every if row.is_held(self.number)]
        return _States(before, after, [row for row in every if row.until is None])

    def _hold_blocks(self, states: _States) -> None:
        """Bring the blocks of one period from now to before."""
        end, hold = _difference(states)
        for row in end:
            layer, place = row.row
            self._database.execute("end_block" if layer == TAIL else "end_segment", (self.undo, place))
        for row in hold:
            layer, place = row.row
            self._database.execute("hold_block" if layer == TAIL else "hold_segment", (self.undo, place))
        self.held += len(hold)

    def _refuse(self, statement: str, place: dict[str, Any], what: str) -> None:
        """Raise UndoError that names the newest later commit that touched the same and was not itself undone."""
        touching = self._database.execute(statement, {**place, "number": self.number}).fetchall()
        later = self._who_holds(_newest_in_force(touching, self.number))
        note = self._database.execute("commit_of", (later,)).fetchone()[2]
        cause = f"commit {later} ({note}) came later and changed {what}"
        raise UndoError(number=self.number, cause=cause, step=_LATER.format(later=later), later=later)

    def _name_of(self, series: int) -> str:
        """Return a series as a person says it."""
        venue, symbol, us = self._database.execute("series_named", (series,)).fetchone()
        return f"{venue}:{symbol} {Interval.of_us(us).text}"

    def _who_holds(self, number: int) -> int:
        """Return the commit to undo first: one that was undone, and that undo too, is held by the last of them."""
        while (by := self._database.execute("commit_of", (number,)).fetchone()[3]) is not None:
            number = self._database.execute("commit_of", (by,)).fetchone()[3] or by
        return number


def _mends(block: Mapping[Column, NDArray[Any]], held: Mapping[Column, NDArray[Any]]) -> bool:
    """Say whether each bar of a block is held, with no other value but the flag after_hole."""
    at = np.minimum(np.searchsorted(held["ts"], block["ts"]), len(held["ts"]) - 1)
    same = all(held[name][at].tobytes() == block[name].tobytes() for name in BAR_COLUMNS[:-1])
    return same and not bool(((held["flags"][at] ^ block["flags"]) & np.uint8(0xFF & ~AFTER_HOLE)).any())


def _short(note: str) -> str:
    """Return the note of a commit to be named in that of its undo: an undo's without what that one undid."""
    return note.partition(":")[0] if note.startswith("undo ") else note


def _difference(states: _States) -> tuple[list[_Row], list[_Row]]:
    """Return the rows of now to end and those of before to hold again, in order.

    From the first place on in which the two differ, all rows are taken: blocks of the tail stand in order of their
    commits, so that one that is held again could not come to lie below one that stays.
    """
    same = 0
    while same < min(len(states.now), len(states.before)) and states.now[same].what == states.before[same].what:
        same += 1
    return states.now[same:], states.before[same:]


def _newest_in_force(touching: list[tuple[int, int | None]], number: int) -> int:
    """Return the newest of commits (newest first, each with what it took back) that no later one took back.

    An undo of a commit after `number` and that commit cancel out: to take back the undo would only bring it back.
    """
    taken_back: set[int] = set()
    for later, undoes in touching:
        if later in taken_back:
            continue
        if undoes is None or undoes <= number:
            return later
        taken_back.add(undoes)
    return touching[0][0]
