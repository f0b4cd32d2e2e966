"""What jobs ask of the place where the newest values of indicators are kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

MOST_LINES: Final = 256
"""Lines that a store keeps at most; the one that was asked for longest ago goes first."""
KEY_BYTES: Final = 16


class KeptLine(NamedTuple):
    """The values of one line, shape (n_series,): by the digest of the bars each was made of, rising.

    A value is found by what it was made of and by nothing else, so none is ever stale.
    """

    keys: NDArray[Any]
    values: NDArray[np.float64]


class LineInfo(NamedTuple):
    """A line that is kept: of how many series, made and asked for when (us UTC), and whether by this engine."""

    interval: str
    line: str
    series: int
    made_at: int
    used_at: int
    current: bool


class LineStore(Protocol):
    """Newest values of indicators, by interval and line. Safe from many threads and processes."""

    def read(self, interval: str, lines: Sequence[str], engine: bytes) -> Mapping[str, KeptLine]:
        """Return those of some lines that this engine made and the store keeps whole; others are absent."""
        ...

    def keep(self, interval: str, kept: Mapping[str, KeptLine], engine: bytes) -> bool:
        """Keep lines in place of what was there, at most `MOST_LINES`; False where nothing could be written."""
        ...

    def market(self, interval: str) -> bytes | None:
        """Return who is in a market, as it was kept; None where it was not."""
        ...

    def keep_market(self, interval: str, series: int, packed: bytes) -> bool:
        """Keep who is in a market, in place of what was there; False where nothing could be written.

        So many series, and bytes that only jobs understand.
        """
        ...

    def infos(self, engine: bytes) -> Sequence[LineInfo]:
        """Return what is kept, by interval and line."""
        ...

    def forget(self) -> int:
        """Forget every line, and the markets; return how many lines those were."""
        ...
