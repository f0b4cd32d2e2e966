"""compute: indicators over a table, of one instrument or of many, as columns of one table."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.indicators.catalogue import function_of
from tapehead.indicators.memo import Memo
from tapehead.library.asked_indicator import Asked, check_length, read_asked
from tapehead.model.bars import Bars
from tapehead.model.frame_columns import SPELLINGS, open_frame
from tapehead.model.frames import Frame, Framed

Column = NDArray[Any]
ALONE_ROWS = 20_000
"""Fewer rows than this are not worth a thread."""
_OWNERS = ("symbol", "instrument", "ticker", "name")
"""What a column is called, in small letters, that says whose a row is."""


@dataclass(frozen=True, slots=True)
class Computed(Framed):
    """Columns by name, in the order of the rows they were computed of; read-only float64 lines behind the keys.

    `computed["rsi(14)"]` is a column; `to_arrow()`, `to_pandas()` and `to_polars()` give all of them.
    """

    columns: Mapping[str, Column]

    def __getitem__(self, name: str) -> Column:
        """Return a column."""
        return self.columns[name]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def _frame(self) -> Frame:
        """Return the columns."""
        return Frame(self.columns, {})


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of one or many instruments: keys for the answer, number columns by asked name, and where each one's lie."""

    keys: Mapping[str, Column]
    numbers: Mapping[str, Column]
    order: Column | None
    parts: Sequence[slice]


def compute(
    table: Any,
    *asked: str,
    by: str | None = None,
    columns: Mapping[str, str] | None = None,
    **named: str,
) -> Computed:
    """Compute indicators of a table, or of each instrument of many.

    Parameters
    ----------
    table : object
        Bars; a frame of pandas or polars, anything that hands out an Arrow stream, or a mapping of arrays; or a mapping
        of such by instrument, as `store.bars([...])` gives. Rows oldest first.
    *asked : str
        `rsi`, `rsi(14)`, `bollinger(20, width=2)`, `sma(volume, 50)`, `talib.CDLDOJI`; `tapehead indicators` lists
        them. An indicator of one line is given the closes where no column is named.
    by : str, optional
        Column, or level of an index of pandas, that says whose a row is; rows of one instrument need not lie together.
    columns : mapping, optional
        Names in the table by ours, such as `{"close": "Adj Close"}`; others are found whatever their case.
    **named : str
        The same under names of their own: `fast="sma(10)"`.

    Returns
    -------
    Computed
        The time and `by` where there are, then a column for each line: `rsi(14)`, or `macd.signal` where there are
        several. Rows as they came; NaN while nothing is known.

    Raises
    ------
    UnknownIndicatorError
        With what is near.
    ParameterError
        A text is no call or out of bounds, a column is missing or holds no numbers, or the warm-up is longer than the
        data of every instrument.

    Notes
    -----
    Nothing is sorted and nothing is filled. Instruments are computed beside each other on all processors; kernels hold
    no lock. What two of the asked share is computed once.

    Examples
    --------
    >>> compute({"close": [1.0, 2.0, 4.0]}, "roc(1)")["roc(1)"]
    array([ nan, 100., 100.])
    """
    for text in (*asked, *named.values()):
        if not isinstance(text, str):
            raise ParameterError(name="indicators", value=repr(text)[:80], bound="text, each such as 'rsi(14)'")
    wanted = {" ".join(text.split()): read_asked(text) for text in asked}
    twice = [name for name in named if name in wanted]
    if twice or len(wanted) < len(asked) or not (wanted or named):
        bound = "asked once each, and at least one, such as 'rsi(14)'"
        raise ParameterError(name="indicators", value=", ".join(twice or asked) or "none", bound=bound)
    wanted |= {name: read_asked(text) for name, text in named.items()}
    needed = {column for one in wanted.values() for column in one.inputs.values()}
    strange = [one for one in columns or () if one not in (*SPELLINGS, "benchmark", *needed)]
    if strange:
        bound = f"by our names, {', '.join(sorted(needed - {'values'}) or ['close'])} among them"
        raise ParameterError(name="columns", value=strange[0], bound=bound)
    held = _panel(table, needed, columns or {}) if _is_panel(table) else _table(table, needed, by, columns or {})
    made = _made(held, wanted)
    return Computed({**held.keys, **made})


def _is_panel(table: Any) -> bool:
    """Say whether a mapping holds tables rather than columns."""
    first = next(iter(table.values()), None) if isinstance(table, Mapping) else None
    return first is not None and (isinstance(first, (Bars, Mapping)) or hasattr(first, "columns"))


def _panel(tables: Mapping[Any, Any], needed: set[str], columns: Mapping[str, str]) -> _Table:
    """Join the tables of many instruments, a key column with their names before."""
    held = [_table(one, needed, None, columns) for one in tables.values()]
    sizes = [len(next(iter(one.numbers.values()))) for one in held]
    ends = np.cumsum(sizes)
    shared = [name for name in held[0].keys if all(name in one.keys for one in held)]
    keys = {"instrument": np.repeat(np.array([str(name) for name in tables]), sizes)}
    keys |= {name: np.concatenate([one.keys[name] for one in held]) for name in shared}
    numbers = {name: _locked(np.concatenate([one.numbers[name] for one in held])) for name in held[0].numbers}
    return _Table(keys, numbers, None, [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)])


def _table(table: Any, needed: set[str], by: str | None, columns: Mapping[str, str]) -> _Table:
    """Read what is needed of one table."""
    if isinstance(table, Bars):
        read: Callable[[Any], Column] = lambda name: getattr(table, name)  # noqa: E731 - as open_frame gives one
        names: Sequence[Any] = ("ts", "open", "high", "low", "close", "volume")
    else:
        read, names, _ = open_frame(table)
    time = next((name for name in names if str(name).lower() in SPELLINGS["ts"]), None)
    keys = {str(name): np.asarray(read(name)) for name in (time,) if name is not None and name != by}
    numbers = {name: _numbers(name, names, read, columns) for name in sorted(needed)}
    rows = len(next(iter(numbers.values())))
    for name, line in (*numbers.items(), *keys.items()):
        if len(line) != rows:
            held = f"{name} of {len(line):,} rows"
            raise ParameterError(name="table", value=held, bound=f"columns of one length; others have {rows:,} rows")
    if by is None:
        for line in keys.values():
            _check_one(line, names)
        return _Table(keys, numbers, None, [slice(0, rows)])
    if by not in names:
        raise ParameterError(name="by", value=by, bound=f"one of the columns {', '.join(map(str, names))}")
    owners = np.asarray(read(by))
    _, places = np.unique(owners.astype(str) if owners.dtype.kind == "O" else owners, return_inverse=True)
    order = np.argsort(places, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(places[order])) + 1, rows)
    parts = [slice(int(begin), int(end)) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]
    sorted_numbers = {name: _locked(line[order]) for name, line in numbers.items()}
    return _Table({by: owners, **keys}, sorted_numbers, order, parts)


def _check_one(times: Column, names: Sequence[Any]) -> None:
    """Raise where a time does not come after the one before: rows of several instruments, or in no order."""
    if times.dtype.kind not in "iufM" or len(times) < 2:
        return
    early = np.flatnonzero(times[1:] <= times[:-1])
    if early.size:
        row = int(early[0]) + 1
        owner = next((str(name) for name in names if str(name).lower() in _OWNERS), "symbol")
        bound = (
            f"rows of one instrument, oldest first, or name the column that says whose a row is, such as by='{owner}'"
        )
        held = f"row {row + 1:,} of {times[row]} after {times[row - 1]}"
        raise ParameterError(name="table", value=held, bound=bound)


def _numbers(name: str, names: Sequence[Any], read: Callable[[Any], Column], columns: Mapping[str, str]) -> Column:
    """Return one column as a line of numbers; `values` is the close."""
    ours = "close" if name == "values" else name
    wanted = columns.get(ours, ours)
    found = [one for one in names if one == wanted] or [one for one in names if str(one).lower() == wanted.lower()]
    if len(found) != 1:
        held = f"no column {wanted}" if not found else f"columns {' and '.join(map(str, found))}"
        bound = f"one with that column once, or columns={{'{ours}': its name}}; it has {', '.join(map(str, names))}"
        raise ParameterError(name="table", value=held, bound=bound)
    line = np.asarray(read(found[0]))
    if line.ndim != 1 or line.dtype.kind not in "fiu":
        raise ParameterError(name="table", value=f"column {found[0]} of {line.dtype}", bound="numbers in that column")
    return _locked(np.ascontiguousarray(line, np.float64))


def _locked(line: Column) -> Column:
    """Return a view that nobody can write to, so that indicators take it as it is."""
    view = line.view()
    view.flags.writeable = False
    return view


def _made(held: _Table, wanted: Mapping[str, Asked]) -> dict[str, Column]:
    """Compute all lines of all parts; columns in the order of the rows."""
    rows = len(next(iter(held.numbers.values())))
    out = {
        name: np.full(rows, np.nan)
        for label, one in wanted.items()
        for name in ([f"{label}.{line}" for line in one.indicator.outputs] or [label])
    }
    alone = len(held.parts) == 1 or rows < ALONE_ROWS
    with ThreadPoolExecutor(1 if alone else os.cpu_count() or 1) as pool:
        known = list(pool.map(lambda part: _fill(held, part, wanted, out), held.parts))
    _check_known(held, wanted, known)
    if held.order is not None:
        for name, line in out.items():
            back = np.empty(rows)
            back[held.order] = line
            out[name] = back
    return {name: _locked(line) for name, line in out.items()}


def _fill(held: _Table, part: slice, wanted: Mapping[str, Asked], out: Mapping[str, Column]) -> tuple[bool, ...]:
    """Compute the lines of one instrument; say of each asked whether anything of it is known."""
    known = []
    with Memo():
        for label, one in wanted.items():
            lines = tuple(_lines(held, part, one))
            names = [f"{label}.{line}" for line in one.indicator.outputs] or [label]
            for name, line in zip(names, lines, strict=True):
                out[name][part] = line
            known.append(any(not np.isnan(line).all() for line in lines if line.dtype == np.float64))
    return tuple(known)


def _lines(held: _Table, part: slice, one: Asked) -> Iterator[Column]:
    """Yield the lines of one indicator over one instrument."""
    inputs = [held.numbers[one.inputs[name]][part] for name in one.indicator.inputs]
    found = function_of(one.indicator)(*inputs, **one.parameters)
    yield from found if isinstance(found, tuple) else (found,)


def _check_known(held: _Table, wanted: Mapping[str, Asked], known: Sequence[tuple[bool, ...]]) -> None:
    """Raise where the warm-up of an indicator is longer than the data of every instrument."""
    longest = max(held.parts, key=lambda part: part.stop - part.start, default=slice(0, 0))
    for place, one in enumerate(wanted.values()):
        if not any(row[place] for row in known):
            nothing = np.full(longest.stop - longest.start, np.nan)
            check_length(one.indicator, one.parameters, (nothing,), len(nothing))
