"""LazyTable: a table that SQL sees, made batch by batch of the columns and the parts that a query needs."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import dataset, fs

Expression = Any
_WORD = r"(?<!\w){}(?!\w)"


class Parts:
    """Which parts of a table a query can want, by what is known of every row in them."""

    def __init__(self, schema: Any, wanted: Expression | None) -> None:
        self._schema = schema
        self._wanted = wanted

    def names(self, column: str) -> bool:
        """Say whether the query bounds a column."""
        return self._wanted is not None and bool(re.search(_WORD.format(column), str(self._wanted)))

    def chosen(self, known: Sequence[Expression]) -> list[int]:
        """Return the places of the parts that can hold a wanted row; each of `known` is true of every row of one."""
        if self._wanted is None:
            return list(range(len(known)))
        # Arrow drops files by what is known of them; no file is there, and none is opened.
        form, system = dataset.IpcFileFormat(), fs.LocalFileSystem()
        parts = [form.make_fragment(str(at), system, partition_expression=each) for at, each in enumerate(known)]
        files = dataset.FileSystemDataset(parts, self._schema, form, system)
        return sorted(int(part.path) for part in files.get_fragments(self._wanted))


Make = Callable[[Sequence[str], Parts], Iterator[Any]]
"""Yields record batches of exactly the named columns, of all parts that can be wanted."""


class LazyTable(dataset.Dataset):  # type: ignore[misc]  # pyarrow ships no types
    """What DuckDB scans as it scans a dataset of Arrow: it says which columns it needs, and which rows."""

    def __init__(self, schema: Any, make: Make) -> None:
        self._held, self._make = schema, make

    @property
    def schema(self) -> Any:
        """Names and types of the columns."""
        return self._held

    def scanner(self, columns: Sequence[str] | None = None, filter: Expression | None = None, **_others: Any) -> Any:  # noqa: A002 - Arrow's word
        """Return the batches of a scan; `filter` holds for every row of them."""
        asked = self._held.names if columns is None else list(columns)
        parts = Parts(self._held, filter)
        needed = [name for name in self._held.names if name in asked or parts.names(name)] or self._held.names[:1]
        schema = pa.schema([self._held.field(name) for name in needed])
        batches = pa.RecordBatchReader.from_batches(schema, self._make(needed, parts))
        return dataset.Scanner.from_batches(batches, columns=asked, filter=filter)
