"""latest: one bar of every instrument, the newest or the last at or before a moment."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.plan import OPEN_END, choose_interval
from tapehead.jobs.read import Shelf, read_each, together
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.instrument import Instrument, Series
from tapehead.model.table import Table
from tapehead.ports.bars import BarStore


def latest(
    store: BarStore,
    shelf: Shelf,
    instruments: Sequence[Instrument],
    *,
    interval: str | None = None,
    at: int | None = None,
    columns: Sequence[Column] = BAR_COLUMNS,
    snapshot: int | None = None,
) -> Table:
    """Read one bar of each instrument: the newest by one query, another by one look at manifest and bytes for all.

    Parameters
    ----------
    instruments : sequence of Instrument
        Those without a bar are left out.
    interval : str, optional
        One that is held; needed where they have bars of several.
    at : int, optional
        Last bar that opens at or before this moment, us UTC; default the newest. Such a bar may close after it: what
        was known then is the bar before.
    columns : sequence of str
    snapshot : int, optional

    Returns
    -------
    Table
        `instrument` and the columns, a row an instrument, sorted by name. Unfinished bars are among them, and flagged.
    """
    every = choose_interval(store, instruments, interval, "these instruments")
    series = [Series(one.venue, one.symbol, every) for one in sorted(instruments, key=lambda one: one.name)]
    with store.reading(snapshot) as number:
        kept = store.newest(series, number) if at is None else {}
        known = {one: bar for one, bar in kept.items() if bar is not None}
        rows = {one.instrument: [getattr(bar, name) for name in columns] for one, bar in known.items()}
        # What is kept tells of every series of the head; of what an older store left, of another snapshot and of a
        # moment the segments do.
        left = [one for one in kept if one not in known] if kept else series
        rows |= _looked_up(store, shelf, left, OPEN_END - 1 if at is None else at, columns, number)
    found: dict[str, NDArray[Any]] = {"instrument": np.array(sorted(rows), np.str_)}
    for place, name in enumerate(columns):
        found[name] = np.array([rows[one][place] for one in sorted(rows)], BAR_DTYPES[name])
    return Table(found)


def _looked_up(
    store: BarStore, shelf: Shelf, series: Sequence[Series], moment: int, columns: Sequence[Column], snapshot: int
) -> dict[str, list[Any]]:
    """Return by instrument the last bar at or before a moment, out of the segments."""
    names: tuple[Column, ...] = ("ts", *(name for name in columns if name != "ts"))
    rows: dict[str, list[Any]] = {}
    refs = store.manifest(series, moment, moment + 1, warm=1, snapshot=snapshot).refs if series else {}
    held = [(one, refs[one]) for one in series if one in refs]
    for some in together(sum(ref.rows for ref in each) for _, each in held):
        found_in = read_each(shelf, [(each, names) for _, each in held[some]])
        for (one, _), read in zip(held[some], found_in, strict=True):
            place = int(np.searchsorted(read["ts"], moment, side="right")) - 1
            if place >= 0:
                rows[one.instrument] = [read[name][place] for name in columns]
    return rows
