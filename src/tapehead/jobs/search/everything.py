"""Everything: one round, all sets on all instruments."""

import numpy as np

from tapehead.jobs.search.searcher import F64, I64, Round
from tapehead.model.grid import Grid


class Everything:
    """A Searcher that scores every set of a grid, in one round."""

    def __init__(self, grid: Grid, instruments: int) -> None:
        self.grid = grid
        self._rounds = [Round(np.arange(len(grid)), np.arange(instruments))]

    def next(self) -> Round | None:
        """Return all there is, once."""
        return self._rounds.pop() if self._rounds else None

    def tell(self, sets: I64, values: F64) -> None:
        """Take what came of it; nothing is decided by it."""
