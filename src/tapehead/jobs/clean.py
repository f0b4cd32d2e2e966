"""Cleaning: the rows of one series that can become bars, to bars and what is set aside."""

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
    """Bars of one series in order of time, and what became of the other rows.

    Attributes
    ----------
    columns : dict of arrays, shape (n_bars,)
        `ts open high low close volume`, `ts` strictly rising; the arrays given, where every row is a bar.
    order : int64 array, shape (n_bars,), or None
        Which row each bar is; None where every row is a bar.
    suspect : bool array, shape (n_bars,)
        High below open, low or close, or low above one of them.
    duplicates, lost, won : int64 arrays
        Rows equal in all values to another of their time; rows of another value than the last row of their time; those
        last rows.
    no_volume : int
        Bars whose volume was null or not finite and is taken as 0.
    """

    columns: Rows
    order: Places | None
    suspect: NDArray[np.bool_]
    duplicates: Places
    lost: Places
    won: Places
    no_volume: int

    def of_bars(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return those of one value a row that belong to the bars."""
        return values if self.order is None else values[self.order]


def clean(rows: Rows) -> Cleaned:
    """Turn the rows of one series into bars.

    Parameters
    ----------
    rows : dict of arrays, shape (n,)
        `ts` int64 (us UTC, rising; rows of one time in the order of the file), float64 `open high low close` (finite)
        and `volume`; not modified.

    Returns
    -------
    Cleaned

    Notes
    -----
    Of rows of one time the last wins; rows equal in all values count as duplicates, the others as conflicting, and both
    sides of a conflict are set aside.
    """
    times = rows["ts"]
    none = np.zeros(0, np.int64)
    order, duplicates, lost, won = None, none, none, none
    if np.any(times[1:] == times[:-1]):
        order, duplicates, lost, won = _settle_same_times(rows)
    columns: Rows = {name: rows[name] if order is None else rows[name][order] for name in ("ts", *VALUES)}
    no_volume = ~np.isfinite(columns["volume"])
    if no_volume.any():
        columns["volume"] = np.where(no_volume, 0.0, columns["volume"])
    return Cleaned(
        columns=columns,
        order=order,
        suspect=violates(columns),
        duplicates=duplicates,
        lost=lost,
        won=won,
        no_volume=int(np.count_nonzero(no_volume)),
    )


def _settle_same_times(rows: Rows) -> tuple[Places, Places, Places, Places]:
    """Keep the last row of each time; return it, the duplicates, the rows that lost and those that won."""
    times = rows["ts"]
    last = np.append(times[1:] != times[:-1], np.True_)
    ends = np.flatnonzero(last)
    end_of = ends[np.cumsum(last) - last]
    same = np.ones(len(times), np.bool_)
    for name in VALUES:
        values = rows[name]
        theirs = values[end_of]
        same &= (values.view(np.int64) == theirs.view(np.int64)) | (np.isnan(values) & np.isnan(theirs))
    duplicates = [np.flatnonzero(same & ~last)]
    lost: list[int] = []
    won: list[int] = []
    # Most repeated rows are equal to the one that is kept; only those that are not are looked at one by one.
    for end in np.unique(end_of[~same]).tolist():
        start = int(np.searchsorted(times, times[end]))
        seen: set[bytes] = set()
        losers = []
        for place in range(end - 1, start - 1, -1):
            if same[place]:
                continue
            bits = _values(rows, place)
            if bits in seen:
                duplicates.append(np.array([place]))
            else:
                seen.add(bits)
                losers.append(place)
        lost.extend(reversed(losers))
        won.append(end)
    return ends, np.concatenate(duplicates), np.array(lost, np.int64), np.array(won, np.int64)


def _values(rows: Rows, place: int) -> bytes:
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
