"""The contract of a store of bars, kept by the embedded one."""

from pathlib import Path

from tapehead.ports.bars import BarStore, Codec
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_store import BarStoreContract


class TestEmbeddedBars(BarStoreContract):
    def make(self, tmp_path: Path) -> BarStore:
        self.store = EmbeddedBars(open_home(tmp_path / "home"), ParquetCodec())
        return self.store

    def teardown_method(self) -> None:
        self.store.close()

    def codec(self) -> Codec:
        return ParquetCodec()
