"""undo: take back one commit, and say what that did to what is held."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from tapehead.errors import ParameterError
from tapehead.jobs.mend_borders import border_bars
from tapehead.model.bars import Bars
from tapehead.model.calendar import calendar
from tapehead.model.history import CommitRecord
from tapehead.model.instrument import Series
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore, ChunkCache, Mend

ALWAYS: Final = (-(2**62), 2**62)
_LEASE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did.

    `commit` is its own number, `undoes` the record of the commit taken back. `series` have other bars than before,
    of which `gone` have none any more and `back` had none; `bars_before` and `bars_after` count all bars of the store,
    `instruments_before` and `instruments_after` all its instruments.
    """

    commit: int
    undoes: CommitRecord
    series: tuple[Series, ...]
    gone: tuple[Series, ...]
    back: tuple[Series, ...]
    bars_before: int
    bars_after: int
    instruments_before: int
    instruments_after: int


def undo(store: BarStore, tiers: ChunkCache, number: int) -> Undone:
    """Take back a commit; bars that told of a hole beside what went, or came back, tell the truth again.

    Raises
    ------
    UndoError
        There is no such commit, it was swept or undone already, or a later one touched the same periods.
    """
    # Leased: gc may come between the undo, which has happened then, and the look at what was before it.
    with store.lease(store.head(), _LEASE_S):
        before = _bars(store), len(store.instruments())
        commit = store.undo(number, mend=_mender(store, tiers, number))
        after = _bars(store), len(store.instruments())
        # It is one commit, whoever else committed meanwhile: its own difference is that from the snapshot before it.
        old, new = _held(store, commit.number - 1), _held(store, commit.number)
    names = sorted({*old, *new}, key=lambda one: (one.venue, one.symbol, one.interval.us))
    return Undone(
        commit.number,
        store.log(limit=1, before=number + 1)[0],
        tuple(one for one in names if old.get(one) != new.get(one)),
        tuple(one for one in names if one not in new),
        tuple(one for one in names if one not in old),
        before[0],
        after[0],
        before[1],
        after[1],
    )


def _mender(store: BarStore, tiers: ChunkCache, number: int) -> Mend:
    """Return the look at the borders of periods, by the calendars of the instruments there are and were."""
    head = store.head()
    snapshots = [one for one in (number - 1, head) if 0 < one <= head]
    days: dict[str, str] = {}
    for snapshot in snapshots:
        with suppress(ParameterError):  # given back by gc; then the undo is refused anyway
            days |= {one.name: one.calendar for one in store.instruments(snapshot)}

    def mend(series: Series, refs: Sequence[SegmentRef], touched: Collection[int]) -> Bars | None:
        return border_bars(tiers, series, refs, touched, calendar(days.get(series.instrument, "24/7")))

    return mend


def _bars(store: BarStore) -> int:
    """Return how many bars the head holds."""
    return sum(cover.rows for cover in store.coverage())


def _held(store: BarStore, snapshot: int) -> dict[Series, Sequence[bytes]]:
    """Return the blocks of each series at a snapshot."""
    refs = store.manifest(store.series(snapshot), *ALWAYS, snapshot=snapshot).refs
    return {one: [ref.data for ref in held] for one, held in refs.items()}
