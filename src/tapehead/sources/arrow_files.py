"""ArrowFileSource: Parquet by row groups, Feather and Arrow by record batches."""

from collections.abc import Iterator, Sequence
from typing import Any

from tapehead.errors import FileFormatError
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.sources.rows import iter_rows

_BATCH_ROWS = 1 << 17


class ArrowFileSource:
    """Columns of an Arrow family file. Memory is bounded by a row group or a record batch.

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
            names = self._names(path)

            def open_columns(wanted: Sequence[str]) -> Iterator[Any]:
                return self._iter_batches(path, wanted)

            yield from iter_rows(path, names, open_columns, hints)
        except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError) as cause:
            raise _broken(path, self._form, cause) from cause

    def _names(self, path: str) -> list[str]:
        """Return the names of the columns."""
        import pyarrow as pa

        if self._form == "parquet":
            from pyarrow import parquet

            with parquet.ParquetFile(path) as file:
                return list(file.schema_arrow.names)
        with pa.memory_map(path) as data, self._open(data) as reader:
            return list(reader.schema.names)

    def _iter_batches(self, path: str, wanted: Sequence[str]) -> Iterator[Any]:
        """Yield record batches of the wanted columns."""
        import pyarrow as pa

        if self._form == "parquet":
            from pyarrow import parquet

            with parquet.ParquetFile(path) as file:
                yield from file.iter_batches(_BATCH_ROWS, columns=list(wanted))
            return
        with pa.memory_map(path) as data, self._open(data) as reader:
            if self._form == "stream":
                for batch in reader:
                    yield batch.select(list(wanted))
            else:
                for place in range(reader.num_record_batches):
                    yield reader.get_batch(place).select(list(wanted))

    def _open(self, data: Any) -> Any:
        """Open an Arrow file or stream."""
        from pyarrow import ipc

        return ipc.open_stream(data) if self._form == "stream" else ipc.open_file(data)


def _broken(path: str, form: str, cause: BaseException) -> FileFormatError:
    """Say that a file is cut or damaged."""
    text = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    step = "Nothing was written. Fetch it again, then: tapehead import PATH"
    name = "Parquet" if form == "parquet" else "Arrow"
    return FileFormatError(
        path=path, cause=f"the file is cut or damaged and cannot be read as {name} ({text})", step=step
    )
