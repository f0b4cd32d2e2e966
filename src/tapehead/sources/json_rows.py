"""JSON rows: one list of rows, as freqtrade and exchanges write bars and trades, read in pieces."""

from collections.abc import Iterator, Sequence
from typing import Any

from tapehead.errors import FileFormatError
from tapehead.sources.headless import KLINES
from tapehead.sources.table import Table
from tapehead.sources.unpack import Member

_PIECE_BYTES = 1 << 20
_MOST_COLUMNS = 4_096
_STEP = "Save it as CSV with a header, then: tapehead import PATH"
_BY_WIDTH = {
    6: ("ts", "open", "high", "low", "close", "volume"),
    7: ("timestamp", "id", "type", "side", "price", "amount", "cost"),
    12: KLINES,
}
_FORMS = {
    6: "JSON rows of six are read as time, open, high, low, close, volume",
    7: "JSON rows of seven are read as trades: time, id, type, side, price, amount, cost",
    12: "JSON rows of twelve are read as Binance's klines",
}


def json_table(member: Member) -> Table:
    """Return the rows of a JSON file.

    Parameters
    ----------
    member : Member
        `[[time, open, high, low, close, volume], ...]`, rows of trades or klines, or objects with named fields.

    Raises
    ------
    FileFormatError
        It is JSON of another shape, or a row is longer than 1 MB.

    Notes
    -----
    Memory is bounded by a piece of 1 MB: a piece ends behind a row, and is parsed as a list of its own.
    """
    first = next(_iter_pieces(member), [])
    if not first:
        cause = "the file holds no row"
        raise FileFormatError(path=member.path, cause=cause, step="Give one with bars: tapehead import PATH")
    if isinstance(first[0], dict):
        names, told = tuple(map(str, first[0])), "JSON objects: their keys are the columns"
    elif isinstance(first[0], list) and len(first[0]) in _BY_WIDTH:
        names, told = _BY_WIDTH[len(first[0])], _FORMS[len(first[0])]
    else:
        raise _no_rows(member.path)
    if not names or len(names) > _MOST_COLUMNS:
        raise _no_rows(member.path)

    def open_columns(every: Sequence[str], wanted: Sequence[str]) -> Iterator[Any]:
        for rows in _iter_pieces(member):
            yield _batch(member.path, rows, every, wanted)

    return Table(member.path, member.name, names, open_columns, guesses=(told,))


def _iter_pieces(member: Member) -> Iterator[list[Any]]:
    """Yield lists of whole rows."""
    import orjson

    with member.open() as stream:
        held = bytes(stream.read(_PIECE_BYTES)).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not held.startswith(b"["):
            raise _no_rows(member.path)
        held = held[1:]
        mark = b"}," if held.lstrip().startswith(b"{") else b"],"
        at_end = False
        while not at_end:
            more = bytes(stream.read(_PIECE_BYTES))
            at_end = not more
            held += more
            cut = len(held) if at_end else held.rfind(mark) + 1
            if cut <= 0:
                raise _no_rows(member.path)
            piece = held[:cut].rstrip()
            if at_end:
                if not piece.endswith(b"]"):
                    cause = "the file is cut: its list of rows does not end"
                    step = "Nothing was written. Fetch it again, then: tapehead import PATH"
                    raise FileFormatError(path=member.path, cause=cause, step=step)
                piece = piece[:-1]
            # Behind the row that was last stands a comma.
            held = held[cut:].lstrip().removeprefix(b",")
            try:
                rows = orjson.loads(b"[" + piece + b"]")
            except orjson.JSONDecodeError as cause:
                raise _no_rows(member.path, f" ({cause})") from cause
            yield rows


def _batch(path: str, rows: list[Any], every: Sequence[str], wanted: Sequence[str]) -> Any:
    """Turn rows into columns; rows of another width are refused, for JSON has no line that could be set aside."""
    import pyarrow as pa

    if rows and isinstance(rows[0], dict):
        if not all(isinstance(row, dict) for row in rows):
            raise _no_rows(path)
        columns = [[row.get(name) for row in rows] for name in wanted]
    else:
        width = len(every)
        if not all(isinstance(row, list) and len(row) == width for row in rows):
            raise _no_rows(path, f": not every row has {width} fields")
        places = [list(every).index(name) for name in wanted]
        columns = [[row[place] for row in rows] for place in places]
    return pa.RecordBatch.from_arrays([_column(values) for values in columns], names=list(wanted))


def _column(values: list[Any]) -> Any:
    """Return one column: numbers as such, anything else as text."""
    import pyarrow as pa

    kinds = {type(value) for value in values} - {type(None)}
    try:
        if kinds <= {int}:
            return pa.array(values, pa.int64())
        if kinds <= {int, float}:
            return pa.array([None if value is None else float(value) for value in values], pa.float64())
    except (OverflowError, pa.ArrowInvalid):
        pass
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _no_rows(path: str, detail: str = "") -> FileFormatError:
    """Say that a file holds JSON of another shape."""
    cause = f"the file holds JSON, but no list of rows such as [[time,open,high,low,close,volume],...]{detail}"
    return FileFormatError(path=path, cause=cause, step=_STEP)
