"""The contract of a cache tier, kept by one in a real Valkey; and what becomes of a run whose Valkey is killed."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapehead.caches.shared import AWAY, SharedTier
from tapehead.errors import ParameterError
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.cache import open_cache
from tapehead.library.store import open as open_store
from tapehead.ports.bars import ChunkCache
from tapehead.testing.chunk_cache import ChunkCacheContract, empty, sample_ref
from tapehead.testing.samples import sample_columns
from tapehead.valkey.client import make_client
from tests.parity.test_executors import everything
from tests.servers import Own


class TestSharedTier(ChunkCacheContract):
    @pytest.fixture(autouse=True)
    def served(self, valkey: str) -> Iterator[None]:
        self.url = valkey
        self.made: list[SharedTier] = []
        yield
        for each in self.made:
            each.close()

    def make(self, tmp_path: Path, limit_bytes: int) -> ChunkCache:
        client = make_client(self.url)
        # The bound is the server's, beside what it needs itself.
        own = int(client.info("memory")["used_memory"])
        client.config_set("maxmemory", own + limit_bytes)
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.close()
        self.made.append(SharedTier(self.url))
        return self.made[-1]

    def bound(self, limit_bytes: int) -> int:
        """What the server holds beside the columns, connections too, moves by less than a mebibyte."""
        del limit_bytes
        return self.made[-1].stats().limit_bytes + (1 << 20)

    def test_the_bound_holds_and_the_newest_stay(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 4 << 20)
        for seed in range(40):
            columns = sample_columns(5000, seed=seed)
            tier.write(sample_ref(columns, seed), columns)
        assert tier.stats().size_bytes <= self.bound(4 << 20)
        assert tier.has(sample_ref(columns, 39), BAR_COLUMNS)
        assert not tier.has(sample_ref(sample_columns(5000), 0), BAR_COLUMNS)
        assert tier.stats().degraded == ""

    def test_a_segment_larger_than_the_tier_is_not_kept(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 1 << 20)
        columns = sample_columns(60_000)
        tier.write(sample_ref(columns), columns)
        assert not tier.read(sample_ref(columns), BAR_COLUMNS, empty(60_000))

    def test_a_value_that_somebody_changed_is_a_miss(self, tmp_path: Path) -> None:
        tier, columns = self.make(tmp_path, 64 << 20), sample_columns(50)
        ref = sample_ref(columns)
        tier.write(ref, columns)
        client = make_client(self.url)
        (key,) = client.scan_iter("*:close")
        client.setrange(key, 8, b"\xff")
        client.close()
        assert not tier.read(ref, BAR_COLUMNS, empty(50))
        assert tier.read(ref, ("open", "ts"), empty(50, ("open", "ts")))


@pytest.mark.parametrize("url", ["http://there", "redis+sentinel://there:1", "redis://:word@there:port"])
def test_a_url_of_no_redis_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ParameterError, match=r"url=.*must be redis://") as caught:
        make_client(url)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://:word@there", "redis+cluster://:word@there:port"])
def test_the_variable_that_holds_a_wrong_url_is_named(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_REDIS", url)
    named = r"^TAPEHEAD_REDIS=[a-z+]+://\.\.\.: TAPEHEAD_REDIS must be redis://"
    for make in (lambda: SharedTier(url), lambda: open_cache(home=tmp_path).stats()):
        with pytest.raises(ParameterError, match=named):
            make()
    with pytest.raises(ParameterError, match=r"^url="):
        open_cache(url, home=tmp_path).stats()


def test_results_are_equal_with_it_without_it_while_it_hangs_and_after_it_was_killed(
    own_valkey: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOT_MB", "0")
    monkeypatch.setenv("TAPEHEAD_MEMORY_MB", "0")
    asked = {"strategy": "RsiReversion", "universe": "demo", "fresh": True}
    with open_store(tmp_path / "home") as store:
        store.demo(instruments=5, years=1, seed=3)
        want = everything(store.backtest(**asked))
    monkeypatch.setitem(os.environ, "TAPEHEAD_REDIS", own_valkey.url)
    with open_store(tmp_path / "home") as store:
        for hits in (0, 5):
            assert everything(store.backtest(**asked)) == want
            assert store.house.tiers()[-1].hits >= hits
        with own_valkey.hanging():
            assert everything(store.backtest(**asked)) == want
            assert store.house.tiers()[-1].degraded == AWAY
    with open_store(tmp_path / "home") as store:
        assert everything(store.backtest(**asked)) == want
        assert store.house.tiers()[-1].degraded == ""
        own_valkey.kill()
        run = store.backtest(**asked)
        assert everything(run) == want
        assert store.house.tiers()[-1].degraded == AWAY


def test_each_tier_can_be_off_and_every_result_is_equal(
    valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path / "home") as store:
        store.demo(instruments=3, years=1, seed=3)
    wanted, timed = None, set()
    for memory, hot, shared in itertools.product((False, True), repeat=3):
        monkeypatch.setenv("TAPEHEAD_MEMORY_MB", "64" if memory else "0")
        monkeypatch.setenv("TAPEHEAD_HOT_MB", "64" if hot else "0")
        monkeypatch.setenv("TAPEHEAD_REDIS", valkey if shared else "")
        with open_store(tmp_path / "home") as store:
            for _ in range(2):
                found = everything(store.backtest("RsiReversion", universe="demo", fresh=True))
                wanted = wanted or found
                assert found == wanted
            tiers = store.house.tiers()
            assert [each.name for each in tiers] == ["memory", *["hot"] * hot, *["redis"] * shared]
            assert (tiers[0].hits >= 3) == memory
            fastest = next((each for each, on in zip(tiers, (memory, True, True), strict=False) if on), None)
            if fastest is not None:
                assert fastest.hits >= 3
                timed.add((fastest.name, (fastest.hit_ms or 0.0) > 0.0))
    assert timed == {("memory", True), ("hot", True), ("redis", True)}
