"""What is made again of one result when it is asked for: curve, months, every metric, orders, costs, times."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.outline import outline
from tapehead.library.curves import all_metrics
from tapehead.library.documents.results import order_rows, share_rows
from tapehead.library.run import Run
from tapehead.library.tear.returns import drawdown, monthly
from tapehead.library.times import read_time
from tapehead.metrics.account import Account
from tapehead.model.interval import Interval
from tapehead.model.result import RunResult
from tapehead.model.rules import fraction

PARTS = ("trades", "metrics", "equity", "months", "orders", "costs", "shares", "times")
_WHOLE = frozenset(("metrics", "equity", "months"))
_CURVE = ("ts", "equity", "drawdown")
_SHARED = ("cash", "invested", "positions")
"""What the curve of a shared account has beside."""
_DAY = Interval.parse("1d")


class Window(NamedTuple):
    """Which part of the equity is asked for, and of how many points at most; `start` and `end` are ISO times."""

    start: str | None
    end: str | None
    points: int | None


def made_again(
    kept: Run, result: RunResult, wanted: Collection[str], window: Window, rf: str | float
) -> dict[str, Any]:
    """Return those of PARTS that have to be made again; raise what the run raises where that cannot be."""
    body: dict[str, Any] = {}
    if "times" in wanted:
        body["times"] = kept.times(result.instrument).view("datetime64[us]")
    # Orders first: what is made with them answers all the rest, and not the other way round.
    if "orders" in wanted:
        body["orders"] = list(order_rows(kept.orders(result), kept.times(result.instrument)))
    if not _WHOLE.isdisjoint(wanted):
        account = kept.account(result)
        if "equity" in wanted:
            beside = kept.equity(result) if kept.spec.portfolio is not None else {}
            body["equity"] = _equity(account, window, beside)
        if "months" in wanted:
            body["months"] = _months(account)
        if "metrics" in wanted:
            metrics = all_metrics(account, result, fraction("rf", rf))
            body |= {"metrics": dict(metrics), "why": dict(metrics.why), "convention": _convention(account)}
    if "costs" in wanted:
        body["costs"] = [{"fee": fee, "total_return": gain} for fee, gain in kept.costs(result)]
        body["cost_basis"] = kept.cost_basis(result)
    if "shares" in wanted:
        body["shares"] = None if kept.spec.portfolio is None else share_rows(kept.shares())
    return body


def cut_rows(body: dict[str, Any], first: int, limit: int, *, whole_curve: bool) -> int:
    """Leave of trades, orders and equity the rows of a page, of times all; return how many rows the longest has."""
    longest = 0
    for name in ("trades", "orders"):
        if name in body:
            longest = max(longest, len(body[name]))
            body[name] = body[name][first : first + limit]
    if "equity" in body and not whole_curve:
        line = body["equity"]
        longest = max(longest, line["total"])
        told = [name for name in (*_CURVE, *_SHARED) if name in line]
        body["equity"] = {**line, **{name: line[name][first : first + limit] for name in told}}
    return longest


def _equity(account: Account, window: Window, beside: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return equity and drawdown at the closes of a range, at most so many points, and what stands beside them."""
    ts, fallen = account.bars.ts, drawdown(account.equity, account.rules.cash)
    start, end = read_time("start", window.start), read_time("end", window.end)
    low = 0 if start is None else int(np.searchsorted(ts, start))
    high = len(ts) if end is None else int(np.searchsorted(ts, end))
    values = np.ascontiguousarray(account.equity[low : max(low, high)])
    at = np.arange(len(values)) if window.points is None or not len(values) else outline(values, window.points)
    return {
        "ts": ts[low + at].view("datetime64[us]"),
        "equity": values[at],
        "drawdown": fallen[low + at],
        **{name: beside[name][low + at] for name in _SHARED if name in beside},
        "total": len(values),
    }


def _months(account: Account) -> list[dict[str, Any]]:
    """Return a row a calendar year: the returns of its months and its own."""
    closes = account.bars.ts + account.bars.series.interval.us
    found = monthly(closes, account.equity, account.rules.cash)
    totals = _numbers(found.totals)
    return [
        {"year": year, "returns": _numbers(returns), "total": total}
        for year, returns, total in zip(found.years, found.returns, totals, strict=True)
    ]


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    """Return plain numbers, None for NaN."""
    return [None if value != value else value for value in values.tolist()]


def _convention(account: Account) -> dict[str, float]:
    """Return by how many periods a year was reckoned."""
    return {"periods_a_year": account.periods, "days_a_year": account.clock.periods_a_year(_DAY)}
