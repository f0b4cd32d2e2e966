"""Head: what the first bytes of a text tell: delimiter, header, and whether it is text at all."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tapehead.errors import FileFormatError
from tapehead.sources.unpack import Member

_HEAD_BYTES = 1 << 16
_MOST_COLUMNS = 4_096
_SAMPLE_ROWS = 50
_DELIMITERS = (",", ";", "\t", "|")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_DAY = re.compile(r"date|day|<date>", re.IGNORECASE)
_CSV = "Save it as CSV in UTF-8 with a header, then: tapehead import PATH"


@dataclass(frozen=True, slots=True)
class Head:
    """What the first 64 kB of a text say.

    Attributes
    ----------
    names : tuple of str
        The header's, or 1, 2, 3, ...
    sample : tuple of tuples of str
        Fields of the first rows.
    """

    names: tuple[str, ...] = ()
    delimiter: str = ","
    has_header: bool = False
    is_json: bool = False
    sample: tuple[tuple[str, ...], ...] = ()
    guesses: tuple[str, ...] = ()


def read_head(member: Member) -> Head:
    """Return what the first bytes of a text say.

    Raises
    ------
    FileFormatError
        It is empty, no text, or its first line is longer than any header.
    """
    with member.open() as stream:
        start = bytes(stream.read(_HEAD_BYTES))
    text = _decoded(member.path, start)
    if text.lstrip()[:1] in {"[", "{"}:
        return Head(is_json=True)
    lines = text.splitlines()
    if len(start) == _HEAD_BYTES:
        # The last line may go on behind these bytes.
        lines = lines[:-1]
        if not lines:
            cause = f"its first line is longer than {_HEAD_BYTES:,} bytes"
            raise FileFormatError(path=member.path, cause=cause, step=_CSV)
    lines = [line for line in lines if line.strip()]
    if not lines:
        step = "Give one with bars: tapehead import PATH"
        raise FileFormatError(path=member.path, cause="the file is empty", step=step)
    return _split(member.path, lines)


def is_number(text: str) -> bool:
    """Whether a field is a plain number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def _split(path: str, lines: Sequence[str]) -> Head:
    """Return names, delimiter and the first rows."""
    delimiter = max(_DELIMITERS, key=lambda mark: (lines[0].count(mark), -_DELIMITERS.index(mark)))
    try:
        rows = [
            tuple(field.strip() for field in row) for row in csv.reader(lines[: _SAMPLE_ROWS + 1], delimiter=delimiter)
        ]
    except csv.Error as cause:
        raise FileFormatError(path=path, cause=f"the first lines are no rows ({cause})", step=_CSV) from cause
    if len(rows[0]) > _MOST_COLUMNS:
        wide = f"it has {len(rows[0]):,} columns, and at most {_MOST_COLUMNS:,} are read"
        raise FileFormatError(path=path, cause=wide, step=_CSV)
    if 2 * sum(map(is_number, rows[0])) > len(rows[0]):
        names = tuple(str(place) for place in range(1, len(rows[0]) + 1))
        return Head(names, delimiter, sample=tuple(rows[:_SAMPLE_ROWS]))
    names, guesses = _with_clock(rows[0], rows[1:])
    return Head(names, delimiter, has_header=True, sample=tuple(rows[1:]), guesses=guesses)


def _with_clock(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the header with a name for the time of day, where rows have one behind the date and it does not."""
    if not rows or not _DAY.fullmatch(names[0]) or "time" in map(str.lower, names):
        return names, ()
    if not all(len(row) == len(names) + 1 and _CLOCK.fullmatch(row[1]) for row in rows):
        return names, ()
    told = f"rows have one field more than the header: '{rows[0][1]}' behind the date is read as the time of day"
    return (names[0], "Time", *names[1:]), (told,)


def _decoded(path: str, start: bytes) -> str:
    """Return the first bytes as text, or say what they are instead."""
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise FileFormatError(path=path, cause="the text is UTF-16, and only UTF-8 is read", step=_CSV)
    if b"\x00" in start:
        cause = "the file holds bytes that are no text, Parquet or Arrow"
        raise FileFormatError(path=path, cause=cause, step=_CSV)
    text = start.decode("utf-8", errors="replace").removeprefix("\ufeff")
    if text.lstrip()[:1] == "<" and not text.lstrip().upper().startswith(("<DATE>", "<TICKER>", "<DTYYYYMMDD>")):
        cause = "the file holds a web page or XML, which cannot be imported"
        raise FileFormatError(path=path, cause=cause, step=_CSV)
    if '{"' in text.partition("\n")[0] and not text.lstrip().startswith(("{", "[")):
        cause = "the file holds messages in JSON behind other text, as of a recorded feed, and no bars"
        raise FileFormatError(path=path, cause=cause, step="Make bars of it first, then: tapehead import PATH")
    return text
