"""recount: coverage by series and the newest bars, worked out anew from the manifest and the blocks."""

from typing import Any

from tapehead.stores.tables.database import Database
from tapehead.stores.tables.layers import Layers
from tapehead.stores.tables.newest import mend_newest

Row = tuple[Any, ...]
"""First and last open time, bars, blocks, newest bar."""


def wrong_coverage(database: Database) -> dict[int, tuple[Row | None, Row | None]]:
    """Return by series what its row of coverage says and what it must say, where they differ; None for no row."""
    said = {row[0]: tuple(row[1:]) for row in database.execute("coverage_rows")}
    true = {row[0]: tuple(row[1:]) for row in database.execute("counted_coverage")}
    return {
        series: (said.get(series), true.get(series))
        for series in sorted({*said, *true})
        if said.get(series) != true.get(series)
    }


def recount(database: Database, layers: Layers) -> int:
    """Mend the rows of coverage that are wrong, or lack the newest bar; return how many were.

    The caller holds the writer lock.
    """
    with database.transaction("the coverage"):
        mend_newest(database, layers)
        wrong = wrong_coverage(database)
        for series in wrong:
            database.execute("forget_coverage", (series,))
            database.execute("count_coverage", {"series": series})
    return len(wrong)
