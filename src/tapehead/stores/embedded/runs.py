"""EmbeddedRuns: runs and their results in runs.db."""

from functools import partial

from tapehead.database.alerts import Alerts
from tapehead.layout.formats import RUNS_FORMAT
from tapehead.stores.embedded.claims import Claims
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.home import Home
from tapehead.stores.embedded.tiles import read_columns
from tapehead.stores.tables.runs import RunTables


def open_runs(home: Home, alerts: Alerts | None = None) -> Database:
    """Open runs.db, for runs, events and trials to share."""
    ways = {"writable": home.writable, "full": home.full}
    return Database(home.runs, "runs.sql", RUNS_FORMAT, synchronous="NORMAL", alerts=alerts, **ways)


class EmbeddedRuns(RunTables):
    """`ports.runs.RunStore` over runs.db. Safe from many threads and processes.

    A save survives `kill -9` on return; a power cut may take the last ones, which running again brings back.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database, Claims(database.path.parent / "running"), partial(read_columns, database))
