"""The contract of the upkeep of a store of bars, kept by the embedded one."""

from tapehead.testing.bar_upkeep import BarUpkeepContract
from tests.contracts.test_bar_store import Embedded


class TestEmbeddedUpkeep(Embedded, BarUpkeepContract): ...
