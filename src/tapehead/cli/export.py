"""Results, trades and curves as rows of plain values, for JSON and CSV: every digit, no rounding."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

from tapehead.model.interval import Interval
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.model.result import RunResult


def result_json(result: "RunResult") -> dict[str, Any]:
    """Return a result as events say it, with its final equity and range."""
    return {
        "instrument": result.instrument,
        "interval": result.interval,
        "parameters": dict(result.parameters),
        "metrics": dict(result.metrics),
        "why": dict(result.why),
        "flags": list(result.flags),
        "equity": list(result.equity),
        "final_equity": result.final_equity,
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


def trade_rows(result: "RunResult") -> Iterator[dict[str, Any]]:
    """Yield a row a closed trade; times are None where holes part the bars, so that a number gives no time."""
    if result.trades is None:
        return
    step = Interval.parse(result.interval).us
    whole = result.bars > 0 and result.last - result.first == (result.bars - 1) * step
    for row in result.trades.rows():
        entry, leave = row["entry_bar"], row["exit_bar"]
        notional = row["entry_price"] * row["quantity"]
        yield {
            "entry_time": iso(result.first + entry * step) if whole else None,
            "exit_time": iso(result.first + leave * step) if whole else None,
            **row,
            "return": row["profit"] / notional if notional else 0.0,
        }


def equity_rows(result: "RunResult") -> Iterator[dict[str, Any]]:
    """Yield a row a point of the curve: the bar, counted from 0 at the start, and equity at its close."""
    n = len(result.equity)
    for place, equity in enumerate(result.equity):
        yield {"bar": round(place * (result.bars - 1) / (n - 1)) if n > 1 else 0, "equity": equity}


def write_csv(out: TextIO, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows with a title line; None is an empty field."""
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
