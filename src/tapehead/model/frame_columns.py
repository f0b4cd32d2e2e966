"""frame_columns: the columns of bars out of a table of another library."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError

SPELLINGS: Final = {
    "ts": ("ts", "time", "timestamp", "date", "datetime", "open_time"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close",),
    "volume": ("volume",),
    "flags": ("flags",),
    "symbol": ("symbol",),
}
_OPTIONAL: Final = ("volume", "flags", "symbol")
_KINDS: Final = "a table of pandas, polars or Arrow, or a mapping of arrays"


def frame_columns(frame: Any, columns: Mapping[str, str]) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return the columns of bars that a table holds, and the text about them.

    Parameters
    ----------
    frame : object
        A pandas DataFrame (its index is a column), anything with `__arrow_c_stream__`, or a mapping of arrays.
    columns : mapping
        Names in the table by ours, where they are not found by themselves.

    Returns
    -------
    columns, metadata : dict
        `ts` int64 us UTC or datetime64; numbers as they are, NaN where the table has null.

    Raises
    ------
    ParameterError
        It is no table, a column is missing or there twice, holds no numbers or times, or rows of several symbols.
    """
    reader, names, metadata = open_frame(frame)
    found = _matched(names, columns)
    out = {}
    for ours, theirs in found.items():
        values = reader(theirs)
        out[ours] = _checked_times(theirs, values) if ours == "ts" else values
        if ours not in ("ts", "symbol") and values.dtype.kind not in "fiu":
            value = f"column '{theirs}' of {values.dtype}"
            raise ParameterError(name="frame", value=value, bound="numbers in that column; convert it first")
    symbols = np.unique(out.pop("symbol").astype(str)).tolist() if "symbol" in out else []
    if len(symbols) > 1:
        bound = f"the bars of one symbol, such as the rows of {symbols[0]}"
        raise ParameterError(name="frame", value=f"a table of {len(symbols):,} symbols", bound=bound)
    return out, {**metadata, **({"symbol": symbols[0]} if symbols else {})}


def open_frame(frame: Any, *, nulls: bool = False) -> tuple[Any, list[Any], dict[str, str]]:
    """Return a call that gives a column of a table, the names there are, and metadata; `nulls` lets times be NaT."""
    if type(frame).__module__.partition(".")[0] == "pandas":
        if not hasattr(frame, "columns"):
            raise ParameterError(name="frame", value=f"a pandas {type(frame).__name__}", bound=_KINDS)
        levels = _index_levels(frame.index)
        names = [*frame.columns, *(name for name in levels if name not in frame.columns)]
        return (lambda name: _from_pandas(frame[name] if name in frame.columns else levels[name])), names, {}
    if isinstance(frame, Mapping):
        return (lambda name: np.asarray(frame[name])), list(frame), {}
    if hasattr(frame, "__arrow_c_stream__"):
        table = import_module("pyarrow").table(frame)
        text = {key.decode(): value.decode("utf-8", "replace") for key, value in (table.schema.metadata or {}).items()}
        return (lambda name: _from_arrow(table[name], nulls=nulls)), table.column_names, text
    raise ParameterError(name="frame", value=f"a {type(frame).__name__}", bound=_KINDS)


def _index_levels(index: Any) -> dict[Any, Any]:
    """Return what an index of pandas holds by name, each as an index of one level; a time without a name is `ts`."""
    if getattr(index, "nlevels", 1) > 1:
        return {name: index.get_level_values(place) for place, name in enumerate(index.names) if name is not None}
    return {} if type(index).__name__ == "RangeIndex" else {index.name or "ts": index}


def _from_pandas(column: Any) -> NDArray[Any]:
    """Return a Series or an index as an array: times in UTC, numbers with NaN for what is not there."""
    if getattr(column.dtype, "tz", None) is not None:
        times = column.dt if hasattr(column, "dt") else column
        return np.asarray(times.tz_convert("UTC").tz_localize(None) if times is column
                          else times.tz_convert("UTC").dt.tz_localize(None))  # fmt: skip
    if getattr(column.dtype, "na_value", None) is not None and getattr(column.dtype, "kind", "O") in "fiu":
        return np.asarray(column.to_numpy(dtype="float64", na_value=np.nan))
    return np.asarray(column)


def _from_arrow(column: Any, *, nulls: bool) -> NDArray[Any]:
    """Return an Arrow column as an array: times in UTC, numbers with NaN for null."""
    arrow = import_module("pyarrow")
    kind = column.type
    if arrow.types.is_timestamp(kind) or arrow.types.is_date(kind):
        if column.null_count and not nulls:
            at = next(i for i, valid in enumerate(column.is_valid().to_pylist()) if not valid)
            raise ParameterError(name="frame", value=f"a null time at index {at}", bound="times without a null")
        whole = column.cast(arrow.timestamp("us")).cast(arrow.int64()).fill_null(np.iinfo(np.int64).min)
        return np.asarray(whole.to_numpy()).view("datetime64[us]")
    if arrow.types.is_decimal(kind):
        column = column.cast(arrow.float64())
    return np.asarray(column.to_numpy())


def _checked_times(name: Any, values: NDArray[Any]) -> NDArray[Any]:
    """Return times as they are; raise for what is none."""
    if values.dtype.kind == "M":
        lost = np.flatnonzero(np.isnat(values))
        if lost.size:
            raise ParameterError(name="frame", value=f"no time at index {lost[0]}", bound="times without a null")
        return values
    if values.dtype.kind not in "iu":
        bound = "times in that column (datetime64, or int64 us UTC); convert it first"
        raise ParameterError(name="frame", value=f"column '{name}' of {values.dtype}", bound=bound)
    return values


def _matched(names: Iterable[Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Return the name in the table of each column of ours."""
    held = list(names)
    strange = [ours for ours in given if ours not in SPELLINGS]
    if strange:
        raise ParameterError(name="columns", value=strange[0], bound=f"by one of {', '.join(SPELLINGS)}")
    lower: dict[str, list[Any]] = {}
    for name in held:
        lower.setdefault(str(name).strip().lower().replace(" ", "_"), []).append(name)
    found = {}
    for ours, spellings in SPELLINGS.items():
        if ours in given:
            if given[ours] not in held:
                raise _missing(given[ours], held)
            found[ours] = given[ours]
            continue
        fitting = [name for spelling in spellings for name in lower.get(spelling, [])]
        if len(fitting) > 1:
            value = f"both {fitting[0]} and {fitting[1]} for {ours}"
            raise ParameterError(name="frame", value=value, bound=f"read by columns={{'{ours}': '{fitting[0]}'}}")
        if not fitting and ours not in _OPTIONAL:
            raise _missing(ours, held)
        if fitting:
            found[ours] = fitting[0]
    return found


def _missing(name: str, held: Iterable[Any]) -> ParameterError:
    """Return what to raise for a column that is not there."""
    shown = ", ".join(map(str, held)) or "nothing"
    bound = f"a table with that column, or columns={{'{name}': its name}}; it has {shown}"
    return ParameterError(name="frame", value=f"no column {name}", bound=bound)
