"""Bars with the other series that a strategy needs, as a run would show them; the reference is a walk of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tapehead.jobs.beside import Beside, Cut
from tapehead.model.bars import Bars


def reference_of(bars: Bars) -> Bars:
    """A walk at the times of the bars, one in nine of which it lacks."""
    rng = np.random.default_rng(len(bars))
    close = np.round(100 * np.exp(rng.normal(0, 0.01, len(bars)).cumsum()), 2)
    kept = np.arange(len(bars)) % 9 != 4
    columns = (bars.ts[kept], close[kept], close[kept] * 1.003, close[kept] * 0.997, close[kept])
    return Bars.from_arrays(*columns, interval=bars.series.interval, symbol="OTHER")


class Desk(Beside):
    """What a worker has, over bars in memory."""

    def __init__(self, reference: Bars) -> None:
        held = SimpleNamespace(calendar="24/7")
        item = SimpleNamespace(instrument=held)
        plan: Any = SimpleNamespace(warm=0, reference=lambda need: SimpleNamespace(asked="", interval="", item=item))
        shelf: Any = None
        super().__init__(plan, shelf)
        self._reference = reference

    def _read(self, reference: Any, warm: int) -> Bars:
        return self._reference


def shown(strategy: Any, bars: Bars, reference: Bars | None = None, cut: Cut | None = None) -> Bars:
    """The bars as the strategy is asked about them."""
    item: Any = SimpleNamespace(rules=SimpleNamespace(calendar="24/7"))
    return Desk(reference_of(bars) if reference is None else reference).bars(strategy, item, bars, cut=cut)
