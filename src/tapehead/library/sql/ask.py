"""ask: one SELECT over a store, answered by a process of its own that is bounded in memory and time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from typing import Any, Final

from tapehead import errors
from tapehead.errors import MissingPackageError, ParameterError, SqlError, TapeheadError
from tapehead.wiring.assemble import House

MOST_ROWS: Final = 1_000_000
_GRACE_S: Final = 60.0
_LOOK_S: Final = 0.25
_MODULE: Final = "tapehead.library.sql.answer"
_ENDS: Final = (2**63 - 1, 1 - 2**63, 2**31 - 1, 1 - 2**31)
"""Of times and of dates: what DuckDB calls infinity."""


@dataclass(frozen=True, slots=True, eq=False)
class SqlAnswer:
    """What a query gave.

    Attributes
    ----------
    table : pyarrow.Table
        Its rows; of a plan none. Of columns of one name later ones are numbered, as in `close_1`. pandas, polars and
        DuckDB take the answer itself: `polars.DataFrame(answer)`.
    whole : bool
        False where there were more rows than were asked for.
    snapshot : int
        State of the store that bars and instruments were read at.
    plan : str or None
        Steps of the engine with their times and rows, where the plan was asked for.
    scanned : mapping
        What was read of bars: `series` of `held_series`, `segments`, `bars`, `columns`.
    elapsed_s : float
    """

    table: Any
    whole: bool
    snapshot: int
    plan: str | None
    scanned: Mapping[str, Any]
    elapsed_s: float

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.table.num_rows)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as plain Python values; times are datetimes in UTC, texts where no datetime can hold them."""
        names, columns = self.table.column_names, map(_values_of, self.table.columns)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the rows to any library that takes an Arrow stream."""
        return self.table.__arrow_c_stream__(requested_schema)


def _values_of(column: Any) -> list[Any]:
    """Return the values of a column; one of a time beyond the years 1 to 9999, or finer than us, as text."""
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        return [_value_of(one) for one in column]
    return values


def _value_of(one: Any) -> Any:
    """Return one value, as text where Python has none for it."""
    try:
        return one.as_py()
    except (OverflowError, ValueError):
        held = getattr(one, "value", None)
        if held in _ENDS:
            return "infinity" if held > 0 else "-infinity"
        try:
            return one.cast("string").as_py()
        except Exception as error:
            # Inside of a list or a struct.
            raise SqlError(cause="it holds times beyond the years 1 to 9999", step="Cast them to VARCHAR") from error


def facts_of(found: SqlAnswer) -> dict[str, Any]:
    """Return what is told of an answer beside its rows, as plain values."""
    told = ("whole", "snapshot", "plan", "elapsed_s")
    return {**{name: getattr(found, name) for name in told}, "scanned": dict(found.scanned)}


def ask(
    house: House,
    query: str,
    *,
    snapshot: int | None,
    rows: int,
    seconds: float,
    memory_mb: int,
    plan: bool,
    progress: Callable[..., None] | None,
    most_bytes: int | None = None,
) -> SqlAnswer:
    """Answer a query; see `Store.sql`. Raises SqlError too where its rows take more than `most_bytes`."""
    _check("rows", rows, 1, MOST_ROWS)
    _check("seconds", seconds, 0.001, 3600)
    _check("memory", memory_mb, 64, 1 << 20)
    if find_spec("duckdb") is None:
        raise MissingPackageError(call="SQL over a store", package="'tapehead[sql]'")
    home = house.settings.url or os.fspath(house.settings.home)
    asked: dict[str, Any] = {"home": home, "query": query, "snapshot": snapshot, "rows": rows, "plan": plan}
    asked |= {"seconds": seconds, "memory_mb": memory_mb, "most_bytes": most_bytes}
    if any("\ud800" <= letter <= "\udfff" for letter in query):
        raise SqlError(
            cause="it holds half of a letter, which is no text", step="Write it in UTF-8: tapehead sql --help"
        )
    told = _told_by(json.dumps(asked).encode(), seconds, memory_mb, progress)
    size = int.from_bytes(told[:8], "big")
    head = json.loads(told[8 : 8 + size])
    if "error" in head:
        kind: type[TapeheadError] = getattr(errors, head["error"])
        raise kind(head["text"], **head["facts"])
    import pyarrow

    body = told[8 + size :]
    table = pyarrow.ipc.open_stream(body).read_all() if body else pyarrow.table({})
    return SqlAnswer(table.rename_columns(_apart(table.column_names)), **head)


def _apart(names: Sequence[str]) -> list[str]:
    """Return names of columns of which no two are equal: a later one of a name gets the first number that is free."""
    taken, found = {*names}, dict[str, None]()
    for name in names:
        free = (f"{name}_{number}" for number in count(1))
        chosen = name if name not in found else next(one for one in free if one not in taken)
        taken.add(chosen)
        found[chosen] = None
    return list(found)


def _told_by(question: bytes, seconds: float, memory_mb: int, progress: Callable[..., None] | None) -> bytes:
    """Return what the process that answers says; one that says nothing in time, or dies, is told of in a sentence."""
    command = [sys.executable, "-P", "-m", _MODULE]
    given = {**os.environ, "MALLOC_ARENA_MAX": "2"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=given
    ) as process:
        try:
            told, talk = _talk(process, question, time.monotonic() + seconds + _GRACE_S, progress)
        except BaseException:
            process.kill()
            raise
    if len(told) >= 8:
        return told
    if process.returncode < 0 or b"MemoryError" in talk or b"bad_alloc" in talk:
        step = f"Ask for less of it, or give it more: --memory {2 * memory_mb}"
        raise SqlError(cause=f"it needs more memory than {memory_mb:,} MB", step=step)
    lines = talk.decode(errors="replace").strip().splitlines() or ["it ended without a word"]
    raise SqlError(cause=lines[-1][:300].rstrip("."), step="Look at the surroundings: tapehead doctor")


def _talk(
    process: "subprocess.Popen[bytes]", question: bytes, end: float, progress: Callable[..., None] | None
) -> tuple[bytes, bytes]:
    """Ask and wait; the process ends itself at its limit, and is taken for stuck some time after it."""
    asked: bytes | None = question
    while True:
        try:
            return process.communicate(asked, _LOOK_S)
        except subprocess.TimeoutExpired:
            asked = None
            if progress is not None:
                progress("answering")
            if time.monotonic() > end:
                raise SqlError(cause="its process is stuck", step="Look at the surroundings: tapehead doctor") from None


def _check(name: str, value: float, low: float, high: float) -> None:
    """Raise ParameterError unless a limit is a sensible one."""
    if not low <= value <= high:
        raise ParameterError(name=name, value=value, bound=f"from {low:g} to {high:,}")
