"""read_coverage: first, last and number of bars of each series at the head, counted by every commit."""

from collections.abc import Iterator, Sequence

from tapehead.model.bulk import made_in_bulk
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Coverage
from tapehead.stores.tables.database import Database


def read_coverage(database: Database, series: Sequence[Series] | None) -> list[Coverage]:
    """Return the coverage of the asked series that have bars, in their order; of every series, sorted, by default."""
    if series is None:
        return _of_all(database)
    found = []
    for one in series:
        row = database.execute("coverage_of_one", (one.venue, one.symbol, one.interval.us)).fetchone()
        if row is not None:
            found.append(Coverage(one, *row))
    return found


def read_intervals(database: Database, without: str) -> tuple[Interval, ...]:
    """Return the intervals of which bars are held, rising, those of a venue left out."""
    rows = database.execute("intervals", (without,)).fetchall()
    return tuple(Interval.parse(Interval.of_us(us).text) for (us,) in rows)


def _of_all(database: Database) -> list[Coverage]:
    """Return the coverage of every series by one query."""
    with made_in_bulk():
        return list(_iter_all(database))


def _iter_all(database: Database) -> Iterator[Coverage]:
    """Yield the coverage of every series."""
    intervals: dict[int, Interval] = {}
    for venue, symbol, us, first, last, rows, segments in database.execute("coverage").fetchall():
        interval = intervals.get(us)
        if interval is None:
            # By way of parse: its cached object is the caller's too, and identity is the fast path of equality.
            interval = intervals[us] = Interval.parse(Interval.of_us(us).text)
        yield Coverage(Series(venue, symbol, interval), first, last, rows, segments)
