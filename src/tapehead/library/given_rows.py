"""given_rows: a table of weights or facts, as a user has it, as rows that are read and told apart."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.library.times import read_time
from tapehead.model.frame_columns import open_frame
from tapehead.model.given import MOST_ROWS

TIMES: Final = ("time", "ts", "timestamp", "date", "datetime")
SYMBOLS: Final = ("symbol", "instrument", "ticker")
_DELIMITERS: Final = ",;\t|"
_BINARY: Final = (".parquet", ".arrow", ".feather")
_TIME: Final = "a date or ISO time such as 2024-01-31 or 2024-01-31T12:00+01:00, with a zone in all rows or none"
_YEAR_S: Final = 365 * 86_400
"""From 1970 to 1971: no whole number of us below that is meant as a time."""


class GivenRow(NamedTuple):
    """One row: its number from 1, a time (us UTC), a symbol as it was written, and what else it holds by our names."""

    number: int
    time: int
    symbol: str
    rest: tuple[Any, ...]


def given_rows(name: str, given: Any, columns: Mapping[str, tuple[str, ...]]) -> list[GivenRow]:
    """Return the rows of a table.

    Parameters
    ----------
    name : str
        What it is given as, for the sentence: `weights` or `facts`.
    given : path, frame, mapping of arrays, or sequence of mappings
        A CSV, Parquet or Arrow file; a table of pandas, polars or Arrow. Of one more column also a mapping of times to
        mappings of symbols to what it holds. Times are UTC where they name no zone.
    columns : mapping
        Spellings of the columns beside time and symbol, by our names.

    Raises
    ------
    ParameterError
        It is none of these or empty, a column is missing, or a time or a symbol is none; the sentence names the row.
    """
    wanted = {"time": TIMES, "symbol": SYMBOLS, **columns}
    form = f"a table with {', '.join(wanted)}"
    if isinstance(given, (str, Path)):
        given = _from_file(name, given, form)
    if (
        len(columns) == 1
        and isinstance(given, Mapping)
        and given
        and all(isinstance(one, Mapping) for one in given.values())
    ):
        given = _from_times(given, next(iter(columns)))
    found = _columns(name, given, wanted, form)
    count = len(found["time"])
    if any(len(values) != count for values in found.values()):
        raise ParameterError(name=name, value="columns of several lengths", bound=form)
    if not 0 < count <= MOST_ROWS:
        value = f"{count:,} rows" if count else "no row"
        raise ParameterError(name=name, value=value, bound=f"{form}, of 1 to {MOST_ROWS:,} rows")
    times = _times(name, found.pop("time"))
    symbols = [_symbol(name, value, number) for number, value in enumerate(found.pop("symbol"), 1)]
    rest = zip(*found.values(), strict=True)
    return [GivenRow(number, *row) for number, row in enumerate(zip(times, symbols, rest, strict=True), 1)]


def a_number(name: str, value: Any, row: GivenRow, bound: str) -> float:
    """Return a finite number; raise ParameterError for what is none."""
    try:
        found = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise at_row(name, value, row, bound)
    return found


def at_row(name: str, value: Any, row: GivenRow, bound: str) -> ParameterError:
    """Return the error of a value that does not fit, with its row."""
    said = "nothing" if value is None or value == "" else str(value)[:60]
    return ParameterError(name=name, value=f"{said} in row {row.number}, {row.symbol}", bound=bound)


def _from_file(name: str, given: str | Path, form: str) -> Any:
    """Return the table that a file holds."""
    path = Path(given)
    kinds = f"{'equal, or ' if name == 'weights' else ''}{form}: a CSV or Parquet file that is there"
    try:
        if path.suffix.lower() in _BINARY:
            return _binary(path)
        with path.open(encoding="utf-8-sig", newline="") as text:
            head = text.readline()
            text.seek(0)
            delimiter = max(_DELIMITERS, key=head.count)
            return _text_columns(name, csv.reader(text, delimiter=delimiter, strict=True), form)
    except OSError as cause:
        why = cause.strerror or type(cause).__name__
        raise ParameterError(name=name, value=f"'{given}', {why.lower()}", bound=kinds) from cause
    except (ValueError, csv.Error) as cause:
        if isinstance(cause, ParameterError):
            raise
        raise ParameterError(name=name, value=f"'{given}', which cannot be read", bound=kinds) from cause


def _binary(path: Path) -> Any:
    """Return an Arrow table of a Parquet or Arrow file."""
    if path.suffix.lower() == ".parquet":
        return import_module("pyarrow.parquet").read_table(path)
    return import_module("pyarrow.feather").read_table(path)


def _text_columns(name: str, lines: Iterator[list[str]], form: str) -> dict[str, list[str]]:
    """Return the columns of a text by its header; lines that are empty do not count."""
    header = [cell.strip() for cell in next(lines, [])]
    rows: list[list[str]] = []
    for cells in lines:
        if not any(cells):
            continue
        rows.append(cells)
        if len(cells) != len(header):
            value = f"{len(cells)} fields in row {len(rows)}"
            raise ParameterError(name=name, value=value, bound=f"{form}, {len(header)} fields as its header says")
        if len(rows) > MOST_ROWS:
            raise ParameterError(name=name, value=f"over {MOST_ROWS:,} rows", bound=f"{form}, of at most that many")
    return {cell: [row[place].strip() for row in rows] for place, cell in enumerate(header)}


def _columns(name: str, given: Any, wanted: Mapping[str, tuple[str, ...]], form: str) -> dict[str, Any]:
    """Return columns by our names, as lists; times as an array."""
    if isinstance(given, (list, tuple)):
        given = _from_rows(name, given, form)
    try:
        reader, held, _ = open_frame(given, nulls=True)
    except ParameterError:
        value = f"a {type(given).__name__}"
        raise ParameterError(name=name, value=value, bound=f"{form}: a file, a frame, or rows") from None
    by_case: dict[str, list[Any]] = {}
    for column in held:
        by_case.setdefault(str(column).strip().lower(), []).append(column)
    found: dict[str, Any] = {}
    for ours, spellings in wanted.items():
        named = [column for spelling in spellings for column in by_case.get(spelling, [])]
        if len(named) != 1:
            value = f"columns {named[0]} and {named[1]}" if named else f"no column {ours}"
            has = f"; it has {', '.join(str(column)[:40] for column in list(held)[:10]) or 'none'}"
            raise ParameterError(name=name, value=value, bound=form + has)
        values = _one_column(name, given, reader, named[0], form)
        found[ours] = values.tolist() if ours != "time" else values
    return found


def _one_column(name: str, given: Any, reader: Any, column: Any, form: str) -> NDArray[Any]:
    """Return a column as an array of one axis, of objects where its values are lists; raise where it is one value."""
    try:
        values = np.asarray(reader(column))
    except ValueError:
        values = np.empty((0, 0))
    if values.ndim > 1 and isinstance(given, Mapping) and isinstance(given[column], (list, tuple)):
        return np.fromiter(given[column], object, len(given[column]))
    if values.ndim != 1:
        value = f"column {column!s:.40}, which is {'one value' if values.ndim == 0 else 'a table'}"
        raise ParameterError(name=name, value=value, bound=f"{form}, each a list of as many values")
    return values


def _from_times(given: Mapping[Any, Any], column: str) -> dict[str, list[Any]]:
    """Return times and what stands at each as columns."""
    rows = [(time, symbol, value) for time, held in given.items() for symbol, value in held.items()]
    return {"time": [row[0] for row in rows], "symbol": [row[1] for row in rows], column: [row[2] for row in rows]}


def _from_rows(name: str, rows: Sequence[Any], form: str) -> dict[str, list[Any]]:
    """Return mappings as columns; what a row leaves out is None."""
    for place, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise ParameterError(name=name, value=f"{type(row).__name__} in row {place}", bound=form)
    names = dict.fromkeys(str(column) for row in rows for column in row)
    return {column: [row.get(column) for row in rows] for column in names}


def _times(name: str, values: NDArray[Any]) -> list[int]:
    """Return us UTC; texts and moments have a zone all or none."""
    if values.dtype.kind == "M":
        whole = values.astype("datetime64[us]")
        lost = np.flatnonzero(np.isnat(whole))
        if lost.size:
            raise _no_time(name, None, int(lost[0]) + 1)
        return [int(us) for us in whole.astype(np.int64).tolist()]
    found: list[int] = []
    zoned: set[bool] = set()
    known: dict[Any, int] = {}
    for number, value in enumerate(values.tolist(), 1):
        if not isinstance(value, (str, int, date)) or isinstance(value, bool) or value != value:
            raise _no_time(name, value, number)
        if value not in known:
            try:
                known[value] = _moment(value)
            except ParameterError:
                raise _no_time(name, value, number) from None
            if not isinstance(value, int):
                zoned.add(_has_zone(value))
            if len(zoned) > 1:
                raise _no_time(name, value, number)
        found.append(known[value])
    return found


def _moment(value: Any) -> int:
    """Return us UTC of one time; raise ParameterError for what is none, or a number of another unit."""
    us = read_time("time", value)
    if us is None or (isinstance(value, int) and us < _YEAR_S * 1_000_000):
        raise ParameterError(name="time", value=value, bound=_TIME)
    return us


def _no_time(name: str, value: Any, number: int) -> ParameterError:
    """Return the error of a row whose time is none; of a whole number it says what it looks like."""
    bound = _TIME
    if isinstance(value, int) and not isinstance(value, bool):
        units = ("seconds", _YEAR_S), ("milliseconds", _YEAR_S * 1_000), ("nanoseconds", _YEAR_S * 1_000_000_000)
        looks = next((unit for unit, year in units if year <= value < 1_000 * year), "")
        looks = "a date" if 10_000_000 <= value < _YEAR_S else looks
        bound = "a date or ISO time such as 2024-01-31, or a whole number of microseconds since 1970"
        bound += f"; {value} looks like {looks}" if looks else ""
    said = "nothing" if value is None or value == "" or value != value else str(value)[:40]
    return ParameterError(name=name, value=f"time {said} in row {number}", bound=bound)


def _has_zone(time: str | date) -> bool:
    """Say whether a time names its zone, as no date does."""
    if not isinstance(time, str):
        return isinstance(time, datetime) and time.tzinfo is not None
    clock = time.strip()[10:]
    return clock.endswith(("Z", "z")) or "+" in clock or "-" in clock


def _symbol(name: str, value: Any, number: int) -> str:
    """Return a symbol that is text."""
    if not isinstance(value, str) or not value.strip():
        said = "nothing" if value is None or value == "" else f"{value!s:.40}"
        raise ParameterError(name=name, value=f"symbol {said} in row {number}", bound="a SYMBOL or venue:SYMBOL")
    return value.strip()
