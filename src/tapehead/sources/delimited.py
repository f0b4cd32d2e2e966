"""DelimitedSource: CSV and its kin, and JSON rows, plain, gzipped or in a zip."""

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from tapehead.errors import FileFormatError
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.sources.head import Head, read_head
from tapehead.sources.headless import name_columns
from tapehead.sources.json_rows import json_table
from tapehead.sources.rows import unread_row
from tapehead.sources.shapes import read_table
from tapehead.sources.table import Table
from tapehead.sources.unpack import Member, iter_members

# Arrow reads 32 blocks ahead: of 4 MiB each they were 140 MB, and no row came sooner.
_BLOCK_BYTES = 1 << 20
_MOST_UNREAD = 1_000


class DelimitedSource:
    """Text with one row a line, or JSON rows. Memory is bounded by 32 MiB; times and numbers are read exactly.

    Parameters
    ----------
    form : str
        `text`, `gzip` or `zip`.

    Notes
    -----
    A line whose number of fields differs from the header's is a row that could not be read. Without a header the
    columns are recognised by what stands in them, else they are called 1, 2, 3, ... Files of one archive are read one
    after the other and must have the same columns.
    """

    def __init__(self, form: str) -> None:
        self._form = form

    def batches(self, origin: Origin, hints: Hints) -> Iterator[RawBatch]:
        """Yield the rows of a file; see `ports.bars.Source`."""
        import pyarrow as pa

        path = origin.path
        first: tuple[str, tuple[str, ...]] | None = None
        row = 1
        try:
            for member in iter_members(path, self._form):
                unread: list[tuple[int, str]] = []
                table, head = _table(member, hints, unread)
                if first is None:
                    first = member.inside, table.names
                elif first[1] != table.names:
                    raise _two_kinds(path, first, (member.inside, table.names))
                start = row
                try:
                    for batch in read_table(table, hints):
                        yield replace(batch, row=batch.row + start - 1)
                        row = max(row, start + batch.row - 1 + len(batch.ts))
                except (pa.ArrowInvalid, OSError, EOFError) as cause:
                    if len(unread) >= _MOST_UNREAD:
                        raise _ragged(path, len(table.names), unread) from cause
                    raise
                for line, text in unread:
                    place = start + (line - 2 if head.has_header else line - 1)
                    yield unread_row(place, text, f"the line does not have the {len(table.names)} fields of the header")
                row += len(unread)
        except (pa.ArrowInvalid, pa.ArrowMemoryError, OSError, EOFError, UnicodeError) as cause:
            raise _broken(path, cause) from cause


def _table(member: Member, hints: Hints, unread: list[tuple[int, str]]) -> tuple[Table, Head]:
    """Return a member's rows, with names for its columns."""
    head = read_head(member)
    if head.is_json:
        return json_table(member), head

    def open_columns(names: Sequence[str], wanted: Sequence[str]) -> Iterator[Any]:
        unread.clear()
        return _iter_text(member, head, names, wanted, unread)

    table = Table(member.path, member.name, head.names, open_columns, sample=head.sample, guesses=head.guesses)
    return table if head.has_header else name_columns(table, member.inside, hints), head


def _iter_text(
    member: Member, head: Head, names: Sequence[str], wanted: Sequence[str], unread: list[tuple[int, str]]
) -> Iterator[Any]:
    """Yield record batches of text columns."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    def set_aside(line: Any) -> str:
        if len(unread) >= _MOST_UNREAD:
            return "error"
        unread.append((line.number or 0, line.text))
        return "skip"

    with member.open() as stream:
        reader = arrow_csv.open_csv(
            _Utf8(member.path, stream),
            # One thread, so that a bad line knows its number.
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                column_names=list(names),
                skip_rows=1 if head.has_header else 0,
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=head.delimiter, invalid_row_handler=set_aside),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=list(wanted),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        yield from reader


class _Utf8(io.RawIOBase):
    """A stream that ends with a sentence where it is no UTF-8; Arrow would print a traceback about some lines."""

    def __init__(self, path: str, stream: Any) -> None:
        self._path, self._stream = path, stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._lines = 1

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        data: bytes = self._stream.read(size)
        if not data.isascii() or self._decoder.getstate()[0]:
            try:
                self._decoder.decode(data)
            except UnicodeDecodeError as cause:
                self._refuse(cause)
        self._lines += data.count(b"\n")
        return data

    def _refuse(self, cause: UnicodeDecodeError) -> NoReturn:
        """Say where the text is no UTF-8."""
        line = self._lines + bytes(cause.object).count(b"\n", 0, cause.start)
        what = f"the text is not UTF-8: byte 0x{cause.object[cause.start]:02x} in line {line:,}"
        step = "Save it as CSV in UTF-8, then: tapehead import PATH"
        raise FileFormatError(path=self._path, cause=what, step=step) from cause


def _two_kinds(path: str, first: tuple[str, tuple[str, ...]], other: tuple[str, tuple[str, ...]]) -> FileFormatError:
    """Say that the files of an archive differ."""
    told = (f"{name[:60]} ({', '.join(names[:4])} ...)" for name, names in (first, other))
    return FileFormatError(
        path=path,
        cause=f"the archive holds files of different kinds: {' and '.join(told)}",
        step="Unpack it, then import one kind at a time: tapehead import FOLDER",
    )


def _ragged(path: str, fields: int, unread: Sequence[tuple[int, str]]) -> FileFormatError:
    """Say that too many lines do not fit the header."""
    line, text = unread[0]
    return FileFormatError(
        path=path,
        cause=f"{len(unread):,} lines do not have the {fields} fields of the first; one is line {line}: {text[:200]}",
        step="Nothing was written. Mend the header, then: tapehead import PATH",
    )


def _broken(path: str, cause: BaseException) -> FileFormatError:
    """Say that a file is cut or damaged."""
    text = str(cause).strip().splitlines()[0][:200] if str(cause).strip() else type(cause).__name__
    cut = "truncat" in text.lower() or "end-of-stream" in text.lower()
    what = "the file is cut: its compressed data ends too early" if cut else f"the file cannot be read as text ({text})"
    step = "Nothing was written. Fetch it again, then: tapehead import PATH"
    return FileFormatError(path=path, cause=what, step=step)
