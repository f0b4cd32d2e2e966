"""Trades and quotes to bars: read in order of time, made into bars of the interval that the user names."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import AmbiguousFileError, FileFormatError, ParameterError
from tapehead.model.interval import Interval
from tapehead.ports.bars import Hints, RawBatch
from tapehead.sources.columns import Ticks
from tapehead.sources.reading import Reading
from tapehead.sources.rows import empty_batch, fields_of, numbers_of, one_side, unread_row
from tapehead.sources.table import Table
from tapehead.sources.tick_bars import TickBars

_DAY_US = 86_400_000_000
_MOST_UNREAD = 1_000


def iter_tick_bars(table: Table, ticks: Ticks, hints: Hints) -> Iterator[RawBatch]:
    """Yield bars made of the trades or quotes of a table.

    Parameters
    ----------
    table : Table
    ticks : Ticks
    hints : Hints
        `interval` is needed, at most 1d.

    Raises
    ------
    AmbiguousFileError
        No interval was named.
    ParameterError
        The interval is longer than a day, or the side is none.
    FileFormatError
        Ticks go back behind a bar that was done, or too many cannot be read.
    """
    interval = _interval(table, ticks, hints)
    reading = Reading(table, ticks, hints)
    bars = TickBars(table.path, interval, has_volume=ticks.price is not None)
    unread: list[tuple[int, str]] = []
    count = doubtful = made = 0
    told: tuple[str, ...] | None = None
    for batch in table.open(ticks.columns):
        if not batch.num_rows:
            continue
        names, codes, ts, valid = reading.read(batch)
        price, size = _values(table, ticks, batch, hints)
        usable = valid & (codes >= 0) & np.isfinite(price) & np.isfinite(size)
        kept = usable
        if ticks.suspicious is not None:
            kept = usable & (numbers_of(table, batch, ticks.suspicious) != 1)
            doubtful += int(np.count_nonzero(usable & ~kept))
        for place in np.flatnonzero(~usable):
            if len(unread) >= _MOST_UNREAD:
                raise _unreadable(table, unread)
            unread.append((count + int(place) + 1, fields_of(batch, int(place))))
        count += batch.num_rows
        if told is None:
            told = (*table.guesses, *reading.guesses, *_told(ticks, hints, interval))
            yield empty_batch(told)
        done = bars.add(names, codes[kept], ts[kept], price[kept], size[kept], made + 1)
        if done is not None:
            made += len(done.ts)
            yield replace(done, basis=table.basis, kind=table.kind, tz=table.tz)
    last = bars.finish(made + 1)
    if last is not None:
        made += len(last.ts)
        yield replace(last, basis=table.basis, kind=table.kind, tz=table.tz)
    what = "trades" if ticks.price is not None else "quotes"
    late = [f"{count:,} {what} made {made:,} bars of {interval}; the first and last may lack some beyond the file"]
    if doubtful:
        late.append(f"{doubtful:,} {what} that the file itself calls suspicious are left out")
    yield empty_batch((*late, *reading.closing_guesses()) if told is not None else ())
    for row, text in unread:
        yield unread_row(made + row, text, f"a time, price or size of these {what} cannot be read")


def _interval(table: Table, ticks: Ticks, hints: Hints) -> Interval:
    """Return the interval that the user named."""
    if hints.price not in {"mid", "bid", "ask"}:
        raise ParameterError(name="price", value=hints.price, bound="one of mid, bid, ask")
    what = f"trades ({ticks.price}, {ticks.size})" if ticks.price is not None else f"quotes ({ticks.bid}, {ticks.ask})"
    if hints.interval is None:
        cause = f"it holds {what}, and no bars; bars are made of them at an interval that you name"
        raise AmbiguousFileError(path=table.path, cause=cause, flag="--interval 1m")
    interval = Interval.parse(hints.interval)
    if interval.us > _DAY_US or _DAY_US % interval.us:
        bound = "a part of a day, such as 1m, 1h or 1d, where bars are made of trades or quotes"
        raise ParameterError(name="interval", value=hints.interval, bound=bound)
    return interval


def _values(table: Table, ticks: Ticks, batch: Any, hints: Hints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return price and size of each tick; quotes have no size."""
    if ticks.price is not None and ticks.size is not None:
        return numbers_of(table, batch, ticks.price) / table.scale, numbers_of(table, batch, ticks.size)
    bid, ask = (numbers_of(table, batch, str(name)) for name in (ticks.bid, ticks.ask))
    price = one_side(bid, ask, hints.price)
    return price / table.scale, np.zeros(len(price))


def _told(ticks: Ticks, hints: Hints, interval: Interval) -> list[str]:
    """Return the sentences about what bars are made of."""
    if ticks.price is not None:
        return [f"trades are made into bars of {interval}: price '{ticks.price}', volume the sum of '{ticks.size}'"]
    what = "the middle of bid and ask" if hints.price == "mid" else f"the {hints.price}"
    return [f"quotes are made into bars of {interval}: prices are {what} (--price mid, bid or ask), without volume"]


def _unreadable(table: Table, unread: list[tuple[int, str]]) -> FileFormatError:
    """Say that too many ticks cannot be read."""
    row, text = unread[0]
    return FileFormatError(
        path=table.path,
        cause=f"more than {_MOST_UNREAD:,} of its rows have no time, price or size that can be read; one is row {row}: "
        f"{text[:200]}",
        step="Nothing was written. Name the columns: tapehead import PATH --columns ts=COLUMN",
    )
