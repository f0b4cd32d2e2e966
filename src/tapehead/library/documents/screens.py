"""Screens as plain values: counts, what was missing, and a row an instrument."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.library.screens import Screened
    from tapehead.ports.lines import LineInfo

OWN = ("instrument", "ts", "close")


def screen_json(found: "Screened", first: int = 0, limit: int | None = None) -> dict[str, Any]:
    """Return plain values of a screen, with some of its rows."""
    told = found.found
    return {
        "expression": found.expression,
        "universe": found.universe,
        "interval": found.interval,
        "snapshot": found.snapshot,
        "at": None if found.at is None else iso(found.at),
        "newest": None if told.newest is None else iso(told.newest),
        "count": len(found),
        "asked": told.asked,
        "matched": told.matched,
        "unknown": told.unknown,
        "quiet": told.quiet,
        "absent": told.absent,
        "missing": [
            {
                "line": one.line,
                "instruments": one.instruments,
                "fewest_bars": one.fewest_bars,
                "most_bars": one.most_bars,
            }
            for one in told.missing
        ],
        "computed": found.computed,
        "elapsed_ms": round(found.elapsed_ms, 3),
        "degraded": found.degraded,
        "columns": [name for name in found.columns if name not in OWN],
        "screen": rows_json(found.rows(first, limit)),
    }


def rows_json(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the time of their bar as text, and what was asked beside it as `values`."""
    return [
        {
            "instrument": row["instrument"],
            "ts": iso(row["ts"]),
            "close": row["close"],
            "values": {name: value for name, value in row.items() if name not in OWN},
        }
        for row in rows
    ]


def line_json(one: "LineInfo") -> dict[str, Any]:
    """Return plain values of a line that is kept."""
    return {
        "interval": one.interval,
        "line": one.line,
        "series": one.series,
        "made_at": iso(one.made_at),
        "used_at": iso(one.used_at),
        "current": one.current,
    }
