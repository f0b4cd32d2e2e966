"""What is asked of a service about bars: columns as an Arrow stream, page by page, all of one snapshot."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.lookup import Reading
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.library.remote.asking import Ask, Asking, below
from tapehead.library.remote.held import instrument_from, reading_from
from tapehead.model.instrument import Instrument
from tapehead.model.table import Table

ARROW = "application/vnd.apache.arrow.stream"
BARS_PAGE = 100_000


def reading(symbol: str, asked: Mapping[str, Any]) -> Asking[Reading]:
    """Return bars of one instrument: what is told of them, then they themselves, as of the same snapshot."""
    one = {"limit": 1} if asked["points"] is None else {}
    answer = yield Ask("GET", below("bars", symbol), {**asked, **one, "columns": ["ts"]})
    facts = dict(answer.json())
    facts["snapshot"] = int(answer.headers["tapehead-snapshot"])
    instrument = yield from _instrument(facts["instrument"])
    names = BAR_COLUMNS if asked["columns"] is None else tuple(dict.fromkeys(asked["columns"]))
    pinned = {**asked, "columns": list(names), "interval": facts["interval"], "snapshot": facts["snapshot"]}
    columns, metadata = yield from _columns(instrument.name, pinned, names)
    return reading_from(Table(columns, metadata), instrument, facts)


def _instrument(name: str) -> Asking[Instrument]:
    """Return the facts of an instrument by its whole name."""
    answer = yield Ask("GET", "/instruments", {"query": name, "limit": 10_000})
    rows = [instrument_from(one).instrument for one in answer.json()["instruments"]]
    return next(one for one in rows if one.name == name)


def _columns(
    name: str, asked: Mapping[str, Any], names: tuple[str, ...]
) -> Asking[tuple[dict[str, NDArray[Any]], dict[str, str]]]:
    """Return the columns of all pages, and the text about them."""
    import pyarrow as pa

    size = {"limit": BARS_PAGE} if asked["points"] is None else {}
    tables: list[Any] = []
    cursor: str | None = None
    metadata: dict[str, str] = {}
    while not tables or cursor is not None:
        answer = yield Ask("GET", below("bars", name), {**asked, **size, "cursor": cursor}, headers={"Accept": ARROW})
        answer.check()
        tables.append(pa.ipc.open_stream(answer.content).read_all())
        metadata = {key.decode(): value.decode() for key, value in (tables[-1].schema.metadata or {}).items()}
        cursor = metadata.pop("cursor", None)
    columns = {each: np.concatenate([values_of(table[each], each) for table in tables]) for each in names}
    return columns, metadata


def values_of(column: Any, name: str) -> NDArray[Any]:
    """Return a column of an Arrow table as its array; times as us UTC."""
    values: NDArray[Any] = column.cast("int64" if name == "ts" else column.type).to_numpy()
    return values.astype(BAR_DTYPES[cast("Column", name)], copy=False)
