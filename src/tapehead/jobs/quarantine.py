"""Quarantine: the rows that were set aside, each with its reason and its fields as read."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tapehead.jobs.gather import Gathered, Keys
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Quarantined
from tapehead.ports.buckets import Aside

_REASONS = (
    "",
    "the row names no symbol",
    "the time is null or cannot be read",
    "a price is null or no finite number",
    "another row of this time came later and won",
    "kept, but an earlier row of this time had other values",
)
"""By the numbers that `jobs.gather` gives them; a line that could not be read has a reason of its own."""


def iter_quarantined(
    aside: Iterable[Aside], files: Sequence[Gathered], keys: Keys, interval_of: Callable[[int], Interval]
) -> Iterator[Quarantined]:
    """Yield every row that is no bar or that contradicts another, in the order of the files.

    Parameters
    ----------
    aside : iterable of Aside
        By file and place.
    files : sequence of Gathered
        By number.
    keys : Keys
        Names of the symbols.
    interval_of : callable
        Number of a file to the interval of its bars.
    """
    for number, place, reason, key, ts, text in aside:
        file, interval = files[number], interval_of(number)
        if not reason:
            # Of a line that could not be read the key is its rank among them.
            yield Quarantined(
                Series(file.venue, "", interval), None, file.path, file.unread[key], file.reasons[key], text
            )
            continue
        venue, symbol = keys.names[key] if key >= 0 else (file.venue, "")
        row = file.number_of(place)
        yield Quarantined(Series(venue, symbol, interval), ts, file.path, row, _REASONS[reason], text)
