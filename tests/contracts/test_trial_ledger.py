"""The contract of the ledger of trials, kept by the embedded store."""

from pathlib import Path

from tapehead.ports.runs import RunStore
from tapehead.ports.trials import TrialLedger
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.runs import EmbeddedRuns, open_runs
from tapehead.stores.tables.trials import TrialTables
from tapehead.testing.trial_ledger import TrialLedgerContract


class TestTrialTables(TrialLedgerContract):
    def make(self, tmp_path: Path) -> tuple[RunStore, TrialLedger]:
        self.database = open_runs(open_home(tmp_path / "home"))
        return EmbeddedRuns(self.database), TrialTables(self.database)

    def teardown_method(self) -> None:
        self.database.close()
