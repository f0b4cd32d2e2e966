"""DelimitedSource: CSV and its kin, plain, gzipped or the one member of a zip."""

import io
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from tapehead.errors import FileFormatError
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.sources.rows import iter_rows, unread_row

_HEAD_BYTES = 1 << 16
_BLOCK_BYTES = 4 << 20
_DELIMITERS = (",", ";", "\t", "|")
_KLINES = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time"),
    *("quote_volume", "trades", "taker_base", "taker_quote", "ignore"),
)
_MOST_UNREAD = 1_000


class DelimitedSource:
    """Text with one row a line. Memory is bounded by a block of 4 MB; times and numbers are read exactly.

    Notes
    -----
    A line whose number of fields differs from the header's is a row that could not be read. Without a header the
    columns are called 1, 2, 3, ...; twelve of them that look like Binance's archive get its names.
    """

    def batches(self, origin: Origin, hints: Hints) -> Iterator[RawBatch]:
        """Yield the rows of a file; see `ports.bars.Source`."""
        import pyarrow as pa

        path = origin.path
        names, delimiter, has_header = _head(path)
        unread: list[tuple[int, str]] = []
        guesses = [] if has_header else [f"no header: columns are called {', '.join(names)}"]

        def open_columns(wanted: Sequence[str]) -> Iterator[Any]:
            unread.clear()
            return _iter_text(path, names, delimiter, has_header, wanted, unread)

        try:
            for batch in iter_rows(path, names, open_columns, hints):
                yield _with_guesses(batch, guesses)
                guesses = []
        except (pa.ArrowInvalid, OSError, EOFError) as cause:
            if len(unread) >= _MOST_UNREAD:
                raise _ragged(path, len(names), unread) from cause
            raise _broken(path, cause) from cause
        for line, text in unread:
            row = line - 1 if has_header else line
            yield unread_row(row, text, f"the line does not have the {len(names)} fields of the header")


def _with_guesses(batch: RawBatch, guesses: Sequence[str]) -> RawBatch:
    """Return a batch with guesses told before its own."""
    return replace(batch, guesses=(*guesses, *batch.guesses)) if guesses else batch


def _iter_text(
    path: str,
    names: Sequence[str],
    delimiter: str,
    has_header: bool,
    wanted: Sequence[str],
    unread: list[tuple[int, str]],
) -> Iterator[Any]:
    """Yield record batches of text columns."""
    import pyarrow as pa
    from pyarrow import csv

    def set_aside(line: Any) -> str:
        if len(unread) >= _MOST_UNREAD:
            return "error"
        unread.append((line.number or 0, line.text))
        return "skip"

    with _open_bytes(path) as stream:
        reader = csv.open_csv(
            stream,
            # One thread, so that a bad line knows its number.
            read_options=csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                column_names=list(names),
                skip_rows=1 if has_header else 0,
            ),
            parse_options=csv.ParseOptions(delimiter=delimiter, invalid_row_handler=set_aside),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=list(wanted),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        yield from reader


def _open_bytes(path: str) -> AbstractContextManager[Any]:
    """Open a file for reading, unpacked."""
    import pyarrow as pa

    with open(path, "rb") as file:  # noqa: PTH123 - a path as the user wrote it
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        return pa.CompressedInputStream(pa.OSFile(path), "gzip")  # type: ignore[no-any-return]
    if magic == b"PK\x03\x04":
        return io.BytesIO(_only_member(path))
    return pa.OSFile(path)  # type: ignore[no-any-return]


def _only_member(path: str) -> bytes:
    """Return the bytes of a zip's only file."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) != 1:
                cause = f"the archive holds {len(members)} files, and only one can be read"
                raise FileFormatError(path=path, cause=cause, step="Unpack it, then: tapehead import FOLDER")
            return archive.read(members[0])
    except (zipfile.BadZipFile, OSError, EOFError) as cause:
        raise _broken(path, cause) from cause


def _head(path: str) -> tuple[list[str], str, bool]:
    """Return the columns' names, the delimiter, and whether the file has a header."""
    try:
        with _open_bytes(path) as stream:
            start = stream.read(_HEAD_BYTES)
    except (OSError, EOFError) as cause:
        raise _broken(path, cause) from cause
    text = _decoded(path, bytes(start))
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise FileFormatError(path=path, cause="the file is empty", step="Give one with bars: tapehead import PATH")
    delimiter = max(
        _DELIMITERS, key=lambda mark: (min(line.count(mark) for line in lines[:1]), -_DELIMITERS.index(mark))
    )
    import csv

    fields = [field.strip() for field in next(csv.reader([lines[0]], delimiter=delimiter))]
    if not _is_data(fields):
        return fields, delimiter, True
    names = _KLINES if len(fields) == len(_KLINES) else [str(place) for place in range(1, len(fields) + 1)]
    return list(names), delimiter, False


def _decoded(path: str, start: bytes) -> str:
    """Return the first bytes as text, or say what they are instead."""
    step = "Save it as CSV in UTF-8 with a header, then: tapehead import PATH"
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise FileFormatError(path=path, cause="the text is UTF-16, and only UTF-8 is read", step=step)
    if b"\x00" in start:
        raise FileFormatError(path=path, cause="the file holds bytes that are no text, Parquet or Arrow", step=step)
    text = start.decode("utf-8", errors="replace").removeprefix("\ufeff")
    first = text.lstrip()[:1]
    if first in {"{", "["} or '{"' in text.partition("\n")[0]:
        raise FileFormatError(path=path, cause="the file holds JSON, which cannot be imported", step=step)
    if first == "<":
        raise FileFormatError(path=path, cause="the file holds a web page or XML, which cannot be imported", step=step)
    return text


def _is_data(fields: Sequence[str]) -> bool:
    """Whether the first line is a row: most of its fields are numbers."""
    numbers = sum(1 for field in fields if field.replace(".", "", 1).replace("-", "", 1).isdigit())
    return 2 * numbers > len(fields)


def _ragged(path: str, fields: int, unread: Sequence[tuple[int, str]]) -> FileFormatError:
    """Say that too many lines do not fit the header."""
    line, text = unread[0]
    return FileFormatError(
        path=path,
        cause=f"{len(unread):,} lines do not have the {fields} fields of the first; one is line {line}: {text}",
        step="Nothing was written. Mend the header, then: tapehead import PATH",
    )


def _broken(path: str, cause: BaseException) -> FileFormatError:
    """Say that a file is cut or damaged."""
    text = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    cut = "truncat" in text.lower() or "end-of-stream" in text.lower()
    what = "the file is cut: its compressed data ends too early" if cut else f"the file cannot be read as text ({text})"
    step = "Nothing was written. Fetch it again, then: tapehead import PATH"
    return FileFormatError(path=path, cause=what, step=step)
