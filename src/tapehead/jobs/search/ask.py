"""Ask: sets that a model of all results so far expects most of, by Optuna."""

from typing import Any, Final

import numpy as np

from tapehead.errors import MissingPackageError
from tapehead.jobs.search.draw import draw
from tapehead.jobs.search.searcher import F64, I64, Round
from tapehead.model.axis import Axis
from tapehead.model.grid import Grid, steps_of
from tapehead.model.space import STRATEGY, Part, Space

BATCH: Final = 8
"""Sets asked for at once. Not the number of workers: the sets of a sweep would depend on the machine."""
_TRIES: Final = 4


class Ask:
    """A Searcher that asks Optuna's tree-structured Parzen estimator, a batch at a time.

    Its first proposals are at random. They are places on the axes, so that every value is as far from the next. Instead
    of one that was there already or is against the constraint, a neighbour of it is taken; where that has none, it asks
    again, and after four times a set is drawn.

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
        self._bits = np.random.PCG64(seed)
        self._steps = {part.first: _steps(part) for part in space.parts}
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
            if self._is_free(point):
                return trial, point
            # Asked again it says much the same, once it has found a place it likes; and each answer takes it 10 ms.
            self._study.tell(trial, state=self._states.FAIL)
            near = self._near(point)
            if near is not None:
                return self._enter(near)
        return self._enter(next(point for point in self._drawn if point not in self._seen))

    def _is_free(self, point: int) -> bool:
        """Say whether a point is kept and new."""
        return point not in self._seen and bool(self._space.keeps(np.array([point]))[0])

    def _near(self, point: int) -> int | None:
        """Return a free neighbour of a point, whichever comes first from a place that the bits choose."""
        part = self._space.part_of(point)
        places = self._space.places(np.array([point]))[0, list(part.columns)]
        moved = places + self._steps[part.first]
        inside = ((moved >= 0) & (moved < [len(axis) for axis in part.axes])).all(axis=1)
        found = part.first + moved[inside] @ np.array(part.strides, np.int64)
        start = int(self._bits.random_raw() % max(len(found), 1))
        return next((one for one in np.roll(found, start).tolist() if self._is_free(one)), None)

    def _enter(self, point: int) -> tuple[Any, int]:
        """Return a trial of a point that the model did not propose."""
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


def _steps(part: Part) -> I64:
    """Return the steps to neighbours, shape (n_steps, n_axes)."""
    steps = steps_of(part)
    return np.array(steps, np.int64).reshape(len(steps), len(part.axes))


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
