"""unknown_lines: indicators of which nothing is known because there are fewer bars than they look back on."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.memo import Asked, Memo, said_of

UNKNOWN: Final = "signals.unknown"
MOST_TOLD: Final = 3
"""Of an instrument."""


class Unknown:
    """Collects the indicators that know nothing of any bar, though their input does; each once, by name."""

    def __init__(self) -> None:
        self._bars: dict[str, int] = {}

    def take(self, asked: Asked) -> None:
        """Look at one; of several lines none must be known."""
        lines = [line for line in asked.lines if isinstance(line, np.ndarray) and line.dtype == np.float64]
        if lines and all(map(_unknown, lines)) and not any(map(_unknown, asked.inputs)):
            self._bars.setdefault(said_of(asked.key), len(lines[0]))

    def warnings(self) -> Sequence[tuple[str, str]]:
        """Return a warning for each of the first three that were asked for."""
        return [
            (UNKNOWN, f"{name} is not known on any bar: {there_are(bars)}")
            for name, bars in list(self._bars.items())[:MOST_TOLD]
        ]


def unknown_lines(memo: Memo, found: Unknown | None = None) -> Sequence[tuple[str, str]]:
    """Return a warning for each indicator in a memo that knows nothing of any bar, three at most.

    `found` holds those that the memo has dropped.
    """
    found = found or Unknown()
    for asked in memo.asked():
        found.take(asked)
    return found.warnings()


def unknown_rank(name: str, rank: NDArray[np.float64]) -> Sequence[tuple[str, str]]:
    """Return a warning where a rank knows nothing of any bar: names alone say then who goes first."""
    text = f"the rank {name} is not known on any bar: {there_are(len(rank))}"
    return [(UNKNOWN, text)] if _unknown(rank) else []


def _unknown(line: NDArray[Any]) -> bool:
    """Say whether a line of numbers holds none; its last one says it of nearly every other."""
    if line.dtype != np.float64 or line.ndim != 1 or line.size == 0:
        return False
    return bool(np.isnan(line[-1])) and bool(np.isnan(line).all())


def there_are(bars: int) -> str:
    """Return how many bars there are, in words."""
    return "there is 1 bar" if bars == 1 else f"there are {bars:,} bars"
