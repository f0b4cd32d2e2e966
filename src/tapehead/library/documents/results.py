"""Results, trades, orders and curves as rows of plain values: every digit, no rounding."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tapehead.metrics.gains import Points, returns_of
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.model.bars import I64
    from tapehead.model.orders import Orders
    from tapehead.model.result import RunResult
    from tapehead.model.table import Table


def result_json(result: "RunResult") -> dict[str, Any]:
    """Return a result as events say it."""
    return {
        "instrument": result.instrument,
        "interval": result.interval,
        "parameters": dict(result.parameters),
        "metrics": dict(result.metrics),
        "why": dict(result.why),
        "flags": list(result.flags),
        "equity": result.equity.tolist(),
        "final_equity": result.final_equity,
        "decisions": result.decisions.hex(),
        "bars": result.bars,
        "first": iso(result.first) if result.bars else None,
        "last": iso(result.last) if result.bars else None,
    }


def result_rows(results: Iterable["RunResult"]) -> Iterator[dict[str, Any]]:
    """Yield a flat row a result."""
    for result in results:
        yield {
            "instrument": result.instrument,
            "interval": result.interval,
            "parameters": json.dumps(dict(result.parameters), sort_keys=True),
            **result.metrics,
            "final_equity": result.final_equity,
            "flags": " ".join(result.flags),
        }


def trade_rows(result: "RunResult", times: "I64", multiplier: Points = 1.0) -> Iterator[dict[str, Any]]:
    """Yield a row a closed trade; `times` are the open times (us UTC) of the bars counted from the start.

    A level that there was none of is None. `return` is `returns_of`, as in the metrics that end in `_return`, None
    where a rate that was not kept decides it; `multiplier` is the money a point of the instrument, by name where
    several share an account.
    """
    if result.trades is None:
        return
    gains = returns_of(result.trades, multiplier).tolist()
    for row, gain in zip(result.trades.rows(), gains, strict=True):
        yield {
            "entry_time": iso(int(times[row["entry_bar"]])),
            "exit_time": iso(int(times[row["exit_bar"]])),
            **{name: None if value != value else value for name, value in row.items()},
            "return": None if gain != gain else gain,
        }


def order_rows(orders: "Orders", times: "I64") -> Iterator[dict[str, Any]]:
    """Yield a row an order: when it was decided, when and how it ended; what was not filled has no price."""
    for row in orders.rows():
        yield {
            "decided_time": iso(int(times[row["decided"]])),
            "time": iso(int(times[row["bar"]])) if row["bar"] >= 0 else None,
            **{name: None if value != value else value for name, value in row.items()},
        }


def equity_rows(result: "RunResult", times: "I64") -> Iterator[dict[str, Any]]:
    """Yield a row a point of the curve: the bar counted from 0 at the start, its open time, equity at its close."""
    n = len(result.equity)
    for place, equity in enumerate(result.equity.tolist()):
        bar = place * (result.bars - 1) // (n - 1) if n > 1 else 0
        yield {"bar": bar, "time": iso(int(times[bar])), "equity": equity}


def course_rows(course: "Table", points: int) -> Iterator[dict[str, Any]]:
    """Yield a row a point of the account of a portfolio, at most so many, first and last among them.

    `course` has `ts`, when each instant begins (us UTC), and what the account was at its end.
    """
    n = course.rows
    k = min(n, points)
    columns = {name: values.tolist() for name, values in course.items() if name != "ts"}
    for place in (each * (n - 1) // max(k - 1, 1) for each in range(k)):
        at = {"bar": place, "time": iso(int(course.ts[place]))}
        yield at | {name: values[place] for name, values in columns.items()}


def share_rows(shares: "Table") -> list[dict[str, Any]]:
    """Return a row an instrument of a portfolio: what it brought and cost; a share of no profit is None."""
    columns = {name: values.tolist() for name, values in shares.items()}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [{name: None if value != value else value for name, value in row.items()} for row in rows]
