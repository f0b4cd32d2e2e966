"""Reading: what the first rows of a table settle for the others, symbols and times."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import FileFormatError, MissingColumnError, ParameterError
from tapehead.model.symbols import pair_of
from tapehead.ports.bars import Hints
from tapehead.sources.columns import Keys, listed
from tapehead.sources.filenames import plain_symbol, symbol_of
from tapehead.sources.numbers import is_text
from tapehead.sources.table import Table
from tapehead.sources.times import TimeQuestion, TimeReader, decide_times

I32 = NDArray[np.int32]
_LONGEST_SYMBOL = 64


@dataclass(slots=True)
class Reading:
    """How symbols and times of one table are read.

    Attributes
    ----------
    guesses : list of str
        What the first rows settled, with its evidence.
    """

    table: Table
    keys: Keys
    hints: Hints
    guesses: list[str] = field(default_factory=list)
    _times: TimeReader | None = None
    _spelled: dict[str, str] = field(default_factory=dict)

    def settle(self, batch: Any) -> None:
        """Decide by the first rows.

        Raises
        ------
        AmbiguousFileError, FileFormatError, MissingColumnError, ParameterError
            The file cannot be read without being told more.
        """
        table, keys, hints = self.table, self.keys, self.hints
        names, _ = self.symbols(batch)
        self.guesses += self._told_of_symbols(names)
        pairs = [pair_of(name) for name in names]
        kind = hints.kind or table.kind
        is_crypto = kind == "crypto" or (
            kind is None and bool(pairs) and all(pair is not None and pair.kind == "crypto" for pair in pairs)
        )
        column = _time_column(keys, batch)
        if keys.is_index and _is_row_number(column):
            held = listed(table.names)
            raise MissingColumnError(path=table.path, wanted="the time of a bar (ts)", held=held, example="ts=COLUMN")
        self._times = decide_times(
            column,
            TimeQuestion(
                path=table.path,
                column_name="+".join(keys.ts),
                unit=hints.unit,
                tz=hints.tz or table.tz,
                form=keys.ts_format or table.form,
                is_crypto=is_crypto,
                is_utc_name=keys.says_utc,
                rescan=lambda: (_time_column(keys, again) for again in table.open(list(keys.ts))),
                day_us=table.day_us,
            ),
        )
        self.guesses += self._times.guesses

    def read(self, batch: Any) -> tuple[tuple[str, ...], I32, NDArray[np.int64], NDArray[np.bool_]]:
        """Return symbols, the place of each row's among them, times (us UTC) and which of them are valid."""
        if self._times is None:
            self.settle(batch)
        names, codes = self.symbols(batch)
        ts, valid = self._times.read(_time_column(self.keys, batch), codes)  # type: ignore[union-attr]  # set by settle
        return names, codes, ts, valid

    def closing_guesses(self) -> tuple[str, ...]:
        """Return what can only be told at the end."""
        return () if self._times is None else self._times.closing_guesses()

    def _told_of_symbols(self, names: tuple[str, ...]) -> list[str]:
        """Return the sentences about symbols."""
        if self.hints.symbol is not None:
            return []
        if self.keys.symbol is None:
            where = "the file's folders" if self.table.symbol else "the file's name"
            return [f"symbol {names[0]}: from {where}"]
        told = [f"symbols: column '{self.keys.symbol}'"]
        joined = next(((old, new) for old, new in self._spelled.items() if old.strip() != new), None)
        if joined is not None:
            told.append(f"symbols are written without separator: {joined[0]} is {joined[1]}")
        return told

    def symbols(self, batch: Any) -> tuple[tuple[str, ...], I32]:
        """Return the batch's symbols and the place of each row's among them, -1 where there is none."""
        import pyarrow.compute as pc

        named, column = self.hints.symbol, self.keys.symbol
        if column is None or named is not None:
            if column is not None and len(pc.unique(_as_text(self.table.path, batch, column)).drop_null()) > 1:
                bound = f"left out: {self.table.path} holds several symbols in column '{column}'"
                raise ParameterError(name="symbol", value=named, bound=bound)
            name = named or self.table.symbol or symbol_of(self.table.name)
            return (name,), np.zeros(batch.num_rows, np.int32)
        coded = pc.dictionary_encode(_as_text(self.table.path, batch, column))
        raw = [str(word) for word in coded.dictionary.to_pylist()]
        for word in raw:
            if word not in self._spelled:
                self._spelled[word] = plain_symbol(word)
        names = tuple(self._spelled[word] for word in raw)
        codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
        unnamed = [place for place, name in enumerate(names) if not name or len(name) > _LONGEST_SYMBOL]
        if unnamed:
            codes[np.isin(codes, unnamed)] = -1
        return names, codes


def _as_text(path: str, batch: Any, name: str) -> Any:
    """Return a column as text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = batch.column(name)
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    try:
        return column if is_text(column.type) and column.type == pa.string() else pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as cause:
        raise no_type(path, name, column.type, "symbol") from cause


def no_type(path: str, name: str, kind: Any, wanted: str) -> FileFormatError:
    """Say that a column is of a type that cannot be what it is called."""
    step = "Name another column: tapehead import PATH --columns open=COLUMN"
    return FileFormatError(
        path=path, cause=f"column '{name[:64]}' is of type {str(kind)[:80]}, which is no {wanted}", step=step
    )


def _time_column(keys: Keys, batch: Any) -> Any:
    """Return the time column; a date and a time of day joined by a blank."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(keys.ts) == 1:
        column = batch.column(keys.ts[0])
        return pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
    parts = [pc.cast(batch.column(name), pa.string()) for name in keys.ts]
    return pc.binary_join_element_wise(*parts, " ")


def _is_row_number(column: Any) -> bool:
    """Whether a column only counts rows from 0 or 1."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        values = pc.cast(column, pa.int64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return len(values) > 0 and values[0] in {0, 1} and bool(np.array_equal(values, values[0] + np.arange(len(values))))
