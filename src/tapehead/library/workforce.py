"""workforce: who works on a run, from what was asked for."""

from typing import Any, Final

from tapehead.errors import ParameterError
from tapehead.ports.work import Executor
from tapehead.settings import MOST_WORKERS, Settings, processors
from tapehead.wiring.assemble import EXECUTORS, make_executor

_NAMES: Final = f"one of {', '.join(EXECUTORS)}"


def workers_of(settings: Settings, workers: Any) -> int:
    """Return how many workers were asked for; `auto` and None mean what the settings say, else one a processor.

    Raises
    ------
    ParameterError
        It is not from 1 to 1,024.
    """
    if workers is None or (isinstance(workers, str) and workers == "auto"):
        return settings.workers or processors()
    if type(workers) is int and 1 <= workers <= MOST_WORKERS:
        return workers
    shown = workers if type(workers) is int else repr(workers)
    raise ParameterError(name="workers", value=shown, bound=f"auto, or a whole number from 1 to {MOST_WORKERS:,}")


def workforce(settings: Settings, executor: Any, workers: Any, *, cells: int, compiled: bool) -> Executor:
    """Return the executor asked for, or the one that is there already.

    Parameters
    ----------
    executor : str or Executor
        A name of EXECUTORS; `auto` looks at the first of `cells`, unless the strategy is known to be `compiled`.
    workers : int, "auto" or None
        As in `workers_of`.

    Raises
    ------
    ParameterError
    """
    count = workers_of(settings, workers)
    if not isinstance(executor, str):
        if not all(hasattr(executor, name) for name in ("map", "workers", "kind", "why", "lost")):
            raise ParameterError(name="executor", value=repr(executor), bound=_NAMES)
        made: Executor = executor
        return made
    if executor == "serial" and workers not in (None, "auto", 1):
        raise ParameterError(name="workers", value=workers, bound="1, or left out, since the executor serial has one")
    return make_executor(executor, count, cells=cells, compiled=compiled)
