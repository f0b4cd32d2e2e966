"""Race: all sets on few instruments, the best third of them on three times as many, and so on."""

from typing import Final

import numpy as np

from tapehead.jobs.search.searcher import F64, I64, Round
from tapehead.model.grid import Grid

KEPT: Final = 3
"""One set in so many goes on, to so many times the instruments."""


class Race:
    """A Searcher that halves successively, over instruments.

    The last round is on all instruments, the one before on a third of them, rounded up; there are as many rounds as
    both sets and instruments can be divided by three. Which instruments come first is drawn by the seed. Nobody is
    scored twice: a round asks only for the instruments that are new. Of equal sets the lower number goes on; those
    without an objective come last.
    """

    def __init__(self, grid: Grid, instruments: int, seed: int) -> None:
        self.grid = grid
        # The lot of each instrument; raw bits, since NumPy may change how it shuffles.
        self._order = np.argsort(np.random.PCG64(seed).random_raw(instruments), kind="stable")
        self._counts = list(rounds_of(len(grid), instruments))
        self._at = 0
        self._left = np.arange(len(grid))
        self._values = np.full(len(grid), np.nan)
        self._told = np.ones(len(grid), np.bool_)

    def next(self) -> Round | None:
        """Return the sets that are left, and the instruments they have not met."""
        if self._at == len(self._counts):
            return None
        if not self._told[self._left].all():
            raise ValueError("every set of a round is told before the next")
        _, before = self._counts[self._at - 1] if self._at else (0, 0)
        many, instruments = self._counts[self._at]
        values = np.where(np.isnan(self._values[self._left]), -np.inf, self._values[self._left])
        self._left = np.sort(self._left[np.argsort(-values, kind="stable")[:many]])
        self._told[self._left] = False
        self._at += 1
        return Round(self._left, np.sort(self._order[before:instruments]))

    def tell(self, sets: I64, values: F64) -> None:
        """Take what sets are worth on the instruments so far."""
        self._values[sets], self._told[sets] = values, True


def rounds_of(sets: int, instruments: int) -> list[tuple[int, int]]:
    """Return of each round how many sets are in it and on how many instruments they have been scored after it."""
    rounds = 1
    while sets >= KEPT**rounds and instruments >= KEPT**rounds:
        rounds += 1
    return [(-(-sets // KEPT**k), -(-instruments // KEPT ** (rounds - 1 - k))) for k in range(rounds)]
