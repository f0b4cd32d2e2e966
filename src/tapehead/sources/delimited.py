"""DelimitedSource: CSV and its kin, and JSON rows, plain, gzipped or in a zip."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tapehead.errors import FileFormatError
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.sources.head import Head, read_head
from tapehead.sources.headless import name_columns
from tapehead.sources.json_rows import json_table
from tapehead.sources.lines import iter_blocks
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

    def iter_chosen(self, path: str, choose: Callable[[Sequence[str]], Sequence[str]]) -> Iterator[Any]:
        """Yield record batches of the columns that `choose` picks among their names; every line must fit the header.

        Several files of an archive are read one after the other.
        """
        import pyarrow as pa

        try:
            for member in iter_members(path, self._form):
                unread: list[tuple[int, str]] = []
                table, _ = _table(member, Hints(), unread)
                yield from table.open(choose(table.names))
                if unread:
                    raise _ragged(path, len(table.names), unread)
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
    """Yield record batches of text columns; lines that do not fit are put into `unread` with their number."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    before = 1 if head.has_header else 0

    def set_aside(line: Any) -> str:
        if len(unread) >= _MOST_UNREAD:
            return "error"
        unread.append((before + (line.number or 0), line.text))
        return "skip"

    parse = arrow_csv.ParseOptions(delimiter=head.delimiter, invalid_row_handler=set_aside)
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()),
        include_columns=list(wanted),
        null_values=[""],
        strings_can_be_null=True,
    )
    is_first = True
    with member.open() as stream:
        for block in iter_blocks(member.path, stream):
            data = _without_header(block) if is_first and head.has_header else block
            is_first = False
            if not data.strip():
                continue
            # One thread and one block, so that a bad line knows its number.
            read = arrow_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=list(names))
            aside = len(unread)
            table = arrow_csv.read_csv(
                pa.BufferReader(data), read_options=read, parse_options=parse, convert_options=convert
            )
            rows = table.num_rows + len(unread) - aside
            if b'"' in data and rows != sum(1 for line in data.splitlines() if line):
                raise _open_quote(member.path)
            before += rows
            yield from table.combine_chunks().to_batches()


def _without_header(block: bytes) -> bytes:
    """Return a block behind its first line that is not empty."""
    text = block.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \t")
    ends = [at for at in (text.find(b"\n"), text.find(b"\r")) if at >= 0]
    return text[min(ends) + 1 :] if ends else b""


def _two_kinds(path: str, first: tuple[str, tuple[str, ...]], other: tuple[str, tuple[str, ...]]) -> FileFormatError:
    """Say that the files of an archive differ."""
    told = (f"{name[:60]} ({', '.join(names[:4])} ...)" for name, names in (first, other))
    return FileFormatError(
        path=path,
        cause=f"the archive holds files of different kinds: {' and '.join(told)}",
        step="Unpack it, then import one kind at a time: tapehead import FOLDER",
    )


def _open_quote(path: str) -> FileFormatError:
    """Say that a quote swallows the ends of lines."""
    cause = "a quote opens in one line and closes in another, or never, and what lies between cannot be told apart"
    return FileFormatError(path=path, cause=cause, step="Save it with one row a line, then: tapehead import PATH")


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
