"""The contract of a store of values, kept by each; and what only one of them has to do."""

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapehead.caches.shared import AWAY, SharedTier
from tapehead.caches.values.clocks import Clocks, machine_clocks
from tapehead.caches.values.local import LocalValues
from tapehead.caches.values.process import ProcessValues
from tapehead.caches.values.shared import RedisValues
from tapehead.ports.values import StoreAwayError, ValueStore
from tapehead.testing.value_store import HOUR_S, ValueStoreContract, sample_key
from tapehead.valkey.client import make_client

MIB = 1 << 20


class Hands:
    """Clocks that a test sets."""

    def __init__(self) -> None:
        self.up, self.wall = 100.0, 1_700_000_000.0

    def clocks(self, boot: str = "boot") -> Clocks:
        return Clocks(boot, lambda: self.up, lambda: self.wall)

    def move(self, seconds: float) -> None:
        self.up += seconds
        self.wall += seconds


class TestProcessValues(ValueStoreContract):
    def make(self, tmp_path: Path) -> ValueStore:
        self.now = 0.0
        return ProcessValues(MIB, lambda: self.now)

    def pass_time(self, store: ValueStore, seconds: float) -> None:
        self.now += seconds


class TestLocalValues(ValueStoreContract):
    @pytest.fixture(autouse=True)
    def closed(self) -> Iterator[None]:
        self.hands, self.made = Hands(), []
        yield
        for each in self.made:
            each.close()

    def make(self, tmp_path: Path, limit: int = MIB, boot: str = "boot") -> LocalValues:
        self.made.append(LocalValues(tmp_path / "cache", limit, self.hands.clocks(boot)))
        return self.made[-1]

    def pass_time(self, store: ValueStore, seconds: float) -> None:
        self.hands.move(seconds)

    def test_another_process_finds_it_and_a_later_one(self, tmp_path: Path) -> None:
        first, second = self.make(tmp_path), self.make(tmp_path)
        first.write(sample_key(), b"one", HOUR_S, 10)
        assert second.read(sample_key()) == b"one"
        claim = first.claim(sample_key())
        assert claim is not None
        assert second.claim(sample_key()) is None
        claim.release()
        assert second.claim(sample_key()) is not None

    def test_the_clock_of_the_wall_may_be_set_while_the_machine_runs(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.write(sample_key(), b"one", HOUR_S, 10)
        for step in (-10 * HOUR_S, 20 * HOUR_S):
            self.hands.wall += step
            assert store.read(sample_key()) == b"one"
        self.hands.up += HOUR_S
        assert store.read(sample_key()) == "expired"

    def test_after_a_restart_of_the_machine_the_clock_of_the_wall_counts(self, tmp_path: Path) -> None:
        self.make(tmp_path).write(sample_key(), b"one", HOUR_S, 10)
        later = self.make(tmp_path, boot="next")
        self.hands.up = 1.0
        self.hands.wall += 60
        assert later.read(sample_key()) == b"one"
        self.hands.wall -= 120
        assert later.read(sample_key()) == "expired"
        self.hands.wall += 2 * HOUR_S
        assert later.read(sample_key()) == "expired"

    def test_bytes_are_bounded_and_the_longest_unused_go_first(self, tmp_path: Path) -> None:
        store = self.make(tmp_path, 40_000)
        for number in range(20):
            store.write(sample_key(str(number)), b"x" * 10_000, HOUR_S, 100)
            store.read(sample_key("0"))
            self.hands.move(1.0)
        assert store.facts().size_bytes == 40_000
        assert store.read(sample_key("0")) == b"x" * 10_000
        assert store.read(sample_key("5")) == "evicted"
        assert not store.write(sample_key("big"), b"x" * 40_001, HOUR_S, 100)
        assert (tmp_path / "cache" / "values.db").stat().st_size < MIB

    def test_what_is_good_no_longer_goes_before_what_is(self, tmp_path: Path) -> None:
        store = self.make(tmp_path, 30_000)
        store.write(sample_key("old"), b"x" * 10_000, HOUR_S, 100)
        store.write(sample_key("short"), b"x" * 10_000, 1.0, 100)
        self.hands.move(2.0)
        store.write(sample_key("new"), b"x" * 15_000, HOUR_S, 100)
        assert (store.read(sample_key("old")), store.read(sample_key("short"))) == (b"x" * 10_000, "expired")

    def test_a_namespace_holds_no_more_items_than_it_may(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        for number in range(7):
            store.write(sample_key(str(number)), b"x", HOUR_S, 3)
            store.write(sample_key(str(number), "news"), b"x", HOUR_S, 100)
            self.hands.move(1.0)
        assert [(one.name, one.items) for one in store.namespaces()] == [("news", 7), ("quotes", 3)]
        assert (store.read(sample_key("3")), store.read(sample_key("4"))) == ("evicted", b"x")

    def test_a_file_that_is_no_database_is_begun_anew(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.write(sample_key(), b"one", HOUR_S, 10)
        store.close()
        (tmp_path / "cache" / "values.db").write_bytes(b"no database at all" * 500)
        assert store.read(sample_key()) == "unreadable"
        store.write(sample_key(), b"two", HOUR_S, 10)
        assert store.read(sample_key()) == b"two"

    def test_a_folder_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("a file stands in the way")
        store = self.make(tmp_path)
        for call in (lambda: store.read(sample_key()), lambda: store.claim(sample_key())):
            with pytest.raises(StoreAwayError, match=r"values cannot be kept in .*: "):
                call()

    def test_a_child_of_fork_opens_its_own(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.write(sample_key(), b"one", HOUR_S, 10)
        child = os.fork()
        if child == 0:
            good = store.read(sample_key()) == b"one" and store.write(sample_key("ETH"), b"two", HOUR_S, 10)
            os._exit(0 if good else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert store.read(sample_key("ETH")) == b"two"
        with sqlite3.connect(tmp_path / "cache" / "values.db") as link:
            assert link.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        link.close()


def test_the_clocks_of_the_machine_move() -> None:
    clocks = machine_clocks()
    assert clocks.boot
    assert clocks.up_s() <= clocks.up_s()


class TestRedisValues(ValueStoreContract):
    @pytest.fixture(autouse=True)
    def served(self, valkey: str) -> Iterator[None]:
        self.url, self.made = valkey, []
        yield
        for each in self.made:
            each.close()

    def make(self, tmp_path: Path) -> RedisValues:
        self.made.append(RedisValues(self.url))
        return self.made[-1]

    def pass_time(self, store: ValueStore, seconds: float) -> None:
        """The server's clock is its own: wait until it has dropped what was to live so long."""
        deadline = time.monotonic() + seconds + 0.05
        while time.monotonic() < deadline:
            time.sleep(0.01)

    def test_keys_of_others_stay(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.write(sample_key(), b"one", HOUR_S, 10)
        with make_client(self.url) as client:
            others = ["quotes", "tapehead:bars:1:{aa}:ts", "tapehead:cacheother", "x:tapehead:cache:1:quotes:{a}:b"]
            for name in others:
                client.set(name, b"theirs")
            assert store.clear() == 1
            assert sorted(name.decode() for name in client.scan_iter()) == sorted(others)

    def test_what_the_server_threw_out_is_told(self, tmp_path: Path) -> None:
        store, key = self.make(tmp_path), sample_key()
        store.write(key, b"one", HOUR_S, 10)
        with make_client(self.url) as client:
            (name,) = client.scan_iter(f"*{key.version}")
            client.unlink(name)
        assert store.read(key) == "evicted"

    def test_a_lease_is_renewed_while_its_holder_lives_and_runs_out_after(self, tmp_path: Path) -> None:
        holder, other, key = RedisValues(self.url, lease_s=0.3), self.make(tmp_path), sample_key()
        claim = holder.claim(key)
        assert claim is not None
        with make_client(self.url) as client:
            (name,) = client.scan_iter("*:lease")
            for _ in range(5):
                self.pass_time(holder, 0.1)
                assert other.claim(key) is None
            # As if its process were killed: nobody renews it.
            holder._leases.drop(name.decode())
            while client.exists(name):
                time.sleep(0.01)
        assert other.claim(key) is not None
        claim.release()
        holder.close()

    @pytest.mark.parametrize("kind", ["redis://{}/0", "redis+cluster://{}", "redis+sentinel://{}/main/0"])
    def test_a_server_that_is_away_is_told_and_left_alone(self, kind: str) -> None:
        url = kind.format(":word@127.0.0.1:1")
        store = RedisValues(url)
        for _ in range(2):
            with pytest.raises(StoreAwayError, match="Redis is away"):
                store.read(sample_key())
        facts = store.facts()
        assert facts.degraded.startswith("Redis is away")
        assert (facts.where, "word" in repr(facts)) == (kind.format("127.0.0.1:1"), False)
        tier = SharedTier(url)
        assert tier.stats().degraded == AWAY
