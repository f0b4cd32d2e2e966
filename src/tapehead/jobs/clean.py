"""Cleaning: the rows of one series as a file gives them, to bars and what is set aside."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import PRICE_COLUMNS

Rows = dict[str, NDArray[Any]]
Places = NDArray[np.int64]

VALUES = (*PRICE_COLUMNS, "volume")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Bars of one series in order of time, and the places (in the rows given) of what was set aside.

    Attributes
    ----------
    columns : dict of arrays, shape (n_bars,)
        `ts open high low close volume`, `ts` strictly rising; the arrays given, where every row is a bar in order.
    suspect : bool array, shape (n_bars,)
        High below open, low or close, or low above one of them.
    duplicates, conflicting, out_of_order, ohlc_violations : int
        As in `model.quality.FileReport`.
    no_time, no_price, lost, won : int64 arrays
        Places of rows without a readable time, with a null or non-finite price, of another value than the last row of
        their time, and of those last rows.
    no_volume : int
        Bars whose volume was null or not finite and is taken as 0.
    """

    columns: Rows
    suspect: NDArray[np.bool_]
    duplicates: int
    conflicting: int
    out_of_order: int
    ohlc_violations: int
    no_time: Places
    no_price: Places
    lost: Places
    won: Places
    no_volume: int


def clean(rows: Rows, ts_valid: NDArray[np.bool_]) -> Cleaned:
    """Turn the rows of one series into bars.

    Parameters
    ----------
    rows : dict of arrays, shape (n,)
        `ts` int64 (us UTC) and float64 `open high low close volume`, in the order of the file; not modified.
    ts_valid : bool array, shape (n,)
        False where the time could not be read.

    Returns
    -------
    Cleaned

    Notes
    -----
    A row without time or with a price that is not finite is never a bar. Of rows of one time the last wins; rows equal
    in all values count as duplicates, the others as conflicting, and both sides of a conflict are set aside.
    """
    ts = rows["ts"]
    finite = np.isfinite(rows["open"])
    for name in PRICE_COLUMNS[1:]:
        finite &= np.isfinite(rows[name])
    timed = ts if ts_valid.all() else ts[ts_valid]
    out_of_order = int(np.count_nonzero(timed[1:] < timed[:-1]))
    no_time = np.flatnonzero(~ts_valid)
    no_price = np.flatnonzero(ts_valid & ~finite)
    places = np.flatnonzero(ts_valid & finite)
    order = places if out_of_order == 0 else places[np.argsort(ts[places], kind="stable")]
    times = ts[order]
    lost = won = np.zeros(0, np.int64)
    duplicates = conflicting = 0
    if np.any(times[1:] == times[:-1]):
        order, duplicates, lost, won = _settle_same_times(rows, order)
        conflicting = len(lost)
    whole = len(order) == len(ts) and out_of_order == 0
    columns: Rows = {name: rows[name] if whole else rows[name][order] for name in ("ts", *VALUES)}
    no_volume = ~np.isfinite(columns["volume"])
    if no_volume.any():
        columns["volume"] = np.where(no_volume, 0.0, columns["volume"])
    suspect = violates(columns)
    return Cleaned(
        columns=columns,
        suspect=suspect,
        duplicates=duplicates,
        conflicting=conflicting,
        out_of_order=out_of_order,
        ohlc_violations=int(np.count_nonzero(suspect)),
        no_time=no_time,
        no_price=no_price,
        lost=lost,
        won=won,
        no_volume=int(np.count_nonzero(no_volume)),
    )


def _settle_same_times(rows: Rows, order: Places) -> tuple[Places, int, Places, Places]:
    """Keep the last row of each time; return it, the count of duplicates, the rows that lost and those that won."""
    times = rows["ts"][order]
    last = np.append(times[1:] != times[:-1], np.True_)
    ends = np.flatnonzero(last)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    duplicates = 0
    lost: list[int] = []
    won: list[int] = []
    for start, end in zip(starts[ends > starts], ends[ends > starts], strict=True):
        group = order[start : end + 1]
        seen = {_values(rows, group[-1])}
        losers = []
        for place in group[-2::-1]:
            values = _values(rows, place)
            if values in seen:
                duplicates += 1
            else:
                seen.add(values)
                losers.append(int(place))
        if losers:
            lost.extend(reversed(losers))
            won.append(int(group[-1]))
    return order[last], duplicates, np.array(lost, np.int64), np.array(won, np.int64)


def _values(rows: Rows, place: int | np.int64) -> bytes:
    """Return the bits of a row's values; every NaN is one value, so that null equals null."""
    row = np.array([rows[name][place] for name in VALUES])
    row[np.isnan(row)] = np.nan
    return row.tobytes()


def violates(columns: Rows) -> NDArray[np.bool_]:
    """Say which bars have a high below, or a low above, another of their prices."""
    high, low = columns["high"], columns["low"]
    top = np.maximum(columns["open"], columns["close"])
    bottom = np.minimum(columns["open"], columns["close"])
    broken: NDArray[np.bool_] = (high < top) | (low > bottom) | (low > high)
    return broken
