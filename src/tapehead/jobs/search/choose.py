"""searcher_of: the searcher that a spec asks for."""

import numpy as np

from tapehead.errors import ParameterError
from tapehead.jobs.search.ask import Ask
from tapehead.jobs.search.draw import draw
from tapehead.jobs.search.everything import Everything
from tapehead.jobs.search.race import Race
from tapehead.jobs.search.searcher import Searcher
from tapehead.model.grid import Grid
from tapehead.model.space import Space
from tapehead.model.spec import RunSpec


def searcher_of(spec: RunSpec, instruments: int) -> Searcher:
    """Return what hands out the sets of a sweep; made again from the same spec it hands out the same ones.

    Raises
    ------
    ParameterError
        The grid is too large to score whole, or its constraint leaves nothing.
    MissingPackageError
        The search needs Optuna and it is not installed.
    """
    space = Space.of(spec)
    if spec.search == "bayes":
        return Ask(space, _budget(spec), instruments, spec.seed)
    grid = sets_of(spec, space)
    return Race(grid, instruments, spec.seed) if spec.search == "halving" else Everything(grid, instruments)


def sets_of(spec: RunSpec, space: Space) -> Grid:
    """Return the sets that a search other than bayes scores, in order of the grid: all that are kept, or drawn ones."""
    if spec.search == "grid":
        return Grid.every(space)
    return Grid(space, np.sort(draw(space, _budget(spec), spec.seed)))


def _budget(spec: RunSpec) -> int:
    """Return how many sets a search may score."""
    if spec.budget is None:
        bound = f"given where the search is {spec.search}: --budget 1000"
        raise ParameterError(name="budget", value="not given", bound=bound)
    return spec.budget
