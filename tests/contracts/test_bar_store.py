"""The contract of a store of bars, kept by the embedded one."""

from pathlib import Path

from tapehead.ports.bars import BarStore, Codec
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_facts import BarFactsContract
from tapehead.testing.bar_store import BarContract, BarStoreContract
from tapehead.testing.bar_tail import BarTailContract


class Embedded(BarContract):
    """How an embedded store is made, and closed after the test."""

    def setup_method(self) -> None:
        self.made: list[EmbeddedBars] = []

    def teardown_method(self) -> None:
        for store in self.made:
            store.close()

    def make(self, tmp_path: Path) -> BarStore:
        self.made.append(EmbeddedBars(open_home(tmp_path / "home"), ParquetCodec()))
        return self.made[-1]

    def codec(self) -> Codec:
        return ParquetCodec()


class TestEmbeddedBars(Embedded, BarStoreContract): ...


class TestEmbeddedTail(Embedded, BarTailContract): ...


class TestEmbeddedFacts(Embedded, BarFactsContract): ...
