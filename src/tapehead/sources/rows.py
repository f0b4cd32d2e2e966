"""Record batches of any format to RawBatch: columns recognised, times and numbers read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import MissingColumnError, ParameterError
from tapehead.model.symbols import pair_of
from tapehead.ports.bars import Hints, RawBatch
from tapehead.sources.columns import Layout, recognise_columns
from tapehead.sources.filenames import interval_of, plain_symbol, symbol_of
from tapehead.sources.times import TimeQuestion, TimeReader, decide_times

Open = Callable[[Sequence[str]], Iterable[Any]]
I32 = NDArray[np.int32]


@dataclass(slots=True)
class _Reading:
    """What the first batch of a file settles for the others."""

    layout: Layout
    times: TimeReader
    spelled: dict[str, str]


def iter_rows(path: str, names: Sequence[str], open_columns: Open, hints: Hints) -> Iterator[RawBatch]:
    """Yield the rows of a file.

    Parameters
    ----------
    path : str
    names : sequence of str
        Every column of the file.
    open_columns : callable
        Given names of columns, an iterable of pyarrow RecordBatches with just these; called again where the first rows
        leave two readings of the time open.
    hints : Hints

    Raises
    ------
    MissingColumnError, AmbiguousFileError, FileFormatError, ParameterError
        The file cannot be read without being told more.
    """
    layout = recognise_columns(path, names, hints.columns)
    reading: _Reading | None = None
    row = 1
    for batch in open_columns(layout.columns):
        if not batch.num_rows:
            continue
        guesses: tuple[str, ...] = ()
        if reading is None:
            reading, guesses = _settle(path, layout, batch, open_columns, hints)
        yield _raw(path, reading, batch, row, hints, guesses)
        row += batch.num_rows
    if reading is not None and (late := reading.times.closing_guesses()):
        yield empty_batch(late)


def unread_row(row: int, text: str, reason: str) -> RawBatch:
    """Return a batch of one row that could not be split into fields."""
    nothing = np.full(1, np.nan)
    return RawBatch(
        names=(),
        codes=np.full(1, -1, np.int32),
        ts=np.zeros(1, np.int64),
        ts_valid=np.zeros(1, np.bool_),
        open=nothing,
        high=nothing,
        low=nothing,
        close=nothing,
        volume=None,
        row=row,
        text=lambda _: text,
        reason=reason,
    )


def empty_batch(guesses: tuple[str, ...]) -> RawBatch:
    """Return a batch without rows that carries what was learnt at the end of a file."""
    nothing = np.zeros(0)
    return RawBatch(
        names=(),
        codes=np.zeros(0, np.int32),
        ts=np.zeros(0, np.int64),
        ts_valid=np.zeros(0, np.bool_),
        open=nothing,
        high=nothing,
        low=nothing,
        close=nothing,
        volume=None,
        row=1,
        text=lambda _: "",
        guesses=guesses,
    )


def _settle(
    path: str, layout: Layout, batch: Any, open_columns: Open, hints: Hints
) -> tuple[_Reading, tuple[str, ...]]:
    """Decide on symbols and times by the first batch; return the guesses with their evidence."""
    guesses: list[str] = []
    spelled: dict[str, str] = {}
    names, _ = _symbols(path, layout, batch, hints, spelled)
    if layout.symbol is None and hints.symbol is None:
        guesses.append(f"symbol {names[0]}: from the file's name")
    elif hints.symbol is None:
        guesses.append(f"symbols: column '{layout.symbol}'")
        joined = next(((old, new) for old, new in spelled.items() if old.strip() != new), None)
        if joined is not None:
            guesses.append(f"symbols are written without separator: {joined[0]} is {joined[1]}")
    if layout.adjusted is not None:
        guesses.append(f"prices are taken as they stand; '{layout.adjusted}' is not stored")
    pairs = [pair_of(name) for name in names]
    is_crypto = hints.kind == "crypto" or (
        hints.kind is None and bool(pairs) and all(pair is not None and pair.kind == "crypto" for pair in pairs)
    )
    column = _time_column(layout, batch)
    if layout.is_index and _is_row_number(column):
        raise MissingColumnError(
            path=path, wanted="the time of a bar (ts)", held=", ".join(layout.prices), example="ts=COLUMN"
        )
    question = TimeQuestion(
        path=path,
        column_name="+".join(layout.ts),
        unit=hints.unit,
        tz=hints.tz,
        form=layout.ts_format,
        is_crypto=is_crypto,
        is_utc_name=layout.says_utc,
        rescan=lambda: (_time_column(layout, again) for again in open_columns(list(layout.ts))),
    )
    times = decide_times(column, question)
    return _Reading(layout, times, spelled), (*guesses, *times.guesses)


def _raw(path: str, reading: _Reading, batch: Any, row: int, hints: Hints, guesses: tuple[str, ...]) -> RawBatch:
    """Turn one record batch into arrays."""
    from tapehead.sources.numbers import to_float64

    layout = reading.layout
    names, codes = _symbols(path, layout, batch, hints, reading.spelled)
    ts, valid = reading.times.read(_time_column(layout, batch), codes)
    prices = [to_float64(batch.column(name)) for name in layout.prices]
    volume = None if layout.volume is None else to_float64(batch.column(layout.volume))
    return RawBatch(
        names=names,
        codes=codes,
        ts=ts,
        ts_valid=valid,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=volume,
        row=row,
        text=lambda place: _text(batch, place),
        interval=interval_of(path),
        guesses=guesses,
    )


def _symbols(
    path: str, layout: Layout, batch: Any, hints: Hints, spelled: dict[str, str]
) -> tuple[tuple[str, ...], I32]:
    """Return the batch's symbols and the place of each row's among them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if layout.symbol is None or hints.symbol is not None:
        if layout.symbol is not None and len(pc.unique(batch.column(layout.symbol)).drop_null()) > 1:
            bound = f"left out: {path} holds several symbols in column '{layout.symbol}'"
            raise ParameterError(name="symbol", value=hints.symbol, bound=bound)
        name = hints.symbol if hints.symbol is not None else symbol_of(path)
        return (name,), np.zeros(batch.num_rows, np.int32)
    column = batch.column(layout.symbol)
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    coded = pc.dictionary_encode(pc.cast(column, pa.string()))
    raw = [str(word) for word in coded.dictionary.to_pylist()]
    for word in raw:
        if word not in spelled:
            spelled[word] = plain_symbol(word)
    names = tuple(spelled[word] for word in raw)
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    unnamed = [place for place, name in enumerate(names) if not name]
    if unnamed:
        codes[np.isin(codes, unnamed)] = -1
    return names, codes


def _time_column(layout: Layout, batch: Any) -> Any:
    """Return the time column; a date and a time of day joined by a blank."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(layout.ts) == 1:
        column = batch.column(layout.ts[0])
        return pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
    parts = [pc.cast(batch.column(name), pa.string()) for name in layout.ts]
    return pc.binary_join_element_wise(*parts, " ")


def _is_row_number(column: Any) -> bool:
    """Whether a column only counts rows from 0 or 1."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        values = pc.cast(column, pa.int64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return len(values) > 0 and values[0] in {0, 1} and bool(np.array_equal(values, values[0] + np.arange(len(values))))


def _text(batch: Any, place: int) -> str:
    """Return the fields of a row as read."""
    fields = (f"{name}={batch.column(name)[place].as_py()}" for name in batch.schema.names)
    return " ".join(fields)
