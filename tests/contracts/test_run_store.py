"""The contract of runs and events, kept by the embedded store."""

from pathlib import Path

from tapehead.ports.runs import EventLog, RunStore
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.runs import EmbeddedRuns, open_runs
from tapehead.stores.tables.events import EventTable
from tapehead.testing.run_store import RunStoreContract


class TestEmbeddedRuns(RunStoreContract):
    def make(self, tmp_path: Path) -> tuple[RunStore, EventLog]:
        self.database = open_runs(open_home(tmp_path / "home"))
        return EmbeddedRuns(self.database), EventTable(self.database)

    def teardown_method(self) -> None:
        self.database.close()
