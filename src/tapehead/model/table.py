"""Table: columns of one length by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from tapehead.model.frames import Frame, Framed


@dataclass(frozen=True, slots=True, eq=False)
class Table(Framed, Mapping[str, NDArray[Any]]):
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

    def _frame(self) -> Frame:
        """Return the columns."""
        return Frame(self.columns, self.metadata)

    def _repr_html_(self) -> str:
        """Return the first and last rows for a notebook."""
        from tapehead.model import display

        at = display.bounded(self.rows)
        rows = [[display.cell(name, values[i]) for name, values in self.columns.items()] for i in at]
        return display.table(list(self.columns), rows, display.shown_of(self.rows, "rows"))
