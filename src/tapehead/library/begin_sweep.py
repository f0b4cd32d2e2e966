"""begin_sweep: a sweep as it is asked for; what is wrong with it is told before anything that computes is loaded."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tapehead.library.presets import resolved
from tapehead.library.sweep_request import read_sweep
from tapehead.library.workforce import workers_of
from tapehead.model.preset import PREFIX
from tapehead.model.space import short_name
from tapehead.ports.work import Executor
from tapehead.wiring.assemble import House
from tapehead.wiring.team import load_team

if TYPE_CHECKING:
    from tapehead.library.sweep_run import SweepRun


def begin_sweep(
    house: House,
    strategies: Sequence[str],
    asked: Mapping[str, Any],
    *,
    fresh: bool,
    executor: str | Executor = "auto",
    workers: int | str | None = None,
    progress: Callable[..., None] | None = None,
    keep_failed: bool = False,
    tile: int | None = None,
) -> "SweepRun":
    """Begin what `Store.sweep` was asked for, or return the equal run that is kept; `tile` sets stand in a tile."""
    began = time.perf_counter()
    wheres, fixed = _by_name(house, strategies, asked["parameters"], asked["grid"])
    team = load_team(wheres)
    asked = {**asked, "parameters": fixed}
    house.get_ready()
    request = read_sweep(house.bars, team.members, workers=workers_of(house.settings, workers), **asked)
    # Here: the compiler and the kernels take 0.5 s, for which nobody waits who only has to be told what is wrong.
    from tapehead.library.start_sweep import start_sweep

    ways: dict[str, Any] = {"executor": executor, "workers": workers, "keep_failed": keep_failed, "tile": tile}
    snapshot = asked["snapshot"]
    return start_sweep(house, team, request, snapshot=snapshot, fresh=fresh, began=began, progress=progress, **ways)


def _by_name(
    house: House, strategies: Sequence[str], given: Mapping[str, Any] | None, grid: Mapping[str, Any] | None
) -> tuple[list[str], Mapping[str, Any] | None]:
    """Return what names the strategies, and what does not vary: the parameters of presets that neither side gives."""
    if not any(isinstance(one, str) and one.startswith(PREFIX) for one in strategies):
        return list(strategies), given
    wheres, fixed = [], dict(given or {})
    taken = {*fixed, *(grid or {})}
    for one in strategies:
        where, parameters = resolved(house, one, {})
        wheres.append(where)
        short = short_name(where)
        for name, value in parameters.items():
            key = f"{short}.{name}" if len(strategies) > 1 else name
            if not {name, f"{short}.{name}"} & taken:
                fixed[key] = value
    return wheres, fixed
