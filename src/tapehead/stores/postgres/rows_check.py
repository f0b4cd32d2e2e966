"""check_rows_of: rows and their table against the segments; what no trigger could see is found here."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from tapehead.errors import DamagedSegmentError
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.model.history import Finding
from tapehead.stores.postgres.rows_edited import Edited, whole_span
from tapehead.stores.postgres.rows_table import RowSeries, RowTable
from tapehead.stores.postgres.rows_wire import Columns
from tapehead.stores.tables.layers import Layers

_TRIGGERS: Final = 4
_PLACE: Final = "tapehead.bars"
_UPKEEP: Final = "Mend it: tapehead store rows upkeep"


def check_rows_of(
    table: RowTable, layers: Layers, progress: Callable[[str, int, int], None] | None
) -> Iterator[Finding]:
    """Yield what is wrong with the table of rows, then each series and period of which rows and segments differ.

    Both are of one moment for each series; what is marked in it is on its way, and no fault.
    """
    yield from _of_flags(table)
    faults = list(_of_table(table))
    yield from faults
    if any(one.where == _PLACE and one.text.startswith("it is ") for one in faults):
        return
    rows = table.series()
    for done, row in enumerate(rows):
        if progress is not None:
            progress("checking rows", done, len(rows))
        yield from list(_of_series(table, layers, row))


def _of_flags(table: RowTable) -> Iterator[Finding]:
    """Yield instruments whose flag has_price_data is wrong."""
    for venue, symbol, said in table.ask("wrong_flags"):
        text = (
            f"has_price_data is {str(bool(said)).lower()}, and its bars say otherwise. Mend it: tapehead store recount"
        )
        yield Finding("manifest", f"{venue}:{symbol}", text)


def _of_table(table: RowTable) -> Iterator[Finding]:
    """Yield what is wrong with the table and its partitions."""
    kind, is_hypertable = table.ask("kind_of_rows").fetchone()
    if kind != "" or is_hypertable:
        what = "a TimescaleDB hypertable" if is_hypertable else kind or "not there"
        yield Finding("rows", _PLACE, f"it is {what}, no partitioned table. Rename it, and put that of Tapehead back")
        return
    if table.ask("parent_triggers").fetchone()[0] < _TRIGGERS:
        yield Finding("rows", _PLACE, f"triggers that mark its edits are gone or switched off. {_UPKEEP}")
    ends = []
    for name, end, detaching, is_foreign, triggers, unique in table.ask("partitions").fetchall():
        ends.append(end)
        place = f"tapehead.{name}"
        if is_foreign:
            step = f"Take it out: ALTER TABLE tapehead.bars DETACH PARTITION {place}"
            yield Finding("rows", place, f"it is a foreign table, whose edits nobody can mark. {step}")
        elif detaching:
            yield Finding("rows", place, f"it is half detached. {_UPKEEP}")
        elif triggers < _TRIGGERS:
            yield Finding("rows", place, f"triggers that mark its edits are gone or switched off. {_UPKEEP}")
        elif not unique:
            yield Finding("rows", place, "it has no unique index of (series, ts). Attach it anew, which makes one")
    if None not in ends:
        yield Finding("rows", _PLACE, f"its default partition is not attached. {_UPKEEP}")
    elif count := table.ask("rows_in_default").fetchone()[0]:
        yield Finding("rows", "tapehead.bars_default", f"{count:,} rows of months without a partition. {_UPKEEP}")
    for place, count in table.ask("strangers"):
        text = f"{count:,} rows of series {place}, which has none by choice, so nobody sees them. Remove these rows"
        yield Finding("rows", _PLACE, text)


def _of_series(table: RowTable, layers: Layers, row: RowSeries) -> Iterator[Finding]:
    """Yield the periods of a series of which rows and segments differ."""
    with table.database.moment():
        if table.ask("marked", (row.place,)).fetchone() is not None:
            return
        edited = Edited(table, layers, int(table.ask("head_and_marks").fetchone()[0]))
        held = edited.held(row)
        periods = edited.touched(row, [whole_span(0, row.place)], {ref.period for ref in held})
        for period in periods:
            blocks = [ref for ref in held if ref.period == period]
            try:
                said = layers.whole(blocks) if blocks else None
                differ = _differing(said, edited.rows(row, period, blocks))
            except DamagedSegmentError:
                continue
            if differ:
                one = row.series
                yield Finding(
                    "rows",
                    f"{one.instrument} {one.interval} {period or ''}".rstrip(),
                    f"{differ:,} bars differ between rows and segments: what DETACH, ATTACH or replication changes is "
                    f"marked by nobody. Make segments of the rows: tapehead store rows rebuild {one.symbol} "
                    f"--interval {one.interval}",
                )


def _differing(held: Columns | None, rows: Columns) -> int:
    """Return how many bars only one of two has, or both with other values."""
    if held is None:
        return len(rows["ts"])
    _, at, there = np.intersect1d(held["ts"], rows["ts"], assume_unique=True, return_indices=True)
    same = np.ones(len(at), np.bool_)
    for name in BAR_COLUMNS:
        kind = np.uint8 if name == "flags" else np.int64
        same &= held[name][at].view(kind) == rows[name][there].view(kind)
    return len(held["ts"]) + len(rows["ts"]) - len(at) - int(same.sum())
