"""What an import asks of the place where rows wait between reading and merging: any number of them, bounded memory."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from numpy.typing import NDArray

Array = NDArray[Any]
Rows = dict[str, Array]
Aside = tuple[int, int, int, int, int | None, str]
"""A row set aside: file, place in the file, reason, key (-1 for none), time (us UTC) if known, its fields as read."""


class Pile(Protocol):
    """Numbers of which the median is wanted."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def add(self, values: Array) -> None:
        """Add float64 values, without NaN."""
        ...

    def median(self) -> float:
        """Return the exact median, as `numpy.median` gives it; at least one value."""
        ...


class Buckets(Protocol):
    """Rows of many files, put in any order and got back by key and time. For one thread.

    A key stands for one symbol of one venue; the columns of a row are `ts`, `file` (int32, number of its file), `place`
    (int64, its place in the file) and others of fixed dtypes. Rows of one key and one time keep the order in which they
    were put. Leave the context to give everything back.
    """

    def __enter__(self) -> Self:
        """Return itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give memory and disk back."""
        ...

    def put(self, keys: Array, rows: Mapping[str, Array]) -> None:
        """Add rows, shape (n,) each; raises DiskFullError."""
        ...

    def first(self, key: int, start: int) -> int | None:
        """Return the earliest time of a key at or after `start`, None where there is none."""
        ...

    def get(self, key: int, start: int, end: int) -> Rows:
        """Return the rows of a key in [start, end), rising in time; views that nobody may change."""
        ...

    def times(self, file: int) -> Iterator[tuple[int, Array]]:
        """Yield the times of one file key by key, rising, a key in as many pieces as memory asks for."""
        ...

    def pile(self) -> Pile:
        """Return an empty pile."""
        ...

    def set_aside(self, row: Aside) -> None:
        """Keep a row that is no bar, or contradicts another."""
        ...

    def iter_aside(self) -> Iterator[Aside]:
        """Yield what was set aside, by file and place."""
        ...
