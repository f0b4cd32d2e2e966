"""ledger: which trials a run adds to the ledger of its store, and how the trials of an instrument stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tapehead.jobs.plan import Plan
from tapehead.metrics.deflated import Batch, Luck, luck_of, shapes, sharpe_deflated
from tapehead.model.bars import F64
from tapehead.model.result import RunId, RunResult
from tapehead.model.space import STRATEGY, Space
from tapehead.model.spec import RULE_KEYS, canonical
from tapehead.model.tile import Tile
from tapehead.model.trials import Context, KeptTrials, Trials
from tapehead.ports.trials import TrialLedger

COUNTED: Final = frozenset(("start", "end", "adjust", "portfolio", *RULE_KEYS))
"""Keys of a spec that make another trial, beside strategy, parameters, interval and instrument."""
_MEMBERS: Final = "members"
_TEXTS: Final = 100_000
"""Sets whose canonical JSON is held at a time: every instrument of a sweep has the same ones."""


class Counting:
    """What one run adds to the ledger of trials.

    Parameters
    ----------
    ledger : TrialLedger
    plan : Plan
    sources : mapping, optional
        Digest of the source of each strategy by name, for a sweep over several.

    Notes
    -----
    Used by the one thread that drives the run.
    """

    def __init__(self, ledger: TrialLedger, plan: Plan, sources: Mapping[str, bytes] | None = None) -> None:
        self._ledger = ledger
        self._spec = plan.spec
        self._settings = canonical(settings_of(plan)).decode()
        self._own = canonical(dict(plan.spec.parameters)).decode()
        self._sources = dict(sources or {plan.spec.strategy: plan.key.strategy})
        self._space = None if plan.spec.grid is None else Space.of(plan.spec)
        self._texts: dict[int, tuple[str, str]] = {}

    def add_results(self, results: Sequence[RunResult], trials: Sequence[tuple[int, F64]]) -> int:
        """Count the trials of results of one backtest; return how many are new.

        `trials` holds of each result how many bar returns it has, and their sums by block, shape (16, 4).
        """
        if not results:
            return 0
        added = []
        for result, (observations, blocks) in zip(results, trials, strict=True):
            one = Trials([self._own], np.array([observations]), blocks[None])
            added.append((self._context(self._spec.strategy, result.instrument), one))
        return self._ledger.add_each(results[0].run, added)

    def add_tiles(self, tiles: Sequence[Tile]) -> int:
        """Count the trials of tiles of one sweep; return how many are new."""
        added = [one for tile in tiles for one in self._of_tile(tile)]
        return self._ledger.add_each(tiles[0].run, added) if added else 0

    def _of_tile(self, tile: Tile) -> Iterator[tuple[Context, Trials]]:
        """Yield the trials of a tile by strategy."""
        named = [self._named(point) for point in tile.points.tolist()]
        for strategy in sorted({name for name, _ in named}):
            places = [place for place, (name, _) in enumerate(named) if name == strategy]
            texts = [named[place][1] for place in places]
            blocks = tile.blocks if len(places) == len(named) else tile.blocks[places]
            trials = Trials(texts, np.full(len(texts), tile.observations, np.int64), blocks)
            yield self._context(strategy, tile.instrument), trials

    def _context(self, strategy: str, instrument: str) -> Context:
        """Return what decides a trial beside its parameters."""
        return Context(strategy, self._sources[strategy], instrument, self._spec.interval, self._settings)

    def _named(self, point: int) -> tuple[str, str]:
        """Return the strategy of a set, and its own parameters as canonical JSON."""
        held = self._texts.get(point)
        if held is None:
            if len(self._texts) >= _TEXTS:
                self._texts.clear()
            parameters = {} if self._space is None else self._space.parameters(point)
            strategy = str(parameters.pop(STRATEGY, self._spec.strategy))
            held = self._texts[point] = strategy, canonical(parameters).decode()
        return held


def settings_of(plan: Plan) -> dict[str, Any]:
    """Return what of a run's spec makes another trial; for a universe by filter, the filter too.

    A trial does not know which other instruments, sets or trials were asked for beside it, nor on which state of the
    store: bars that come later make no new one.
    """
    found = {name: value for name, value in plan.spec.to_json().items() if name in COUNTED}
    return found | ({_MEMBERS: plan.where} if plan.where else {})


@dataclass(frozen=True, slots=True)
class Best:
    """The trial of the greatest Sharpe ratio: what it was, and what is left of it after all the others.

    `sharpe` is of one bar; `deflated` is None for the reason in `why`.
    """

    context: Context
    run: RunId
    parameters: str
    sharpe: float
    deflated: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the trials of an instrument and interval stand; `best` is None where none has a Sharpe ratio."""

    luck: Luck
    best: Best | None


def batches_of(kept: KeptTrials) -> Iterator[Batch]:
    """Yield trials by the bars they have: those of one range as asked and one number of returns."""
    observations = kept.trials.observations
    for n in np.unique(observations).tolist():
        rows = np.flatnonzero(observations == n)
        blocks = kept.trials.blocks if len(rows) == len(kept.trials) else kept.trials.blocks[rows]
        yield Batch((kept.context.span(), n), np.full(len(rows), float(n)), blocks)


def luck_in(ledger: TrialLedger, instrument: str, interval: str) -> Luck:
    """Return what the best of all trials of an instrument and interval has by luck alone."""
    return luck_of(batch for kept in ledger.read(instrument, interval) for batch in batches_of(kept))


def stand(ledger: TrialLedger, instrument: str, interval: str, *, strategy: str | None = None) -> Standing:
    """Return how the trials of an instrument and interval stand, each read once.

    Parameters
    ----------
    strategy : str, optional
        Look for the best among the trials of this one; luck counts those of all.
    """
    leader = _Leader()

    def batches() -> Iterator[Batch]:
        for kept in ledger.read(instrument, interval):
            if strategy in (None, kept.context.strategy):
                leader.see(kept)
            yield from batches_of(kept)

    luck = luck_of(batches())
    return Standing(luck, leader.told(luck))


class _Leader:
    """The trial of the greatest Sharpe ratio so far, the first of equal ones."""

    def __init__(self) -> None:
        self.sharpe = -np.inf
        self.kept: KeptTrials | None = None

    def see(self, kept: KeptTrials) -> None:
        """Look at some more trials."""
        trials = kept.trials
        sharpes = shapes(trials.observations.astype(np.float64), trials.blocks.sum(axis=1)).sharpe
        if not np.isfinite(sharpes).any():
            return
        place = int(np.nanargmax(sharpes))
        if sharpes[place] > self.sharpe:
            self.sharpe = float(sharpes[place])
            self.kept = KeptTrials(kept.context, kept.run, kept.added_at, trials.at([place]))

    def told(self, luck: Luck) -> Best | None:
        """Return it, held against luck."""
        if self.kept is None:
            return None
        one = self.kept.trials
        deflated, why = sharpe_deflated(int(one.observations[0]), one.blocks[0].sum(axis=0), luck)
        return Best(self.kept.context, self.kept.run, one.sets[0], self.sharpe, deflated, why)
