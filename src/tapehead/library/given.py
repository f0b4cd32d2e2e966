"""bars_of: bars as somebody has them, as the bars of series."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tapehead.errors import ParameterError
from tapehead.library.times import read_time
from tapehead.model.bars import Bars

_NAMELESS = ("memory", "ARRAY")
_FORM = (
    "Bars, several of them, a frame, or rows such as {'ts': ..., 'open': ..., 'high': ..., 'low': ..., 'close': ...}"
)


def bars_of(given: Any, venue: str | None, symbol: str | None, interval: str | None) -> list[Bars]:
    """Return bars of series; a frame, or rows as mappings, are of the one that is named.

    Raises
    ------
    ParameterError
        It is neither, a row lacks a column, or bars that say their series come with another name for it.
    """
    rows = list(given) if isinstance(given, (list, tuple)) else [given]
    named: dict[str, Any] = {
        name: value for name, value in (("venue", venue), ("symbol", symbol), ("interval", interval)) if value
    }
    if all(isinstance(one, Bars) for one in rows):
        if named:
            name, value = next(iter(named.items()))
            raise ParameterError(name=name, value=value, bound="left out where bars are given, which say it themselves")
        return rows
    made = Bars.from_frame(_columns(rows) if isinstance(given, (list, tuple)) else given, **named)
    if made.series[:2] == _NAMELESS:
        raise ParameterError(name="symbol", value=symbol, bound="given, and venue, where bars do not say them")
    return [made]


def _columns(rows: list[Any]) -> dict[str, Any]:
    """Return rows as columns; each row has those of the first."""
    first = rows[0]
    for place, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise ParameterError(name="bars", value=f"{type(row).__name__} at {place}", bound=_FORM)
        if row.keys() != first.keys():
            strange = ", ".join(sorted(map(str, row.keys() ^ first.keys())))
            raise ParameterError(
                name="bars", value=f"row {place}", bound=f"of the columns of row 1; they differ in {strange}"
            )
    columns: dict[str, Any] = {str(name): np.array([row[name] for row in rows]) for name in first if name != "ts"}
    if "ts" in first:
        columns["ts"] = np.array([_time(row["ts"]) for row in rows], np.int64)
    return columns


def _time(value: Any) -> int:
    """Return a time as us UTC; a row without one is refused."""
    moment = read_time("ts", int(value) if isinstance(value, np.integer) else value)
    if moment is None:
        raise ParameterError(name="ts", value=None, bound="the open time of the bar")
    return moment
