"""What is asked of a service about sweeps, and what its answers become."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tapehead.errors import IncompleteStreamError
from tapehead.library.remote.asking import LARGE_PAGE, Ask, Asking, below, gathered, get
from tapehead.library.remote.made import detail, set_text
from tapehead.library.remote.results import RemoteResult, result_from, trades_from
from tapehead.library.sweep_surface import SetValues, SweepSurface
from tapehead.metrics.surface import Rows, Surface
from tapehead.model.bars import I64
from tapehead.model.grid import Grid
from tapehead.model.space import Space
from tapehead.model.tile import Tile

TILE = "application/vnd.tapehead.tile"


def tile(run: str, instrument: str, lo: int) -> Asking[Tile]:
    """Return one tile."""
    answer = yield Ask("GET", below("runs", run, "tiles", str(lo), instrument), headers={"Accept": TILE})
    answer.check()
    found = Tile.from_bytes(answer.content)
    if (found.run, found.instrument, found.lo) != (run, instrument, lo):
        raise IncompleteStreamError(f"Run {run} gave another tile than that of {instrument} from set {lo} on.")
    return found


def surface(run: str, space: Space, metric: str | None) -> Asking[SweepSurface]:
    """Return what the sets of a sweep are worth, of what is kept so far."""
    body = yield from get("runs", run, "surface", metric=metric, statistic="all")
    columns = {name: np.array(column, np.float64) for name, column in body["columns"].items()}
    held = ~np.isnan(columns["scored"])
    points: I64 = np.flatnonzero(held) if body["points"] is None else np.array(body["points"], np.int64)
    columns = {name: column[held] for name, column in columns.items()}
    grid = Grid(space, points)
    worth = [columns[name] for name in ("median", "quartile_low", "quartile_high", "above_zero", "above_holding")]
    counts = [columns[name].astype(np.int64) for name in ("instruments", "scored")]
    found = Surface(
        Rows(worth[0], worth[1], worth[2], worth[3], worth[4], counts[0], counts[1]),
        columns["neighbourhood"],
        _number(points, body["best"]),
        _number(points, body["best_robust"]),
        np.flatnonzero(np.isin(points, body["plateau"])),
    )
    return SweepSurface(body["run"], grid, found, body["metric"], tuple(body["names"]))


def spread(run: str, point: int, metric: str | None) -> Asking[SetValues]:
    """Return a metric and the total return of one set, by instrument."""
    body = yield from gathered(["instruments"], "runs", run, "surface", str(point), limit=LARGE_PAGE, metric=metric)
    rows = sorted(body["instruments"], key=lambda one: str(one["instrument"]))
    return {one["instrument"]: (_plain(one["value"]), _plain(one["total_return"])) for one in rows}


def cell(run: str, symbol: str, parameters: Mapping[str, Any]) -> Asking[RemoteResult]:
    """Have one cell made again, with its trades, which must be those that it counted."""
    body = yield from detail(run, symbol, "trades", parameters=set_text(parameters))
    found = body["result"]
    return result_from(body["run"], found, trades=trades_from(body["trades"], bytes.fromhex(found["decisions"])))


def _number(points: I64, told: Mapping[str, Any] | None) -> int | None:
    """Return the number of a set among those of a grid."""
    return None if told is None else int(np.flatnonzero(points == told["point"])[0])


def _plain(value: float | None) -> float:
    """Return NaN for what is undefined."""
    return float("nan") if value is None else value
