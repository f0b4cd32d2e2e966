"""Stages: where the time of one task goes, and what each stage leaves in memory."""

import time
from typing import Any, Final

import numpy as np

from tapehead.indicators.memo import Memo
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, TRADE_DTYPES
from tapehead.model.bar_signals import BarSignals
from tapehead.model.bars import Bars
from tapehead.model.signals import CONDITIONS, LINES, Crossing, Signals

_SAID: Final = (*CONDITIONS, *LINES)
BAR_BYTES: Final = sum(np.dtype(dtype).itemsize for dtype in BAR_DTYPES.values())
"""A bar in memory, all columns."""
TRADE_BYTES: Final = sum(np.dtype(dtype).itemsize for dtype in TRADE_DTYPES.values())
"""A closed trade in memory, all columns."""


class Stages:
    """The clock of one task, from when it is made.

    `us` is time by stage, `held` the bytes of the arrays that a stage left to those after it; what a stage lets go
    before its end does not count, and a stage that leaves nothing is not there.
    """

    def __init__(self) -> None:
        self.us: dict[str, float] = {}
        self.held: dict[str, int] = {}
        self._last = time.perf_counter()

    def mark(self, stage: str, left: int = 0) -> None:
        """End a stage that leaves so many bytes in arrays."""
        now = time.perf_counter()
        self.us[stage] = (now - self._last) * 1e6
        if left > 0:
            self.held[stage] = left
        self._last = now

    def total_us(self) -> float:
        """Return the time of all stages."""
        return sum(self.us.values())


def bytes_of(signals: Signals, bars: Bars, memo: Memo) -> int:
    """Return the bytes of what a strategy left: indicators in the memo, and conditions and lines beside them."""
    # By identity, with constants for what has a fixed layout: to walk over every array of a task took 5 % of a run.
    counted = {_owner(getattr(bars, name)) for name in BAR_COLUMNS}
    counted.update(map(_owner, memo.values()))
    total = memo.size_bytes
    said = [getattr(signals, name) for name in _SAID]
    if isinstance(signals, BarSignals):
        said += signals.lines.values()
    for one in said:
        for line in (one.a, one.b) if isinstance(one, Crossing) else (one,):
            if isinstance(line, np.ndarray) and _owner(line) not in counted:
                counted.add(_owner(line))
                total += line.nbytes
    return total


def _owner(line: Any) -> int:
    """Return what names the memory of an array and of its views."""
    base = getattr(line, "base", None)
    return id(base if isinstance(base, np.ndarray) else line)
