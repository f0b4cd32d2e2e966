"""Quarantine: the rows of a file that are set aside, each with its reason and its fields as read."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.clean import Cleaned
from tapehead.jobs.gather import FileRows
from tapehead.model.instrument import Series
from tapehead.model.segment import Quarantined

NO_SYMBOL = "the row names no symbol"
NO_TIME = "the time is null or cannot be read"
NO_PRICE = "a price is null or no finite number"
LOST = "another row of this time came later and won"
WON = "kept, but an earlier row of this time had other values"


def quarantined(
    rows: FileRows,
    nobody: Series,
    series: Mapping[str, Series],
    cleaned: Mapping[str, Cleaned],
    places: Mapping[str, NDArray[np.int64]],
) -> list[Quarantined]:
    """Return every row of a file that is no bar or that contradicts another, in the order of the file.

    Parameters
    ----------
    rows : FileRows
    nobody : Series
        Stands for rows that name no symbol.
    series, cleaned, places : mappings by symbol
        Name of the series, what cleaning found, and where its rows stand in the file.
    """
    found = [Quarantined(nobody, None, rows.path, number, reason, text) for number, text, reason in rows.unread]
    found.extend(_row(rows, nobody, place, NO_SYMBOL) for place in rows.without_symbol().tolist())
    for symbol, part in cleaned.items():
        found.extend(_of_series(rows, series[symbol], part, places[symbol]))
    return sorted(found, key=lambda one: one.row)


def _of_series(rows: FileRows, series: Series, part: Cleaned, places: NDArray[np.int64]) -> Iterator[Quarantined]:
    """Yield what cleaning one series set aside."""
    reasons = ((part.no_time, NO_TIME), (part.no_price, NO_PRICE), (part.lost, LOST), (part.won, WON))
    for found, reason in reasons:
        for place in places[found].tolist():
            yield _row(rows, series, place, reason)


def _row(rows: FileRows, series: Series, place: int, reason: str) -> Quarantined:
    """Describe one row."""
    ts = int(rows.rows["ts"][place]) if rows.ts_valid[place] else None
    return Quarantined(series, ts, rows.path, rows.number_of(place), reason, rows.values_of(place))
