"""ValueStoreContract: what every store of values must do, as tests for pytest to collect."""
# ruff: noqa: D102 - a test's name is its sentence

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from tapehead.ports.values import ValueKey, ValueStore

HOUR_S = 3600.0


def sample_key(name: str = "BTC", namespace: str = "quotes", version: str = "0" * 16) -> ValueKey:
    """Return the key of a value."""
    return ValueKey(namespace, hashlib.sha256(f"{namespace}/{name}".encode()).digest()[:16], version)


class ValueStoreContract:
    """Subclass it as `Test…`; say how to make an empty store, and how to let time pass for one."""

    def make(self, tmp_path: Path) -> ValueStore:
        """Return an empty store of at least a mebibyte."""
        raise AssertionError(f"a subclass says how a store is made below {tmp_path}")

    def pass_time(self, store: ValueStore, seconds: float) -> None:
        """Let so much time pass for the store, or wait for it."""
        raise AssertionError(f"a subclass says how {seconds} s pass for {store}")

    def test_what_was_written_is_read(self, tmp_path: Path) -> None:
        store, key = self.make(tmp_path), sample_key()
        assert store.read(key) == "absent"
        for data in (b"one", b"\x00" * 70_000):
            assert store.write(key, data, HOUR_S, 10)
            assert store.read(key) == data
        assert store.read(sample_key("ETH")) == "absent"
        assert store.read(sample_key(namespace="news")) == "absent"

    def test_what_is_gone_is_gone_for_a_reason(self, tmp_path: Path) -> None:
        store, key = self.make(tmp_path), sample_key()
        store.write(key, b"one", 0.05, 10)
        assert store.read(sample_key(version="1" * 16)) == "changed"
        self.pass_time(store, 0.06)
        assert store.read(key) == "expired"
        store.write(key, b"two", HOUR_S, 10)
        assert store.read(key) == b"two"
        assert store.forget(key)
        assert not store.forget(key)
        assert store.read(key) == "absent"

    def test_one_of_many_askers_has_the_claim(self, tmp_path: Path) -> None:
        store, key = self.make(tmp_path), sample_key()
        got, start = [], threading.Barrier(8)

        def ask() -> None:
            start.wait()
            got.append(store.claim(key))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (claim,) = [one for one in got if one is not None]
        assert store.claim(sample_key("ETH")) is not None
        claim.release()
        claim.release()
        again = store.claim(key)
        assert again is not None
        claim.release()
        assert store.claim(key) is None
        again.release()

    def test_a_namespace_is_cleared_and_no_other(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        for name in ("quotes", "quotes2", "news"):
            for number in range(3):
                store.write(sample_key(str(number), name), b"value", HOUR_S, 10)
            store.count({name: {"hits": 2.0}})
        assert store.clear("quotes") == 3
        assert store.clear("quotes") == 0
        assert [(one.name, one.items) for one in store.namespaces()] == [("news", 3), ("quotes2", 3)]
        assert store.read(sample_key("1")) == "absent"
        assert store.clear() == 6
        assert not store.namespaces()

    def test_counters_add_up(self, tmp_path: Path) -> None:
        store, key = self.make(tmp_path), sample_key()
        store.write(key, b"x" * 50, HOUR_S, 10)
        store.count({"quotes": {"hits": 2.0, "saved_s": 0.5}})
        store.count({"quotes": {"hits": 1.0}, "news": {"absent": 4.0}})
        news, quotes = store.namespaces()
        assert (news.name, news.items, news.size_bytes, news.counts) == ("news", 0, 0, {"absent": 4.0})
        assert (quotes.items, quotes.size_bytes, quotes.counts) == (1, 50, {"hits": 3.0, "saved_s": 0.5})

    def test_a_closed_store_opens_again(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.write(sample_key(), b"one", HOUR_S, 10)
        store.close()
        assert store.read(sample_key()) == b"one"
        assert store.facts().degraded == ""

    def test_threads_see_whole_values(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        keys = [sample_key(str(number)) for number in range(4)]
        strange: list[object] = []

        def work(byte: int) -> Callable[[], None]:
            def go() -> None:
                for _ in range(25):
                    for key in keys:
                        store.write(key, bytes([byte]) * 5000, HOUR_S, 10)
                        found = store.read(key)
                        if not isinstance(found, bytes) or len(set(found)) != 1 or len(found) != 5000:
                            strange.append(found)

            return go

        threads = [threading.Thread(target=work(byte)) for byte in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert strange == []
