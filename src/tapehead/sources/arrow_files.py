"""ArrowFileSource: Parquet by row groups, Feather and Arrow by record batches."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tapehead.errors import FileFormatError
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.sources.arrow_bounds import UnreadableMessageError, iter_sizes
from tapehead.sources.shapes import read_table
from tapehead.sources.table import Table

_BATCH_ROWS = 1 << 16
_BUFFER_BYTES = 1 << 20
_MOST_FOOTER_BYTES = 16 << 20
_MOST_COLUMNS = 4_096
_FOOTER_TAIL_BYTES = 8
# A constant column packs to almost nothing; beyond these a file says more rows than anybody recorded.
_FREE_ROWS = 10_000_000
_MOST_ROWS_A_BYTE = 20
# A batch is unpacked whole, and so is a page of Parquet, of which only the sum over a column is known.
_MOST_BATCH_BYTES = 256 << 20
_MOST_RATIO = 300
_FETCH = "Nothing was written. Fetch it again, then: tapehead import PATH"
_SMALLER = "Write it as Parquet or in smaller batches, then: tapehead import PATH"
_NARROW = "Save the columns of the bars alone, then: tapehead import PATH"


class ArrowFileSource:
    """Columns of an Arrow family file. Memory is bounded by a page of each column, or by a record batch.

    Parameters
    ----------
    form : str
        `parquet`, `arrow` (also Feather) or `stream` (Arrow without a footer).
    """

    def __init__(self, form: str) -> None:
        self._form = form

    def batches(self, origin: Origin, hints: Hints) -> Iterator[RawBatch]:
        """Yield the rows of a file; see `ports.bars.Source`."""
        import pyarrow as pa

        path = origin.path
        try:
            yield from read_table(self._table(path), hints)
        except (pa.ArrowException, UnreadableMessageError, OSError, UnicodeError) as cause:
            raise _broken(path, self._form, cause) from cause

    def iter_chosen(self, path: str, choose: Callable[[Sequence[str]], Sequence[str]]) -> Iterator[Any]:
        """Yield record batches of the columns that `choose` picks among their names."""
        import pyarrow as pa

        try:
            table = self._table(path)
            yield from table.open(choose(table.names))
        except (pa.ArrowException, UnreadableMessageError, OSError, UnicodeError) as cause:
            raise _broken(path, self._form, cause) from cause

    def _table(self, path: str) -> Table:
        """Return the rows of a file with the names of their columns."""
        names = self._names(path)
        if len(names) > _MOST_COLUMNS:
            cause = f"it has {len(names):,} columns, and at most {_MOST_COLUMNS:,} are read"
            raise FileFormatError(path=path, cause=cause, step=_NARROW)

        def open_columns(_every: Sequence[str], wanted: Sequence[str]) -> Iterator[Any]:
            _check_once(path, names, wanted)
            return self._iter_batches(path, wanted)

        return Table(path, path, tuple(names), open_columns)

    def _names(self, path: str) -> list[str]:
        """Return the names of the columns."""
        import pyarrow as pa

        if self._form == "parquet":
            with _open_parquet(path) as file:
                _check_columns(path, file.metadata)
                rows, size_bytes = file.metadata.num_rows, Path(path).stat().st_size
                if rows > max(_FREE_ROWS, _MOST_ROWS_A_BYTE * size_bytes):
                    cause = f"its footer says {rows:,} rows in {size_bytes:,} bytes, as no file of bars does"
                    raise FileFormatError(path=path, cause=cause, step=_FETCH)
                return list(file.schema_arrow.names)
        for batch_bytes in iter_sizes(path, self._form):
            if batch_bytes > _MOST_BATCH_BYTES:
                cause = f"one batch of it unpacks to {batch_bytes:,} bytes, and at most {_MOST_BATCH_BYTES:,} are read"
                raise FileFormatError(path=path, cause=cause, step=_SMALLER)
        with pa.OSFile(path) as data, self._open(data) as reader:
            return list(reader.schema.names)

    def _iter_batches(self, path: str, wanted: Sequence[str]) -> Iterator[Any]:
        """Yield record batches of the wanted columns."""
        import pyarrow as pa

        if self._form == "parquet":
            with _open_parquet(path) as file:
                yield from file.iter_batches(_BATCH_ROWS, columns=list(wanted), use_threads=False)
            return
        # Not a memory map: a file that is cut while it is mapped kills the process.
        with pa.OSFile(path) as data, self._open(data) as reader:
            for place in range(reader.num_record_batches) if self._form == "arrow" else [None]:
                for batch in reader if place is None else [reader.get_batch(place)]:
                    chosen = batch.select(list(wanted))
                    # Arrow trusts the offsets in a file; followed unchecked they lead out of it.
                    chosen.validate(full=True)
                    for start in range(0, chosen.num_rows, _BATCH_ROWS):
                        yield chosen.slice(start, _BATCH_ROWS)

    def _open(self, data: Any) -> Any:
        """Open an Arrow file or stream."""
        from pyarrow import ipc

        return ipc.open_stream(data) if self._form == "stream" else ipc.open_file(data)


def _open_parquet(path: str) -> Any:
    """Open a Parquet file whose footer is no longer than that of any real one."""
    from pyarrow import parquet

    with Path(path).open("rb") as file:
        file.seek(-_FOOTER_TAIL_BYTES, 2)
        size_bytes = int.from_bytes(file.read(4), "little")
    if size_bytes > _MOST_FOOTER_BYTES:
        cause = f"its footer is {size_bytes:,} bytes long, and at most {_MOST_FOOTER_BYTES:,} are read"
        raise FileFormatError(path=path, cause=cause, step=_NARROW)
    return parquet.ParquetFile(path, buffer_size=_BUFFER_BYTES)


def _check_columns(path: str, metadata: Any) -> None:
    """Raise where a column unpacks to far more than any column of bars."""
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        if row_group.total_byte_size <= _MOST_BATCH_BYTES:
            continue
        for place in range(row_group.num_columns):
            column = row_group.column(place)
            size_bytes = column.total_uncompressed_size
            if size_bytes > max(_MOST_BATCH_BYTES, _MOST_RATIO * column.total_compressed_size):
                cause = f"a column of it unpacks to more than {_MOST_RATIO} times its size, as no file of bars does"
                raise FileFormatError(path=path, cause=cause, step=_FETCH)


def _check_once(path: str, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise where two columns have the name of one that is wanted."""
    for name in wanted:
        if names.count(name) > 1:
            cause = f"{names.count(name)} columns are called '{name[:64]}'"
            raise FileFormatError(path=path, cause=cause, step="Rename all but one, then: tapehead import PATH")


def _broken(path: str, form: str, cause: BaseException) -> FileFormatError:
    """Say that a file is cut or damaged."""
    text = str(cause).strip().splitlines()[0][:200] if str(cause).strip() else type(cause).__name__
    name = "Parquet" if form == "parquet" else "Arrow"
    what = f"the file is cut or damaged and cannot be read as {name} ({text})"
    return FileFormatError(path=path, cause=what, step=_FETCH)
