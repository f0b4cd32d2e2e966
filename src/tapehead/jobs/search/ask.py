"""Ask: sets that a model of all results so far expects most of, by Optuna."""

from typing import Any, Final

import numpy as np

from tapehead.errors import MissingPackageError
from tapehead.jobs.search.draw import draw
from tapehead.jobs.search.searcher import F64, I64, Round
from tapehead.model.axis import Axis
from tapehead.model.grid import Grid
from tapehead.model.space import STRATEGY, Part, Space

BATCH: Final = 8
"""Sets asked for at once. Not the number of workers: the sets of a sweep would depend on the machine."""
_TRIES: Final = 20


class Ask:
    """A Searcher that asks Optuna's tree-structured Parzen estimator, a batch at a time.

    What it proposes twice or against the constraint is asked for again, up to 20 times; then a set is drawn. Its first
    proposals are at random. Proposals are places on the axes, so that every value is as far from the next.

    Raises
    ------
    MissingPackageError
        Optuna is not installed.
    ParameterError
        As `draw` says.
    """

    def __init__(self, space: Space, budget: int, instruments: int, seed: int) -> None:
        optuna = load_optuna()
        self._space, self._instruments = space, np.arange(instruments)
        # As many as could be needed: each of them may be proposed before it is drawn.
        self._drawn = draw(space, budget, seed).tolist()
        self._budget = len(self._drawn)
        self._states = optuna.trial.TrialState
        self._study: Any = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        self._points: list[int] = []
        self._seen: set[int] = set()
        self._open: dict[int, Any] = {}
        self._told: dict[int, float] = {}

    @property
    def grid(self) -> Grid:
        """The sets asked for so far, in their order."""
        return Grid(self._space, np.array(self._points, np.int64))

    def next(self) -> Round | None:
        """Return the next batch."""
        if self._open.keys() != self._told.keys():
            raise ValueError("every set of a round is told before the next")
        # By number: the model depends on the order in which it learns.
        for number, trial in sorted(self._open.items()):
            value = self._told[number]
            if np.isfinite(value):
                self._study.tell(trial, value)
            else:
                self._study.tell(trial, state=self._states.PRUNED)
        self._open, self._told = {}, {}
        first = len(self._points)
        for number in range(first, min(first + BATCH, self._budget)):
            self._open[number], point = self._propose()
            self._points.append(point)
            self._seen.add(point)
        return Round(np.arange(first, len(self._points)), self._instruments) if self._open else None

    def tell(self, sets: I64, values: F64) -> None:
        """Take what sets of the batch are worth."""
        self._told.update(zip(sets.tolist(), values.tolist(), strict=True))

    def _propose(self) -> tuple[Any, int]:
        """Return a trial and its point, one that was not there and is kept."""
        for _ in range(_TRIES):
            trial = self._study.ask()
            point = self._point(trial)
            if point not in self._seen and self._space.keeps(np.array([point]))[0]:
                return trial, point
            self._study.tell(trial, state=self._states.FAIL)
        point = next(point for point in self._drawn if point not in self._seen)
        self._study.enqueue_trial(self._named(point))
        trial = self._study.ask()
        return trial, self._point(trial)

    def _point(self, trial: Any) -> int:
        """Let a trial choose a place on each axis, and return the point."""
        parts = self._space.parts
        chosen = 0 if len(parts) == 1 else trial.suggest_categorical(STRATEGY, list(range(len(parts))))
        part = parts[chosen]
        places: list[int] = [
            trial.suggest_int(_name(chosen, axis), 0, len(axis) - 1)
            if axis.has_steps
            else trial.suggest_categorical(_name(chosen, axis), list(range(len(axis))))
            for axis in part.axes
        ]
        return part.first + sum(place * stride for place, stride in zip(places, part.strides, strict=True))

    def _named(self, point: int) -> dict[str, int]:
        """Return the places of a point, by the names that the study knows them by."""
        places = self._space.places(np.array([point]))[0].tolist()
        chosen = 0 if len(self._space.parts) == 1 else places[0]
        part: Part = self._space.parts[chosen]
        named = {_name(chosen, axis): places[column] for axis, column in zip(part.axes, part.columns, strict=True)}
        return named if len(self._space.parts) == 1 else {STRATEGY: chosen, **named}


def _name(part: int, axis: Axis) -> str:
    """Return what an axis of a part is called in the study."""
    return f"{part}.{axis.name}"


def load_optuna() -> Any:
    """Import Optuna, which only this search needs; quiet, since it would tell of every study and trial."""
    try:
        import optuna
    except ImportError:
        call = "--search bayes"
        text = f"{call} needs Optuna, which comes with the extra 'search'. Install it: pip install 'tapehead[search]'"
        raise MissingPackageError(text, call=call, package="optuna") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
