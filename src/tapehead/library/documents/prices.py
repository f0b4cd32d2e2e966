"""Bars as plain values, column by column."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tapehead.layout.columns import FLAG_WORDS
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.jobs.lookup import Reading
    from tapehead.model.table import Table


def reading_json(found: "Reading") -> dict[str, Any]:
    """Return plain values, column by column."""
    rows = {name: [_texts(name)(value) for value in values.tolist()] for name, values in found.table.items()}
    return {**reading_facts(found), "bars": rows}


def reading_facts(found: "Reading") -> dict[str, Any]:
    """Return plain values of what was read, without the columns."""
    table = found.table
    times = [iso(int(table.ts[place])) for place in (0, -1)] if "ts" in table else [None, None]
    return {
        "instrument": found.instrument.name,
        "interval": found.series.interval.text,
        "source": found.source.text,
        "snapshot": found.snapshot,
        "count": table.rows,
        "total": found.total,
        "outside": found.outside,
        "first": times[0],
        "last": times[1],
    }


def latest_rows(found: "Table") -> Iterator[dict[str, Any]]:
    """Yield plain values of one bar an instrument: those columns that there are."""
    columns = {name: values.tolist() for name, values in found.items()}
    plain = {name: str if name == "instrument" else _texts(name) for name in columns}
    for row in zip(*columns.values(), strict=True):
        yield {name: plain[name](value) for name, value in zip(columns, row, strict=True)}


def _texts(name: str) -> Callable[[Any], Any]:
    """Return how a value of a column becomes a plain one."""
    if name == "ts":
        return iso
    return flag_words if name == "flags" else float


def flag_words(flags: int) -> list[str]:
    """Return the names of all flags that are set."""
    return [word for bit, word in FLAG_WORDS.items() if flags & bit]
