"""The contract of keys and audit log, kept by the embedded store."""

import stat
from pathlib import Path

from tapehead.ports.access import AccessStore
from tapehead.stores.embedded.access import open_access
from tapehead.stores.embedded.home import open_home
from tapehead.stores.tables.access import AccessTables
from tapehead.testing.access_store import AccessStoreContract, sample_key


class TestEmbeddedAccess(AccessStoreContract):
    def setup_method(self) -> None:
        self.opened: list[AccessTables] = []

    def make(self, tmp_path: Path) -> AccessStore:
        self.opened.append(open_access(open_home(tmp_path / "home")))
        return self.opened[-1]

    def teardown_method(self) -> None:
        for each in self.opened:
            each.close()

    def test_only_its_owner_may_read_the_file(self, tmp_path: Path) -> None:
        home = open_home(tmp_path / "home")
        store = self.make(tmp_path)
        assert not home.access.exists()
        store.add_key(sample_key())
        files = list(home.path.glob("access.db*"))
        assert len(files) > 1
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
