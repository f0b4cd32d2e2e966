"""What is asked of a service that answers with columns over many instruments: newest bars, and SQL."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.library.prices import checked_columns
from tapehead.library.remote.asked_bars import ARROW, values_of
from tapehead.library.remote.asking import Ask, Asking, below
from tapehead.library.sql.ask import SqlAnswer
from tapehead.model.table import Table

LATEST_PAGE = 10_000


def latest(asked: Mapping[str, Any]) -> Asking[Table]:
    """Return one bar of each instrument, all of one snapshot."""
    import pyarrow as pa

    names = checked_columns(asked["columns"])
    params = {**asked, "columns": list(names), "limit": LATEST_PAGE}
    pages: list[Any] = []
    cursor: str | None = None
    while not pages or cursor is not None:
        answer = yield Ask("GET", below("latest"), {**params, "cursor": cursor}, headers={"Accept": ARROW})
        answer.check()
        pages.append(pa.ipc.open_stream(answer.content).read_all())
        found = (pages[-1].schema.metadata or {}).get(b"cursor")
        cursor = None if found is None else found.decode()
    text = [name for page in pages for name in page["instrument"].to_pylist()]
    columns: dict[str, NDArray[Any]] = {"instrument": np.array(text, np.str_)}
    return Table(columns | {name: np.concatenate([values_of(page[name], name) for page in pages]) for name in names})


def sql(asked: Mapping[str, Any]) -> Asking[SqlAnswer]:
    """Return what a query gave."""
    import pyarrow as pa

    given = {name: value for name, value in asked.items() if value is not None}
    answer = yield Ask("POST", below("sql"), json=given, headers={"Accept": ARROW})
    answer.check()
    table = pa.ipc.open_stream(answer.content).read_all()
    facts = json.loads((table.schema.metadata or {})[b"sql"])
    return SqlAnswer(table.replace_schema_metadata(None), **facts)
