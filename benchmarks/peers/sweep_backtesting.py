"""backtesting.py on many pairs: one Backtest a pair, one process a core, as in `with_backtesting`."""

from __future__ import annotations

import numpy as np

from benchmarks.handover import Handover
from benchmarks.outcome import Outcome
from benchmarks.pairs import PROVED, Handed
from benchmarks.peers.measure import main
from benchmarks.peers.with_backtesting import BacktestingPeer, layouts


class SweepBacktesting(BacktestingPeer):
    """Pair after pair on one process or several, written `processes:2`; trades are never left out by the tool."""

    def __init__(self, handed: Handed, fill: str, layout: str, metrics: tuple[str, ...]) -> None:
        prices = (np.broadcast_to(np.asarray(values), (handed.count, len(values))) for values in handed[:6])
        super().__init__(Handover(*prices, handed.enter, handed.leave), fill, layout, metrics)
        self.last: Outcome | None = None

    def run(self) -> Outcome:
        """Simulate every pair."""
        self.last = super().run()
        return Outcome(self.last.count, {}, self.last.is_open, self.last.final, self.last.metrics)

    def proof(self) -> Outcome:
        """The trades of the first pairs; no more of them were run."""
        assert self.last is not None
        assert len(self.last.final) <= PROVED
        return self.last


if __name__ == "__main__":
    main(SweepBacktesting, layouts, Handed.load)
