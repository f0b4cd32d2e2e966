"""unknown_lines: indicators of which nothing is known because there are fewer bars than they look back on."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.memo import Memo

_TOLD: Final = 3


def unknown_lines(memo: Memo) -> Sequence[tuple[str, str]]:
    """Return a warning for each indicator in a memo that knows nothing of any bar, though its input does.

    The first three that were asked for; one of several lines where none of them is known.
    """
    found: dict[str, int] = {}
    for name, lines, inputs in memo.asked():
        numbers = [line for line in lines if isinstance(line, np.ndarray) and line.dtype == np.float64]
        if numbers and all(_unknown(line) for line in numbers) and not any(_unknown(one) for one in inputs):
            found.setdefault(name, len(numbers[0]))
    return [
        ("signals.unknown", f"{name} is not known on any bar: there {_count(bars)}")
        for name, bars in list(found.items())[:_TOLD]
    ]


def unknown_rank(name: str, rank: NDArray[np.float64]) -> Sequence[tuple[str, str]]:
    """Return a warning where a rank knows nothing of any bar: names alone say then who goes first."""
    text = f"the rank {name} is not known on any bar: there {_count(len(rank))}"
    return [("signals.unknown", text)] if _unknown(rank) else []


def _unknown(line: NDArray[Any]) -> bool:
    """Say whether a line of numbers holds none; its last one says it of nearly every other."""
    if line.dtype != np.float64 or line.ndim != 1 or line.size == 0:
        return False
    return bool(np.isnan(line[-1])) and bool(np.isnan(line).all())


def _count(bars: int) -> str:
    """Return how many bars there are, in words."""
    return "is 1 bar" if bars == 1 else f"are {bars:,} bars"
