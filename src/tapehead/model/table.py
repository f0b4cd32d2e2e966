"""Table: columns of one length by name, and how they become an Arrow table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Table(Mapping[str, NDArray[Any]]):
    """Read-only columns of one length, as items (`table["close"]`) and as attributes (`table.close`).

    A mapping of its columns: `len` counts them. `rows` is their length; `ts` is us UTC.
    """

    columns: Mapping[str, NDArray[Any]]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Lock the arrays."""
        for values in self.columns.values():
            values.flags.writeable = False

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column."""
        return self.columns[name]

    def __getattr__(self, name: str) -> NDArray[Any]:
        """Return a column."""
        # What is copied or unpickled is asked for names before it has columns.
        if name.startswith("_") or name == "columns" or name not in self.columns:
            raise AttributeError(f"a table has no '{name}'")
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self.columns)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.columns)

    def __repr__(self) -> str:
        """Return the size and the names."""
        return f"Table({self.rows} rows: {', '.join(self.columns)})"

    @property
    def rows(self) -> int:
        """Length of every column."""
        return len(next(iter(self.columns.values()), ()))

    def to_arrow(self) -> Any:
        """Return a pyarrow Table over the same memory; `ts` is a timestamp in UTC."""
        return arrow_table(self.columns, self.metadata)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the columns to any library that takes an Arrow stream: `polars.DataFrame(table)`."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)


def arrow_table(columns: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> Any:
    """Return a pyarrow Table over the memory of the columns; text alone is copied."""
    # By its name, for words know no library: only who asks for Arrow loads it.
    arrow = import_module("pyarrow")
    made = {}
    for name, values in columns.items():
        if name == "ts":
            made[name] = arrow.array(np.ascontiguousarray(values).view("datetime64[us]"), arrow.timestamp("us", "UTC"))
        else:
            made[name] = arrow.array(values.tolist() if values.dtype.kind == "U" else values)
    return arrow.table(made).replace_schema_metadata(dict(metadata) or None)
