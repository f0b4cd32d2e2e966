"""Gathering: the batches of one file to columns in memory, split by symbol."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.clean import Rows
from tapehead.layout.columns import PRICE_COLUMNS
from tapehead.ports.bars import Hints, Origin, RawBatch, Source

Progress = Callable[[str, int], None]
"""Told what is being worked on, and how many rows of it are done."""

_COLUMNS = ("ts", *PRICE_COLUMNS, "volume")


@dataclass(slots=True)
class FileRows:
    """Every row of one file.

    Attributes
    ----------
    rows : dict of arrays, shape (n,)
        `ts open high low close volume`, in the order of the file; `volume` 0 where the file has none.
    ts_valid : bool array, shape (n,)
    codes : int32 array, shape (n,)
        Place of each row's symbol in `names`, -1 for none.
    has_volume : bool
        Whether the file has a volume column.
    text : dict
        Fields as read of the rows that cannot become bars, by place.
    unread : list of (row number, text, reason)
        Lines that could not be split into fields.
    """

    path: str
    names: list[str]
    rows: Rows
    ts_valid: NDArray[np.bool_]
    codes: NDArray[np.int32]
    has_volume: bool
    interval: str | None
    guesses: tuple[str, ...]
    text: dict[int, str] = field(default_factory=dict)
    unread: list[tuple[int, str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of rows, unread lines included."""
        return len(self.codes) + len(self.unread)

    def number_of(self, place: int) -> int:
        """Return the number, from 1, that a row has in the file."""
        number = place + 1
        skipped = sorted(row for row, _, _ in self.unread)
        while (ahead := bisect_left(skipped, number + 1)) != number - place - 1:
            number = place + 1 + ahead
        return number

    def iter_series(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Yield each symbol, by first appearance, with the places of its rows in the order of the file."""
        if len(self.names) == 1 and not np.any(self.codes < 0):
            yield self.names[0], np.arange(len(self.codes))
            return
        narrow = self.codes.astype(np.int16) if len(self.names) < np.iinfo(np.int16).max else self.codes
        order = np.argsort(narrow, kind="stable")
        edges = np.searchsorted(narrow[order], np.arange(len(self.names) + 1))
        for code, name in enumerate(self.names):
            yield name, order[edges[code] : edges[code + 1]]

    def forget(self) -> None:
        """Drop the columns, once every row is a bar or set aside."""
        self.rows = {}

    def without_symbol(self) -> NDArray[np.int64]:
        """Return the places of rows that name no symbol."""
        return np.flatnonzero(self.codes < 0)

    def values_of(self, place: int) -> str:
        """Return the fields of a row, as read where they were kept, else as numbers."""
        known = self.text.get(place)
        if known is not None:
            return known
        return " ".join(f"{name}={float(values[place])!r}" for name, values in self.rows.items() if name != "ts")


def gather(path: str, source: Source, hints: Hints, progress: Progress) -> FileRows:
    """Read a file whole.

    Parameters
    ----------
    path : str
    source : Source
    hints : Hints
    progress : callable
        Told the number of rows after each batch.

    Returns
    -------
    FileRows

    Notes
    -----
    Memory is about 60 bytes a row; files beyond memory wait for bucketed import.
    """
    names: dict[str, int] = {}
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in (*_COLUMNS, "ts_valid", "codes")}
    text: dict[int, str] = {}
    unread: list[tuple[int, str, str]] = []
    guesses: list[str] = []
    interval: str | None = None
    has_volume = False
    count = 0
    for batch in source.batches(Origin(path), hints):
        guesses.extend(batch.guesses)
        if batch.reason:
            unread.extend((batch.row + place, batch.text(place), batch.reason) for place in range(len(batch.ts)))
            continue
        for place in np.flatnonzero(_unusable(batch)):
            text[count + int(place)] = batch.text(int(place))
        _add(parts, batch, names)
        interval = interval or batch.interval
        has_volume = has_volume or batch.volume is not None
        count += len(batch.ts)
        progress(f"reading {path}", count)
    joined = {name: _joined(parts.pop(name)) for name in list(parts)}
    return FileRows(
        path=path,
        names=list(names),
        rows={name: joined[name] for name in _COLUMNS},
        ts_valid=joined["ts_valid"],
        codes=joined["codes"],
        has_volume=has_volume,
        interval=interval,
        guesses=tuple(dict.fromkeys(guesses)),
        text=text,
        unread=unread,
    )


def _add(parts: dict[str, list[NDArray[Any]]], batch: RawBatch, names: dict[str, int]) -> None:
    """Add the arrays of a batch, which can then be forgotten with what its text refers to."""
    for name in batch.names:
        names.setdefault(name, len(names))
    where = np.array([names[name] for name in batch.names] or [-1], np.int32)
    parts["codes"].append(np.where(batch.codes < 0, np.int32(-1), where[batch.codes]))
    parts["volume"].append(np.zeros(len(batch.ts)) if batch.volume is None else batch.volume)
    for name in ("ts", "ts_valid", *PRICE_COLUMNS):
        parts[name].append(getattr(batch, name))


def _joined(pieces: list[NDArray[Any]]) -> NDArray[Any]:
    """Join the pieces of one column."""
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces) if pieces else np.zeros(0, np.int64)


def _unusable(batch: RawBatch) -> NDArray[np.bool_]:
    """Say which rows can never be bars."""
    bad: NDArray[np.bool_] = ~batch.ts_valid | (batch.codes < 0)
    for name in PRICE_COLUMNS:
        bad |= ~np.isfinite(getattr(batch, name))
    return bad
