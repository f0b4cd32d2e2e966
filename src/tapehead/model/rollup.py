"""RollUp: coarser bars of a series that are kept, with what they were made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tapehead.layout.columns import Column


@dataclass(frozen=True, slots=True, eq=False)
class RollUp:
    """All coarser bars of one series, of one interval.

    Attributes
    ----------
    key : bytes
        Hash of all that they were made of: whoever would make them of the same needs not.
    parts : bytes
        What that was, as `jobs.roll_up` reads and writes it.
    columns : mapping of arrays, shape (n_bars,)
        The bars, unfinished ones included.
    made : int
        So many of them were made anew when they were last brought up to date.
    """

    key: bytes
    parts: bytes
    columns: Mapping[Column, NDArray[Any]]
    made: int
