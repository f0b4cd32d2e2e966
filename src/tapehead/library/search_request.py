"""read_search: how the sets of a sweep are chosen, as a user asks for it."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple, get_args

from tapehead.errors import ParameterError
from tapehead.jobs.search.ask import load_optuna
from tapehead.layout.cells import CELL_METRICS
from tapehead.model.grid import MOST_SETS
from tapehead.model.spec import OBJECTIVE, SEARCHES, SEED, Search
from tapehead.strategies.strategy import Param

LESS_IS_BETTER: Final = ("volatility_annual", "max_drawdown_bars", "max_drawdown_days", "fees_paid")
SAME_FOR_ALL: Final = ("buy_and_hold_return",)
OBJECTIVES: Final = tuple(name for name in CELL_METRICS if name not in (*LESS_IS_BETTER, *SAME_FOR_ALL))
"""Metrics of a cell of which more is better, so that a search can go by them; a drawdown is negative."""
_LARGEST_SEED: Final = 2**63 - 1


class Asked(NamedTuple):
    """How sets are chosen: fields of a RunSpec."""

    search: Search
    budget: int | None
    objective: str
    seed: int


def read_search(search: Any, budget: Any, objective: Any, seed: Any, workers: int) -> Asked:
    """Return how sets are chosen, each setting checked against the others; None is the default.

    Parameters
    ----------
    search : "grid", "random", "bayes" or "halving"
        A grid search scores every set: it takes no budget, and its seed is left at the default, since it has no use
        for one and equal sweeps have equal keys.
    budget : int
        Most sets to score; at least as many as `workers`. Wanted by every search but grid.
    objective : str
        One of OBJECTIVES.
    seed : int, at least 0

    Raises
    ------
    ParameterError
        One of them does not fit.
    MissingPackageError
        The search is bayes and Optuna is not installed.
    """
    kind = _search("grid" if search is None else search)
    goal = _objective(OBJECTIVE if objective is None else objective)
    start = SEED if seed is None else _whole("seed", seed, 0, _LARGEST_SEED)
    if kind == "grid":
        if budget is not None:
            bound = "left out where the search is grid, which scores every set; to score some: --search random"
            raise ParameterError(name="budget", value=budget, bound=bound)
        return Asked(kind, None, goal, SEED)
    if budget is None:
        bound = f"given where the search is {kind}: --search {kind} --budget 1000"
        raise ParameterError(name="budget", value="not given", bound=bound)
    count = _whole("budget", budget, 1, MOST_SETS)
    if count < workers:
        bound = f"at least {workers}, a set for each worker: --budget {max(workers, 100)}, or --workers {count}"
        raise ParameterError(name="budget", value=count, bound=bound)
    if kind == "bayes":
        load_optuna()
    return Asked(kind, count, goal, start)


def _search(value: Any) -> Search:
    """Return how sets are chosen."""
    for name in get_args(Search):
        if value == name:
            found: Search = name
            return found
    bound = f"grid, random, bayes or halving{_near(value, SEARCHES)}"
    raise ParameterError(name="search", value=value, bound=bound)


def _objective(value: Any) -> str:
    """Return the metric that a search goes by."""
    if value in (*LESS_IS_BETTER, *SAME_FOR_ALL):
        bound = f"a metric of which more is better, such as {OBJECTIVE}: {', '.join(OBJECTIVES)}"
        raise ParameterError(name="objective", value=value, bound=bound)
    if value not in OBJECTIVES:
        bound = f"a metric{_near(value, OBJECTIVES)}: {', '.join(OBJECTIVES)}"
        raise ParameterError(name="objective", value=value, bound=bound)
    return str(value)


def _near(value: Any, held: Sequence[str]) -> str:
    """Return what was probably meant, in brackets."""
    close = get_close_matches(str(value), held, 1)
    return f" (did you mean {close[0]}?)" if close else ""


def _whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number within bounds."""
    try:
        return int(Param(name, 0, low, high).read(value))
    except ParameterError:
        raise ParameterError(name=name, value=value, bound=f"a whole number from {low:,} to {high:,}") from None
