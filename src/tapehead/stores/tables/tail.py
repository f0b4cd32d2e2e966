"""Appending: new bars laid over what is held as blocks of the tail, in one transaction."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.model.bars import Bars
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.layers import lay_over
from tapehead.model.segment import Commit
from tapehead.stores.codec import check_columns, encode_block, join_blocks
from tapehead.stores.tables.commit import add_commit, check_rising
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.layers import Columns, Layers, by_period
from tapehead.stores.tables.newest import pack_newest

MOST_BLOCKS = 16
"""Blocks of the tail that one period of one series holds at most."""
LONG_TAIL = 4096
"""Bars of the tail of a period above which it is folded before its period closes: each read copies them."""


class _Held(NamedTuple):
    """A block that the head holds."""

    id: int
    first: int
    last: int
    rows: int
    added: int


class Appending:
    """One commit of new bars. Made and used under the writer lock and inside its transaction, by one thread.

    Blocks are merged when there are too many: the newest ones, down to one that is larger than all of them together.
    So a bar is written some four times until its period is folded, and blocks stay few. Old snapshots go on
    seeing the blocks that were merged.
    """

    def __init__(self, database: Database, layers: Layers) -> None:
        self._database = database
        self._layers = layers
        self._number = int(database.execute("head").fetchone()[0]) + 1
        self._seen: set[Series] = set()
        self._written = self._unchanged = self._rows = 0

    def lay(self, bars: Bars) -> None:
        """Lay bars over what is held, one block a period; those that are held already, bit for bit, drop out."""
        series = bars.series
        columns: Columns = {name: getattr(bars, name) for name in BAR_COLUMNS}
        check_columns(columns)
        check_rising(series, columns["ts"])
        if series in self._seen:
            raise ParameterError(
                name="bars", value=f"{series.instrument} {series.interval} twice", bound="of a series that comes once"
            )
        self._seen.add(series)
        if len(bars):
            place, last = self._place(series)
            for period, part in by_period(series, columns):
                self._lay_period(series, place, period, part, last)

    def finish(self) -> Commit:
        """Write the row of the commit, if there is anything new."""
        if not self._written:
            return Commit(self._number - 1, 0, self._unchanged)
        note = f"append {self._rows} bars of {len(self._seen)} series"
        add_commit(self._database, self._number, "append", note, self._written, self._unchanged)
        return Commit(self._number, self._written, self._unchanged)

    def _place(self, series: Series) -> tuple[int, int | None]:
        """Return the row of a series, made when new, and the time of its last bar held."""
        key = (series.venue, series.symbol, series.interval.us)
        row = self._database.execute("last_held", key).fetchone()
        if row is None:
            self._database.execute("add_series", key)
            row = self._database.execute("last_held", key).fetchone()
        return row[0], row[1]

    def _lay_period(self, series: Series, place: int, period: int, columns: Columns, last: int | None) -> None:
        """Write the block of one period; `last` is the last bar held of the whole series."""
        added = len(columns["ts"])
        # Bars that come after all that is held are the rule, and nothing is decoded for them.
        if last is not None and columns["ts"][0] <= last:
            columns, added = self._without_held(series, place, period, columns)
            if not len(columns["ts"]):
                self._unchanged += 1
                return
        held = [_Held._make(row) for row in self._database.execute("blocks_of_period", (place, period))]
        merged = _too_many(held, len(columns["ts"]))
        self._rows += len(columns["ts"])
        outer = int(columns["ts"][0]), int(columns["ts"][-1])
        newest = pack_newest(columns)
        blocks = self._whole_blocks(place, period, len(held) - len(merged)) if merged else []
        # A block that is damaged stays as it is, and so do those around it: merged, it would have a hash that is right.
        merged = merged if len(blocks) == len(merged) else []
        if merged:
            columns = self._merge(merged, blocks, columns)
        self._database.execute("add_coverage", (place, *outer, added, 1 - len(merged), newest))
        self._write(place, period, columns, added + sum(block.added for block in merged))
        self._written += 1

    def _write(self, place: int, period: int, columns: Columns, added: int) -> None:
        """Write the row of a block."""
        content, data, file = encode_block(columns)
        ts = columns["ts"]
        facts = (int(ts[0]), int(ts[-1]), len(ts), added, self._number)
        self._database.execute("add_block", (place, period, data, file, *facts, content, pack_newest(columns)))

    def _without_held(self, series: Series, place: int, period: int, columns: Columns) -> tuple[Columns, int]:
        """Return the bars that are not held just so, and how many of them have a time at which no bar is held."""
        ts = columns["ts"]
        refs = self._layers.held(series, place, period)
        crossing = [ref for ref in refs if ref.first <= ts[-1] and ref.last >= ts[0]]
        if not crossing:
            return columns, len(ts)
        held = self._layers.whole(crossing)
        at = np.minimum(np.searchsorted(held["ts"], ts), len(held["ts"]) - 1)
        known = held["ts"][at] == ts
        equal = known.copy()
        for name in BAR_COLUMNS:
            equal &= _bits(held[name][at]) == _bits(columns[name])
        if not equal.any():
            return columns, len(ts) - int(known.sum())
        kept: Columns = {name: columns[name][~equal] for name in BAR_COLUMNS}
        return kept, int((~known).sum())

    def _whole_blocks(self, place: int, period: int, at: int) -> list[bytes]:
        """Return the bytes of the blocks from place `at` in their period on, without those that are damaged."""
        rows = self._database.execute("columns_from", (place, period, at))
        return [content for content, file in rows if hashlib.sha256(content).digest() == file]

    def _merge(self, merged: Sequence[_Held], blocks: Sequence[bytes], columns: Columns) -> Columns:
        """Return blocks and new bars as one block; the old ones end here."""
        for block in merged:
            self._database.execute("end_block", (self._number, block.id))
        edges = [*((block.first, block.last) for block in merged), (int(columns["ts"][0]), 0)]
        if all(before[1] < after[0] for before, after in pairwise(edges)):
            joined = join_blocks(blocks)
            return {name: np.concatenate([joined[name], columns[name]]) for name in BAR_COLUMNS}
        return lay_over([*(join_blocks([block]) for block in blocks), columns])


def iter_ripe(database: Database, *, whole: bool) -> Iterator[tuple[Series, int]]:
    """Yield each period of a series whose tail is to be folded: it has closed, or is long; every one if `whole`."""
    for venue, symbol, us, period, rows, last in database.execute("tails").fetchall():
        interval = Interval.parse(Interval.of_us(us).text)
        if whole or rows > LONG_TAIL or interval.period_of(last) > period:
            yield Series(venue, symbol, interval), period


def _too_many(held: Sequence[_Held], rows: int) -> list[_Held]:
    """Return the newest blocks, in their order, that go into one with `rows` new bars; none while there is room."""
    if len(held) < MOST_BLOCKS:
        return []
    together = rows
    at = len(held)
    while at and (held[at - 1].rows <= together or at == len(held)):
        at -= 1
        together += held[at].rows
    return list(held[at:])


def _bits(values: NDArray[Any]) -> NDArray[Any]:
    """Return the bits of values, so that NaN equals itself and 0.0 is not -0.0."""
    return values if values.dtype == np.uint8 else np.ascontiguousarray(values).view(np.int64)
