"""Framed: columns that pandas, polars and anything that takes Arrow can have."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import MissingPackageError

Column = NDArray[Any] | list[float | None]


class Frame(NamedTuple):
    """Columns of one length by name, and text about them.

    A column is an array, or a list of numbers in which None means that there is none. `ts`, and every array of
    datetime64, are times in UTC.
    """

    columns: Mapping[str, Column]
    metadata: Mapping[str, str]


class Framed:
    """Hands its columns out; a class says which by `_frame`."""

    __slots__ = ()

    def _frame(self) -> Frame:
        """Return what is handed out."""
        raise TypeError(f"{type(self).__name__} has no columns")

    def to_arrow(self) -> Any:
        """Return a pyarrow Table, over the same memory where there are numbers; times are timestamps in UTC."""
        return arrow_table(*self._frame())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the columns to any library that takes an Arrow stream: `polars.DataFrame(...)`, `duckdb.sql(...)`."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame; times in UTC. Needs pandas (pip install pandas)."""
        pandas = _imported("pandas", "to_pandas")
        made = {}
        for name, values in self._frame().columns.items():
            times = _times(name, values)
            made[name] = values if times is None else pandas.to_datetime(times, utc=True)
        return pandas.DataFrame(made)

    def to_polars(self) -> Any:
        """Return a polars DataFrame; times in UTC. Needs polars (pip install polars)."""
        return _imported("polars", "to_polars").from_arrow(self.to_arrow())


def arrow_table(columns: Mapping[str, Column], metadata: Mapping[str, str]) -> Any:
    """Return a pyarrow Table over the memory of the columns; text and lists alone are copied."""
    # By its name, for words know no library: only who asks for Arrow loads it.
    arrow = import_module("pyarrow")
    made = {}
    for name, values in columns.items():
        times = _times(name, values)
        if times is not None:
            made[name] = arrow.array(times, arrow.timestamp("us", "UTC"))
        elif isinstance(values, list):
            made[name] = arrow.array(values, arrow.float64())
        elif values.dtype.kind == "U":
            made[name] = arrow.array(values.tolist(), arrow.string())
        else:
            made[name] = arrow.array(values)
    return arrow.table(made).replace_schema_metadata(dict(metadata) or None)


def _times(name: str, values: Column) -> NDArray[np.datetime64] | None:
    """Return a column of times as datetime64, None for any other."""
    if isinstance(values, list) or (name != "ts" and values.dtype.kind != "M"):
        return None
    return np.ascontiguousarray(values).view("datetime64[us]")


def _imported(package: str, call: str) -> Any:
    """Import a package that Tapehead does not need itself."""
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise MissingPackageError(call=f"{call}()", package=package) from error
