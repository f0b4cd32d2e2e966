"""Fills: what every fill of a portfolio found in the account and left there, as its walk wrote it down."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import book

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

PHASES: Final = ("open", "inside", "close")
"""In which part of an instant something filled, by its number."""


@dataclass(frozen=True, slots=True, eq=False)
class Fills:
    """Fills of all instruments in the order in which they were booked, each column of shape (n_fills,).

    An entry and an exit that one step of a bar made are one row. Money is of the account.

    Attributes
    ----------
    instant : int64
        Place in the clock.
    leg : int64
        Place of the instrument in the order of names.
    phase : int64
        Index into PHASES.
    trade : int64
        How many trades of this instrument were closed before: the number of its trade, from 0.
    held : int64
        Positions of the account before.
    taken : int64
        Places beside these that were not free yet; as `locked`, true of fills that buy, others do not look at it.
    cash, cash_after : float64
        Of the account.
    units, units_after : float64
        Of the instrument, negative where short.
    locked : float64
        Part of the cash that could buy nothing yet.
    beside : float64
        Worth of all other positions at their marks, a short's below 0.
    multiplier : float64
        Money a point of price and unit, its currency's rate in it.
    fee : float64
    own : float64
        Worth of the position itself at its mark, before; a short's below 0.
    joined : bool
        A position was added to and closed in one step: two sums of money in one, and no price.
    """

    instant: I64
    leg: I64
    phase: I64
    trade: I64
    held: I64
    taken: I64
    cash: F64
    cash_after: F64
    units: F64
    units_after: F64
    locked: F64
    beside: F64
    multiplier: F64
    fee: F64
    own: F64
    joined: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of fills."""
        return int(self.instant.shape[0])

    def row(self, place: int) -> dict[str, Any]:
        """Return one fill as plain values."""
        return {name: getattr(self, name)[place].item() for name in self.__slots__}

    def buys(self) -> NDArray[np.bool_]:
        """Return which opened a position or added to one, left in the same step or not; shape (n_fills,).

        One that turned a position round, or joined an addition with its end, did both.
        """
        turned = self.units * self.units_after < 0.0
        passed = (self.units == 0.0) & (self.units_after == 0.0)
        found: NDArray[np.bool_] = (np.abs(self.units_after) > np.abs(self.units)) | turned | passed | self.joined
        return found


def fills_of(notes: F64, who: NDArray[np.int32]) -> Fills:
    """Return the fills of a walk's notes, shape (n_fills, NOTE); `who` is the instrument of each closed trade."""
    whole = {
        name: notes[:, place].astype(np.int64)
        for name, place in (
            ("instant", book.NOTE_AT),
            ("leg", book.NOTE_WHO),
            ("phase", book.NOTE_PHASE),
            ("held", book.NOTE_HELD),
            ("taken", book.NOTE_TAKEN),
        )
    }
    known = notes[:, book.NOTE_TRADES].astype(np.int64)
    trade = np.zeros(notes.shape[0], np.int64)
    for leg in np.unique(whole["leg"]).tolist():
        mine = whole["leg"] == leg
        trade[mine] = np.searchsorted(np.flatnonzero(who == leg), known[mine])
    return Fills(
        **whole,
        trade=trade,
        cash=notes[:, book.NOTE_CASH].copy(),
        cash_after=notes[:, book.NOTE_CASH_AFTER].copy(),
        units=notes[:, book.NOTE_UNITS].copy(),
        units_after=notes[:, book.NOTE_UNITS_AFTER].copy(),
        locked=notes[:, book.NOTE_LOCKED].copy(),
        beside=notes[:, book.NOTE_BESIDE].copy(),
        multiplier=notes[:, book.NOTE_MULTIPLIER].copy(),
        fee=notes[:, book.NOTE_FEE].copy(),
        own=notes[:, book.NOTE_OWN].copy(),
        joined=notes[:, book.NOTE_JOINED] != 0.0,
    )
