"""judge: how much of what a sweep found is luck."""

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tapehead.jobs.ledger import luck_in
from tapehead.metrics.deflated import Luck, median_defined, sharpe_deflated
from tapehead.metrics.overfitting import Overfitting, overfitting_steps
from tapehead.model.bars import F64, I64
from tapehead.model.grid import Grid
from tapehead.model.result import RunId
from tapehead.model.trials import BLOCKS
from tapehead.ports.runs import RunStore, TilePart
from tapehead.ports.trials import TrialLedger

_COLUMNS: Final = ("points", "blocks")
_LUCK: Final = 0.4
"""Share of the work that is over when the trials are read."""


@dataclass(frozen=True, slots=True)
class Deflated:
    """What is left of a set after every trial that the ledger counts on its instruments.

    Attributes
    ----------
    sharpe_deflated : float or None
        Median over instruments of the probability that the true Sharpe ratio is above what luck alone finds; None for
        the reason in `why`.
    trials, trials_effective : float
        Median over instruments of the trials counted there, and of the independent ones they are worth.
    """

    sharpe_deflated: float | None
    why: str
    trials: float
    trials_effective: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `why` only where something is undefined."""
        told = {name: getattr(self, name) for name in ("sharpe_deflated", "trials", "trials_effective")}
        return told | ({"why": self.why} if self.why else {})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is left of some sets of a sweep, by their numbers, and how often choosing among all of them fails."""

    overfitting: Overfitting
    sets: Mapping[int, Deflated]


def judge(
    runs: RunStore, ledger: TrialLedger, run: RunId, grid: Grid, interval: str, sets: Collection[int]
) -> Generator[float, None, Judgement]:
    """Judge a sweep by its kept tiles and by the trials of all runs, its own among them; yield the share that is done.

    Parameters
    ----------
    grid : Grid
        The sets of the sweep.
    sets : collection of int
        Numbers of those whose deflated Sharpe ratio is wanted.

    Notes
    -----
    Reads the block sums of the run once, and those of the ledger on its instruments once. Memory: 256 bytes a set.
    Overfitting is judged among the sets that have a result on every instrument that any has one on; after ruin there
    are no returns to go by.
    """
    pool = _Pool(grid, sets)
    for part in runs.tiles(run, _COLUMNS):
        pool.take(part)
        yield 0.0
    found: dict[int, list[tuple[float | None, Luck]]] = {number: [] for number in sets}
    for place, (instrument, mine) in enumerate(pool.picked.items()):
        yield _LUCK * place / len(pool.picked)
        luck = luck_in(ledger, instrument, interval)
        for number, (lo, sums) in mine.items():
            tile = runs.tile(run, instrument, lo)
            value = None if tile is None else sharpe_deflated(tile.observations, sums, luck)[0]
            found[number].append((value, luck))
    splits = pool.overfitting()
    while True:
        try:
            done, total = next(splits)
        except StopIteration as end:
            return Judgement(end.value, {number: _deflated(each) for number, each in found.items()})
        yield _LUCK + (1.0 - _LUCK) * done / total


def _deflated(found: Collection[tuple[float | None, Luck]]) -> Deflated:
    """Return what is left of a set over its instruments."""
    value, why = median_defined(one for one, _ in found)
    trials = [luck.trials for _, luck in found] or [0]
    effective = [luck.effective for _, luck in found] or [0.0]
    return Deflated(value, why, float(np.median(trials)), float(np.median(effective)))


class _Pool:
    """Block sums of each set over all instruments, and those of some sets by instrument."""

    def __init__(self, grid: Grid, sets: Collection[int]) -> None:
        self.order: I64 = np.argsort(grid.points, kind="stable")
        self.points: I64 = grid.points[self.order]
        self.totals: F64 = np.zeros((BLOCKS, len(grid)))
        self.squares: F64 = np.zeros((BLOCKS, len(grid)))
        self.cells: I64 = np.zeros(len(grid), np.int64)
        self.bars: dict[str, int] = {}
        self.wanted = {int(grid.points[number]): number for number in sets}
        self.picked: dict[str, dict[int, tuple[int, F64]]] = {}

    def take(self, part: TilePart) -> None:
        """Add the cells of a tile."""
        own, blocks = part.columns["points"], part.columns["blocks"]
        if not part.cells:
            return
        numbers = self.order[np.searchsorted(self.points, own)]
        self.totals[:, numbers] += blocks[:, :, 0].T
        self.squares[:, numbers] += blocks[:, :, 1].T
        self.cells[numbers] += 1
        self.bars[part.instrument] = part.bars
        for point in self.wanted.keys() & set(own.tolist()):
            sums = blocks[int(np.flatnonzero(own == point)[0])].sum(axis=0)
            self.picked.setdefault(part.instrument, {})[self.wanted[point]] = part.lo, sums

    def overfitting(self) -> Generator[tuple[int, int], None, Overfitting]:
        """Judge the choice among the sets that have a result wherever any has, and none of them ruined."""
        edges = np.arange(BLOCKS + 1)
        lengths = sum((np.diff(edges * n // BLOCKS) for n in self.bars.values()), np.zeros(BLOCKS))
        finite = np.isfinite(self.totals).all(axis=0) & np.isfinite(self.squares).all(axis=0)
        whole = finite & (self.cells == len(self.bars))
        columns = (self.totals, self.squares) if whole.all() else (self.totals[:, whole], self.squares[:, whole])
        return overfitting_steps(lengths, *(each.T for each in columns))
