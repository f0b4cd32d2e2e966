"""read_trade_file: trades that another program wrote into a file, as columns of arrays."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import FileFormatError
from tapehead.sources.arrow_files import ArrowFileSource
from tapehead.sources.delimited import DelimitedSource
from tapehead.sources.numbers import is_text, to_float64
from tapehead.sources.recognise import recognise
from tapehead.sources.times import TimeQuestion, TimeReader, decide_times

_MOST_ROWS = 10_000_000
_TIMES = ("entry_time", "exit_time")
_NOT_YET = np.iinfo(np.int64).min

Match = Callable[[Sequence[str]], Mapping[str, str]]
"""The names of all columns to the name of each column of ours that is there."""


class TradeFile(NamedTuple):
    """Columns by our names, and what was decided with its evidence.

    Times are int64 us UTC, the least int64 where there is none; numbers float64, NaN where there is none; all else is
    text, None where there is none.
    """

    columns: dict[str, NDArray[Any]]
    guesses: tuple[str, ...]


def read_trade_file(
    path: str, match: Match, numbers: Sequence[str], tz: str | None = None, unit: str | None = None
) -> TradeFile:
    """Return the trades of a file: CSV and its kin, JSON rows, Parquet, Arrow, gzipped or in a zip.

    Parameters
    ----------
    path : str
    match : callable
    numbers : sequence of str
        Columns of ours that hold numbers.
    tz, unit : str, optional
        Zone of times without one, and unit of numeric times: `s ms us ns`.

    Raises
    ------
    FileFormatError, MissingColumnError
        It is no file of rows, or a field is no time or no number; the sentence names its row, counted from 1.
    AmbiguousFileError
        Times carry no zone and `tz` is not given, or their unit or form stays open.
    """
    import pyarrow as pa

    matches: list[Mapping[str, str]] = []

    def choose(names: Sequence[str]) -> list[str]:
        matches.append(match(names))
        if matches[-1] != matches[0]:
            step = "Unpack it and give its files one at a time: tapehead import PATH"
            raise FileFormatError(path=path, cause="its files name their columns differently", step=step)
        return list(dict.fromkeys(matches[0].values()))

    source = recognise(path)
    assert isinstance(source, (ArrowFileSource, DelimitedSource))  # noqa: S101 - recognise knows these two
    batches, rows = [], 0
    for batch in source.iter_chosen(path, choose):
        batches.append(pa.Table.from_batches([batch]))
        rows += batch.num_rows
        if rows > _MOST_ROWS:
            step = "Give a part of it at a time: tapehead import PATH"
            raise FileFormatError(path=path, cause=f"it has more than {_MOST_ROWS:,} rows of trades", step=step)
    if not rows:
        step = "Give one with a row a trade: tapehead import PATH"
        raise FileFormatError(path=path, cause="the file holds no row", step=step)
    try:
        table = pa.concat_tables(batches, promote_options="permissive")
    except pa.ArrowException as cause:
        step = "Save it with one kind of value a column, then: tapehead import PATH"
        raise FileFormatError(path=path, cause=f"a column changes its kind ({str(cause)[:200]})", step=step) from cause
    found = matches[0]
    held = {ours: _whole(table.column(theirs)) for ours, theirs in found.items()}
    columns, guesses = _times(path, held, found, (tz, unit))
    for ours, column in held.items():
        if ours in numbers:
            columns[ours] = _numbers(path, found[ours], column)
        elif ours not in _TIMES:
            columns[ours] = np.array(column.to_pylist(), object)
    return TradeFile(columns, tuple(guesses))


def _whole(column: Any) -> Any:
    """Return a column in one piece."""
    import pyarrow as pa

    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _times(
    path: str, held: Mapping[str, Any], names: Mapping[str, str], asked: tuple[str | None, str | None]
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Return entry and exit times; both are read alike where they are of one type."""
    import pyarrow as pa

    columns = {ours: _none_where_blank(held[ours]) for ours in _TIMES if ours in held}
    kinds = {column.type for column in columns.values() if column.null_count < len(column)}
    together = pa.concat_arrays([one for one in columns.values() if one.type in kinds]) if len(kinds) == 1 else None
    times, guesses = {}, []
    reader: TimeReader | None = None
    for ours, column in columns.items():
        if column.null_count == len(column):
            times[ours] = np.full(len(column), _NOT_YET)
            continue
        if reader is None or together is None:
            reader = _decided(path, names[ours], column if together is None else together, asked)
            guesses += [one for one in reader.guesses if one not in guesses]
        times[ours] = _read(path, names[ours], column, reader)
    return times, [one.replace("each bar opens", "each is taken") for one in guesses]


def _decided(path: str, name: str, column: Any, asked: tuple[str | None, str | None]) -> TimeReader:
    """Decide how times are read; nothing but `tz` says the clock of those that carry no zone."""
    tz, unit = asked
    given = column.drop_null()
    question = TimeQuestion(
        path=path,
        column_name=name,
        unit=unit,
        tz=tz,
        form="",
        is_crypto=False,
        is_utc_name=name.lower().endswith("utc"),
        rescan=lambda: iter([given]),
    )
    try:
        return decide_times(given, question)
    except FileFormatError:
        if is_text(column.type):
            there = column.is_valid().to_numpy(zero_copy_only=False)
            _refuse(path, name, column, there & ~np.array([_is_iso(text) for text in column.to_pylist()]), "a time")
        raise


def _is_iso(text: str | None) -> bool:
    """Say whether a text is a time of ISO 8601."""
    try:
        datetime.fromisoformat(text or "")
    except ValueError:
        return False
    return True


def _read(path: str, name: str, column: Any, reader: TimeReader) -> NDArray[np.int64]:
    """Return times; raise for the first field that is there and is none."""
    there = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    instants, valid = reader.read(column, np.zeros(len(column), np.int32))
    _refuse(path, name, column, there & ~valid, "a time")
    return np.where(there, instants, _NOT_YET)


def _numbers(path: str, name: str, column: Any) -> NDArray[np.float64]:
    """Return numbers; raise for the first field that is there and is none."""
    import pyarrow as pa

    column = _none_where_blank(column)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    try:
        values = to_float64(column)
    except pa.ArrowException:
        step = "Name the right one, or leave it out: tapehead import PATH --columns OURS=THEIRS"
        raise FileFormatError(
            path=path, cause=f"column '{name}' of {column.type} holds no numbers", step=step
        ) from None
    there = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    text = is_text(column.type)
    _refuse(path, name, column, there & np.isnan(values) & text, "a number")
    return values


def _refuse(path: str, name: str, column: Any, rows: NDArray[np.bool_], wanted: str) -> None:
    """Raise for the first of some rows."""
    if rows.any():
        row = int(np.flatnonzero(rows)[0])
        cause = f"'{str(column[row].as_py())[:60]}' in row {row + 1}, column '{name}', is not {wanted}"
        raise FileFormatError(path=path, cause=cause, step="Mend it, then: tapehead import PATH")


def _none_where_blank(column: Any) -> Any:
    """Return text with null where there are only blanks, or a word that stands for nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not is_text(column.type):
        return column
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    empty = pc.is_in(pc.utf8_lower(text), pa.array(["", "nat", "nan", "none", "null", "-"]))
    return pc.if_else(empty, None, text)
