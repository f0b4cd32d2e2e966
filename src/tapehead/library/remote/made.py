"""What a service makes again of one result: curve, metrics, orders, costs, and why a trade is what it is."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import TapeheadError
from tapehead.layout.columns import ORDER_DTYPES, ORDER_STATUSES, REASONS
from tapehead.library.curves import AllMetrics
from tapehead.library.remote.asking import Asking, gathered, get
from tapehead.model.orders import AccountOrders, Orders
from tapehead.model.table import Table

MOST_ROWS = 100_000


class Place(NamedTuple):
    """One result of a run; `set` names that of a sweep's cell, and is None of a backtest."""

    run: str
    symbol: str
    set: str | None = None


def set_text(parameters: Mapping[str, Any]) -> str | None:
    """Return parameters as a route takes them; None where none are given."""
    return ",".join(f"{name}={value}" for name, value in parameters.items()) or None


def detail(run: str, symbol: str, include: str, **params: Any) -> Asking[dict[str, Any]]:
    """Return what the route of one result says, with all rows of what is included."""
    rows = ("trades", "orders", "equity")
    return (yield from gathered(rows, "runs", run, "results", symbol, limit=MOST_ROWS, include=include, **params))


def equity(of: Place) -> Asking[Table]:
    """Return equity at every bar close, with the opens of the bars."""
    body = yield from _made(of, "equity")
    line = body["equity"]
    columns = {"ts": times_from(line["ts"]), "equity": np.array(line["equity"], np.float64)}
    for name, kind in (("cash", np.float64), ("invested", np.float64), ("positions", np.int64)):
        if line.get(name) is not None:
            columns[name] = np.array(line[name], kind)
    return Table(columns)


def times(of: Place) -> Asking[NDArray[np.int64]]:
    """Return the open times (us UTC) of the bars that the result counts from 0."""
    body = yield from _made(of, "times")
    return times_from(body["times"])


def shares(of: Place) -> Asking[Table]:
    """Return what each instrument of a portfolio brought and cost."""
    body = yield from _made(of, "shares")
    rows = body["shares"] or []
    kinds = dict.fromkeys(("trades", "no_cash", "no_place"), np.int64) | {"instrument": np.str_}
    return Table(
        {
            name: np.array(
                [float("nan") if row[name] is None else row[name] for row in rows], kinds.get(name, np.float64)
            )
            for name in rows[0]
        }
    )


def money_a_point(of: Place) -> Asking[float]:
    """Return what a point of the instrument is worth a unit."""
    body = yield from _made(of, "")
    return float(body["multiplier"])


def money_points(of: Place) -> Asking[float | dict[str, float]]:
    """Return what a point is worth a unit, of the account of a portfolio by instrument."""
    body = yield from _made(of, "")
    return dict(body["multipliers"]) if body.get("multipliers") else float(body["multiplier"])


def metrics(of: Place, rf: float) -> Asking[AllMetrics]:
    """Return every metric, those of the whole curve included, at a riskless yearly rate."""
    body = yield from _made(of, "metrics", rf=repr(rf) if rf else None)
    found = AllMetrics(body["metrics"])
    found.why = body["why"]
    return found


def compat(of: Place, tool: str) -> Asking[dict[str, float | int | str | None]]:
    """Return the metrics as another tool would print them, in its order."""
    body = yield from _made(of, "", compat=tool)
    return dict(body["compat"])


def orders(of: Place) -> Asking[Orders]:
    """Return every order and what became of it."""
    body = yield from _made(of, "orders")
    words = {"reason": REASONS, "status": ORDER_STATUSES}

    def plain(name: str, value: Any) -> Any:
        if name in words:
            return words[name].index(value)
        return float("nan") if value is None else value

    columns = {
        name: np.array([plain(name, row[name]) for row in body["orders"]], dtype)
        for name, dtype in ORDER_DTYPES.items()
    }
    if body["orders"] and "instrument" in body["orders"][0]:
        return AccountOrders(**columns, instrument=np.array([row["instrument"] for row in body["orders"]]))
    return Orders(**columns)


def costs(of: Place) -> Asking[list[tuple[float, float]]]:
    """Return (fee a side, total return) at other fees."""
    body = yield from _made(of, "costs")
    return [(one["fee"], one["total_return"]) for one in body["costs"]]


def cost_basis(of: Place) -> Asking[dict[str, Any] | None]:
    """Return what costs are replayed from beside the trades."""
    body = yield from _made(of, "costs")
    return None if body["cost_basis"] is None else dict(body["cost_basis"])


def explain(of: Place, trade: int) -> Asking[dict[str, Any]]:
    """Return why one closed trade is what it is."""
    body = yield from get("runs", of.run, "results", of.symbol, "trades", str(trade), "explain", parameters=of.set)
    return {name: value for name, value in body.items() if name not in ("schema", "run")}


def times_from(texts: list[str]) -> NDArray[np.int64]:
    """Return ISO times with Z as us UTC."""
    return np.array([text.removesuffix("Z") for text in texts], "datetime64[us]").astype(np.int64)


def _made(of: Place, part: str, **view: Any) -> Asking[Mapping[str, Any]]:
    """Return one result with a part that is made again; raise where it could not be."""
    body: Mapping[str, Any] = yield from detail(of.run, of.symbol, part, parameters=of.set, **view)
    if body.get("trouble"):
        raise TapeheadError(body["trouble"], code="runs.changed")
    return body
