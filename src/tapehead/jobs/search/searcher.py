"""Searcher: what says which sets are scored next and is told what came of them."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tapehead.model.grid import Grid

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]


class Round(NamedTuple):
    """Sets to score now, each on each of these instruments; both as rising numbers."""

    sets: I64
    instruments: I64


class Searcher(Protocol):
    """Hands out rounds until there are no more.

    `next` is called again when every set of the round before has been told, in whatever order and pieces: the same
    values give the same rounds. Not safe from several threads.
    """

    @property
    def grid(self) -> Grid:
        """The sets handed out so far, or to be handed out; a set keeps its number."""
        ...

    def next(self) -> Round | None:
        """Return what to score now, None when the search is over."""
        ...

    def tell(self, sets: I64, values: F64) -> None:
        """Take the objective of sets of this round: its median over all instruments each has been scored on so far.

        NaN where none of them has one.
        """
        ...
