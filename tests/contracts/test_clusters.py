"""Caches on a real cluster and behind a real sentinel keep their contract, and work goes on over a fail-over."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

import tapehead as th
from tapehead.caches.shared import SharedTier
from tapehead.caches.values.shared import RedisValues
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.store import open as open_store
from tapehead.ports.values import ValueStore
from tapehead.testing.chunk_cache import empty, sample_ref
from tapehead.testing.samples import sample_columns
from tapehead.testing.value_store import HOUR_S, ValueStoreContract, sample_key
from tapehead.valkey.client import make_client
from tests.clusters import Several, wait_for
from tests.parity.test_executors import everything

KINDS = ("valkey_cluster", "valkey_sentinel")


@pytest.fixture(params=KINDS, ids=["cluster", "sentinel"])
def several(request: pytest.FixtureRequest) -> Several:
    """Both, one after the other, each empty."""
    found: Several = request.getfixturevalue(request.param)
    client = make_client(found.url)
    client.flushall()
    client.close()
    return found


class TestRedisValuesOfSeveral(ValueStoreContract):
    @pytest.fixture(autouse=True)
    def served(self, several: Several) -> Iterator[None]:
        self.url, self.made = several.url, []
        yield
        for each in self.made:
            each.close()

    def make(self, tmp_path: Path) -> RedisValues:
        self.made.append(RedisValues(self.url, wait_s=5.0))
        return self.made[-1]

    def pass_time(self, store: ValueStore, seconds: float) -> None:
        deadline = time.monotonic() + seconds + 0.05
        while time.monotonic() < deadline:
            time.sleep(0.01)

    def test_values_lie_on_all_servers_and_figures_are_summed(self, tmp_path: Path, several: Several) -> None:
        store = self.make(tmp_path)
        for number in range(50):
            store.write(sample_key(str(number)), b"x", HOUR_S, 100)
        facts = store.facts()
        primaries = [name for name in several.servers if name.startswith("p")] or ["a"]
        held = [several.say(name, "DBSIZE") for name in primaries]
        assert all(held)
        assert sum(held) == facts.server["keys"] == 100
        assert facts.limit_bytes == len(primaries) * 64 << 20
        assert facts.server["servers"] == len(primaries)


def test_columns_of_bars_are_kept(several: Several) -> None:
    tier = SharedTier(several.url, wait_s=5.0)
    for seed in range(20):
        columns = sample_columns(100, seed=seed)
        tier.write(sample_ref(columns, seed), columns)
        into = empty(100)
        assert tier.read(sample_ref(columns, seed), BAR_COLUMNS, into)
        assert all(into[name].tobytes() == columns[name].tobytes() for name in BAR_COLUMNS)
    assert tier.stats().degraded == ""
    tier.close()


def _primary(several: Several) -> str:
    """The server that takes writes of the first slots, or behind the sentinel."""
    names = [name for name in several.servers if name in ("p0", "r0", "a", "b")]
    roles = {}
    for name in names:
        # One of the two is down.
        with suppress(redis.RedisError):
            roles[name] = several.say(name, "ROLE")[0]
    return next((name for name, role in roles.items() if role == b"master"), "")


def test_a_fail_over_in_the_midst_of_work_is_survived(
    several: Several, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr("tapehead.caches.shared._RETRY_S", 0.1)
    monkeypatch.setattr("tapehead.caches.values.shared._RETRY_S", 0.1)
    monkeypatch.setenv("TAPEHEAD_HOT_MB", "0")
    monkeypatch.setenv("TAPEHEAD_MEMORY_MB", "0")
    asked = {"strategy": "RsiReversion", "universe": "demo", "fresh": True}
    with open_store(tmp_path / "home") as store:
        store.demo(instruments=4, years=1, seed=3)
        want = everything(store.backtest(**asked))
    monkeypatch.setenv("TAPEHEAD_REDIS", several.url)
    cache = th.open_cache(home=tmp_path / "home")
    with open_store(tmp_path / "home") as store:
        assert everything(store.backtest(**asked)) == want
        victim = wait_for(lambda: _primary(several))
        several.kill(victim)
        try:
            # Away or already with the other: never an error, and the same bits.
            assert everything(store.backtest(**asked)) == want
            for number in range(20):
                assert cache.get_or_fetch("quotes", number, lambda number=number: number * 1.5) == number * 1.5
            wait_for(lambda: _primary(several) not in ("", victim))
            before = store.house.tiers()[-1].hits
            wait_for(lambda: store.house.tiers()[-1].degraded == "")
            while store.house.tiers()[-1].hits < before + 4:
                assert everything(store.backtest(**asked)) == want
            wait_for(lambda: cache.stats().degraded == "")
            for _ in range(2):
                for number in range(20):
                    assert cache.get_or_fetch("quotes", number, lambda number=number: number * 1.5) == number * 1.5
            assert cache.stats().degraded == ""
        finally:
            several.start(victim)
            cache.close()
