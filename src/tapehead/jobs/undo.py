"""undo: take back one commit, and say what that did to what is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tapehead.model.history import CommitRecord
from tapehead.model.instrument import Series
from tapehead.ports.bars import BarStore

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


def undo(store: BarStore, number: int) -> Undone:
    """Take back a commit.

    Raises
    ------
    UndoError
        There is no such commit, it was swept or undone already, or a later one touched the same periods.
    """
    # Leased: gc may come between the undo, which has happened then, and the look at what was before it.
    with store.lease(store.head(), _LEASE_S):
        before = _bars(store), len(store.instruments())
        commit = store.undo(number)
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


def _bars(store: BarStore) -> int:
    """Return how many bars the head holds."""
    return sum(cover.rows for cover in store.coverage())


def _held(store: BarStore, snapshot: int) -> dict[Series, Sequence[bytes]]:
    """Return the blocks of each series at a snapshot."""
    refs = store.manifest(store.series(snapshot), *ALWAYS, snapshot=snapshot).refs
    return {one: [ref.data for ref in held] for one, held in refs.items()}
