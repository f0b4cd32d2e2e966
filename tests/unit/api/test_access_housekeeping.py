"""Audit entries and last uses reach the store; a store that fails for a while loses nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tapehead.api.access import housekeeping
from tapehead.api.access.housekeeping import Housekeeping
from tapehead.api.access.keyring import Keyring
from tapehead.errors import DiskFullError
from tapehead.library.keys import make_key, now_us
from tapehead.ports.access import AuditEntry
from tapehead.stores.embedded.access import access_database
from tapehead.stores.embedded.home import open_home
from tapehead.stores.tables.access import AccessTables

DAY_US = 86_400_000_000


class Full(AccessTables):
    """A store whose disk is full until it is told otherwise."""

    full = True

    def add_audit(self, entries: Sequence[AuditEntry]) -> None:
        if self.full:
            raise DiskFullError(path="disk", what="the audit log")
        super().add_audit(entries)


def entry(at: int) -> AuditEntry:
    """A write that was made at a time."""
    return AuditEntry(0, at, "loopback", "127.0.0.1", "POST", f"/{at}", 202, "")


@pytest.fixture
def store(tmp_path: Path):
    found = Full(partial(access_database, open_home(tmp_path / "home")))
    yield found
    found.close()


async def lived(keeping: Housekeeping, entries: Sequence[AuditEntry]) -> None:
    """Begin, note, end."""
    await keeping.begin()
    going = asyncio.create_task(keeping.go_on())
    for each in entries:
        keeping.note(each)
    keeping.end()
    await going


def test_what_waits_at_the_end_is_kept_and_what_is_old_goes(store: Full) -> None:
    store.full = False
    now = now_us()
    store.add_audit([entry(now - 3 * DAY_US), entry(now - DAY_US)])
    asyncio.run(lived(Housekeeping(store, Keyring(), 2), [entry(now), replace(entry(now + 1), who="00000001")]))
    assert [each.at for each in store.audit()] == [now + 1, now, now - DAY_US]


def test_a_full_disk_loses_no_entry(store: Full) -> None:
    keeping = Housekeeping(store, Keyring(), 400)
    now = now_us()

    async def filled() -> None:
        await keeping.begin()
        for at in (now, now + 1):
            keeping.note(entry(at))
            await keeping._round()
        assert not store.audit()
        store.full = False
        keeping.end()
        await keeping.go_on()

    asyncio.run(filled())
    assert [each.at for each in store.audit()] == [now + 1, now]


def test_what_waits_is_bounded(store: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MOST_WAITING", 2)
    keeping = Housekeeping(store, Keyring(), 400)
    for at in (now_us() + i for i in range(3)):
        keeping.note(entry(at))
    store.full = False
    asyncio.run(lived(keeping, []))
    assert len(store.audit()) == 2


def test_keys_are_there_before_the_first_request(store: Full) -> None:
    made = make_key(store, "ci", ["run"])
    keyring = Keyring()
    asyncio.run(lived(Housekeeping(store, keyring, 400), []))
    assert keyring.find(made.text, now_us()) == made.key
