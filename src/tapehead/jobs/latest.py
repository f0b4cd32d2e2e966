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
    """Read one bar of each instrument, with one look at the manifest and one at the bytes for all of them.

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
    moment = OPEN_END - 1 if at is None else at
    names: tuple[Column, ...] = ("ts", *(name for name in columns if name != "ts"))
    rows: list[tuple[str, list[object]]] = []
    with store.reading(snapshot) as number:
        refs = store.manifest(series, moment, moment + 1, warm=1, snapshot=number).refs
        held = [(one, refs[one]) for one in series if one in refs]
        for some in together(sum(ref.rows for ref in each) for _, each in held):
            found_in = read_each(shelf, [(each, names) for _, each in held[some]])
            for (one, _), read in zip(held[some], found_in, strict=True):
                place = int(np.searchsorted(read["ts"], moment, side="right")) - 1
                if place >= 0:
                    rows.append((one.instrument, [read[name][place] for name in columns]))
    found: dict[str, NDArray[Any]] = {"instrument": np.array([name for name, _ in rows], np.str_)}
    for place, name in enumerate(columns):
        found[name] = np.array([values[place] for _, values in rows], BAR_DTYPES[name])
    return Table(found)
