"""AccessStoreContract: what every store of keys and of the audit log must do, as tests for pytest to collect."""
# ruff: noqa: D102 - a test's name is its sentence

from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from tapehead.errors import ParameterError
from tapehead.ports.access import AccessStore, AuditEntry, Key

DAY = 86_400_000_000


def sample_key(prefix: str = "00000001", name: str = "ci", created_at: int = DAY) -> Key:
    """Return a key that never expires."""
    return Key(prefix, name, ("run", "write"), prefix.encode() * 4, created_at)


def sample_entry(at: int = DAY, who: str = "00000001", path: str = "/api/v1/runs") -> AuditEntry:
    """Return an entry that is not kept yet."""
    return AuditEntry(0, at, who, "127.0.0.1", "POST", path, 202, "r" * 32)


class AccessStoreContract:
    """Subclass it as `Test…` and say how to make an empty store, and how to open it a second time."""

    def make(self, tmp_path: Path) -> AccessStore:
        """Return a store below `tmp_path`; called twice, two stores over the same keys."""
        raise AssertionError(f"a subclass says how a store is made below {tmp_path}")

    def test_a_key_is_kept_as_it_was_given(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        key = replace(sample_key(), expires_at=2 * DAY)
        store.add_key(key)
        assert list(self.make(tmp_path).all_keys()) == [key]

    def test_keys_come_oldest_first(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_key(sample_key("00000002", "late", 2 * DAY))
        store.add_key(sample_key("00000003", "early", DAY))
        assert [key.name for key in store.all_keys()] == ["early", "late"]

    def test_no_two_usable_keys_have_one_name(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_key(sample_key())
        with pytest.raises(ParameterError, match="00000001"):
            store.add_key(sample_key("00000002"))
        assert store.revoke("00000001", 2 * DAY)
        store.add_key(sample_key("00000002", created_at=3 * DAY))
        assert [key.revoked_at for key in store.all_keys()] == [2 * DAY, None]

    def test_a_name_is_free_once_its_key_has_expired(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_key(replace(sample_key(), expires_at=2 * DAY))
        with pytest.raises(ParameterError):
            store.add_key(sample_key("00000002", created_at=2 * DAY - 1))
        store.add_key(sample_key("00000002", created_at=2 * DAY))

    def test_a_prefix_is_taken_for_ever(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_key(sample_key())
        store.revoke("00000001", DAY)
        with pytest.raises(ParameterError):
            store.add_key(sample_key(name="other"))

    def test_revoking_tells_whether_it_did(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_key(sample_key())
        assert store.revoke("00000001", 5)
        assert not store.revoke("00000001", 6)
        assert not store.revoke("0badc0de", 6)
        assert store.all_keys()[0].revoked_at == 5

    def test_a_change_of_keys_raises_the_generation_for_all(self, tmp_path: Path) -> None:
        store, other = self.make(tmp_path), self.make(tmp_path)
        before = other.generation()
        store.add_key(sample_key())
        added = other.generation()
        store.note_use({"00000001": DAY})
        store.add_audit([sample_entry()])
        used = other.generation()
        store.revoke("00000001", DAY)
        assert before < added == used < other.generation()

    def test_last_use_only_rises(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_key(sample_key())
        store.note_use({"00000001": 7, "0badc0de": 7})
        store.note_use({"00000001": 5})
        assert [key.used_at for key in store.all_keys()] == [7]

    def test_the_audit_log_is_read_in_pages_from_the_newest(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_audit([sample_entry(at, path=f"/{at}") for at in range(5)])
        first = store.audit(limit=2)
        store.add_audit([sample_entry(9)])
        second = store.audit(limit=9, before=first[-1].number)
        assert [entry.path for entry in (*first, *second)] == ["/4", "/3", "/2", "/1", "/0"]
        assert replace(first[0], number=0) == sample_entry(4, path="/4")

    def test_the_audit_log_is_read_by_who(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_audit([sample_entry(1), sample_entry(2, "loopback"), sample_entry(3)])
        assert [entry.at for entry in store.audit(who="00000001")] == [3, 1]
        assert list(store.audit(who="x' OR '1'='1")) == []

    def test_the_audit_log_forgets_what_is_old_and_what_is_too_much(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_audit([sample_entry(at) for at in range(10)])
        assert store.prune_audit(before=3, keep=100) == 3
        assert store.prune_audit(before=0, keep=4) == 3
        assert [entry.at for entry in store.audit()] == [9, 8, 7, 6]
        assert store.prune_audit(before=0, keep=4) == 0

    def test_many_threads_write_at_once(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        writers = [Thread(target=store.add_audit, args=([sample_entry(at)] * 5,)) for at in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert len(store.audit()) == 40
