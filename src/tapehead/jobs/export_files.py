"""written: columns of bars as one Parquet, Feather or CSV file, whole or not there."""

import errno
import gzip
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from tapehead.errors import DiskFullError, SurroundingsError
from tapehead.layout.columns import Column
from tapehead.ports.bars import Array

Form = Literal["parquet", "feather", "csv"]
COMPRESSIONS: Final[Mapping[Form, tuple[str, ...]]] = {
    "parquet": ("zstd", "lz4", "gzip", "none"),
    "feather": ("lz4", "zstd", "none"),
    "csv": ("none", "gzip"),
}
"""What each form can be compressed by; the first is its default."""

SUFFIXES: Final = {
    (form, compression): f".{form}.gz" if (form, compression) == ("csv", "gzip") else f".{form}"
    for form, able in COMPRESSIONS.items()
    for compression in able
}
_SECOND_US = 1_000_000
_LEVEL = 3
_FULL = {errno.ENOSPC, errno.EDQUOT}
_Write = Callable[[Any], None]


def written(
    place: Path,
    form: Form,
    compression: str,
    columns: Sequence[str],
    symbol: str | None,
    parts: Iterable[Mapping[Column, Array]],
    *,
    again: str,
    other: str,
) -> int:
    """Write a file beside its place, then rename it; return its size, 0 where no part came and nothing was written.

    Parameters
    ----------
    place : Path
        Its folder is made.
    columns : sequence of str
        Columns of bars to write, in order; `ts` becomes a timestamp in UTC.
    symbol : str or None
        Goes into a column of its own, where the file's name alone would not give it back.
    parts : iterable of mappings of arrays
        Rising in time.
    again, other : str
        The end of the sentence where the disk is full, and where the file cannot be made: what is kept, what to do.

    Raises
    ------
    DiskFullError, SurroundingsError
        The file is not there, or as it was before.
    """
    coming = iter(parts)
    first = next(coming, None)
    if first is None:
        return 0
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _writer(partial, form, compression, _table(first, columns, symbol, form), symbol) as write:
            for part in coming:
                write(_table(part, columns, symbol, form))
        size = partial.stat().st_size
        partial.rename(place)
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(f"No space left in {place.parent} while writing {place.name}; {again}") from error
        raise SurroundingsError(f"{place} cannot be written: {error.strerror or error}. {other}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return size


def csv_text(part: Mapping[Column, Array], columns: Sequence[str]) -> bytes:
    """Return bars as lines of CSV without a title line."""
    import io

    from pyarrow import csv

    text = io.BytesIO()
    csv.write_csv(_table(part, columns, None, "csv"), text, write_options=_csv_options(None))
    return text.getvalue()


@contextmanager
def _writer(path: Path, form: Form, compression: str, first: Any, symbol: str | None) -> Iterator[_Write]:
    """Open a file of one form, write the first table, and give what writes the next."""
    with ExitStack() as stack:
        file: Any = stack.enter_context(path.open("wb"))
        if form == "csv":
            from pyarrow import csv

            if compression == "gzip":
                # Without a time of writing, equal bars make equal files.
                file = stack.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0))
            file.write(",".join(first.schema.names).encode() + b"\n")
            writer: Any = stack.enter_context(csv.CSVWriter(file, first.schema, write_options=_csv_options(symbol)))
        elif form == "feather":
            from pyarrow import ipc

            packed = ipc.IpcWriteOptions(compression=None if compression == "none" else compression)
            writer = stack.enter_context(ipc.new_file(file, first.schema, options=packed))
        else:
            from pyarrow import parquet

            writer = stack.enter_context(_parquet_writer(parquet, file, compression, first))
        writer.write_table(first)
        yield writer.write_table


def _csv_options(symbol: str | None) -> Any:
    """Return how lines are written: no title line, and quotes only where a symbol needs them; Arrow would quote all."""
    from pyarrow import csv

    plain = symbol is None or not set(symbol) & set('",\r\n')
    return csv.WriteOptions(include_header=False, quoting_style="none" if plain else "needed")


def _parquet_writer(parquet: Any, file: Any, compression: str, first: Any) -> Any:
    """Open a Parquet file: times as deltas, doubles plain.

    Of 24,000 hourly bars of ETHUSDT zstd took 17.4 bytes a bar of plain doubles, 25.5 of a dictionary and 26.3 of byte
    streams: prices repeat their decimals, which only the first leaves side by side.
    """
    dictionary = ["symbol"] if "symbol" in first.schema.names else False
    return parquet.ParquetWriter(
        file,
        first.schema,
        compression=compression,
        compression_level=_LEVEL if compression == "zstd" else None,
        use_dictionary=dictionary,
        column_encoding={"ts": "DELTA_BINARY_PACKED"},
    )


def _table(part: Mapping[Column, Array], columns: Sequence[str], symbol: str | None, form: Form) -> Any:
    """Return the columns of bars as an Arrow table."""
    import pyarrow as pa

    found: dict[str, Any] = {}
    for name in columns:
        values = np.ascontiguousarray(part[name])  # type: ignore[index]  # the names are those of columns
        found[name] = _times(values, form) if name == "ts" else pa.array(values)
    if symbol is not None:
        found["symbol"] = pa.array([symbol]).dictionary_encode().take(pa.array(np.zeros(len(part["ts"]), np.int32)))
        if form == "csv":
            found["symbol"] = found["symbol"].cast(pa.string())
    return pa.table(found)


def _times(ts: Array, form: Form) -> Any:
    """Return open times as timestamps in UTC; as ISO text for CSV, with no more digits than they need."""
    import pyarrow as pa
    from pyarrow import compute

    times = pa.array(ts).cast(pa.timestamp("us", "UTC"))
    if form != "csv":
        return times
    if not (ts % _SECOND_US).any():
        times = times.cast(pa.timestamp("s", "UTC"))
    return compute.strftime(times, "%Y-%m-%dT%H:%M:%SZ")
