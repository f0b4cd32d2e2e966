"""Leases hold a snapshot as long as their process lives and no longer than asked, whatever a clock says."""

import time

import pytest

from tapehead.errors import ParameterError
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded import leases
from tapehead.stores.embedded.home import Home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.samples import sample_draft
from tests.unit.stores.processes import start

HOLDER = """
import sys
from pathlib import Path
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
with EmbeddedBars(open_home(Path(sys.argv[1])), ParquetCodec()).lease(1, 1e6):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lease_ends_with_its_process(store: EmbeddedBars) -> None:
    store.commit([sample_draft()], note="first")
    holder = start(HOLDER, store.home.path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert store.leased() == [1]
    holder.kill()
    holder.communicate()
    assert store.leased() == []


def test_a_lease_of_an_earlier_start_of_the_machine_holds_nothing(
    store: EmbeddedBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit([sample_draft()], note="first")
    with store.lease(1, 1e6):
        assert store.leased() == [1]
        monkeypatch.setattr(leases, "_boot", lambda: "another start")
        assert store.leased() == []
        with store.lease(1, 1e6):
            assert store.leased() == [1]


def test_of_another_space_of_processes_a_pid_says_nothing(store: EmbeddedBars, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([sample_draft()], note="first")
    holder = start(HOLDER, store.home.path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    monkeypatch.setattr(leases, "_space", lambda: "another container")
    assert store.leased() == [1]


def test_a_clock_that_leaps_neither_ends_nor_stretches_a_lease(
    store: EmbeddedBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit([sample_draft()], note="first")
    true_ns = time.time_ns
    for leap_s in (10**9, -(10**9)):
        monkeypatch.setattr(time, "time_ns", lambda leap_s=leap_s: true_ns() + leap_s * 10**9)
        with store.lease(1, 60):
            monkeypatch.setattr(time, "time_ns", true_ns)
            assert store.leased() == [1]
        assert store.leased() == []


def test_no_lease_lasts_longer_than_was_asked_for_it(store: EmbeddedBars, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([sample_draft()], note="first")
    now = time.monotonic_ns()
    with store.lease(1, 60):
        monkeypatch.setattr(time, "monotonic_ns", lambda: now - 10**12)
        assert store.leased() == []


def test_commits_stay_in_order_when_the_clock_steps_back(store: EmbeddedBars, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    for number, ahead_s in enumerate((10**6, 0, -(10**6)), 1):
        monkeypatch.setattr(time, "time_ns", lambda ahead_s=ahead_s: now + ahead_s * 10**9)
        assert store.commit([sample_draft(seed=number)], note=str(number)).number == number
    assert [one.number for one in store.log(limit=9)] == [3, 2, 1]
    assert store.head() == 3


def test_a_store_for_reading_only_refuses_what_is_not_there(store: EmbeddedBars) -> None:
    store.commit([sample_draft()], note="first")
    reader = EmbeddedBars(Home(store.home.path, writable=False), ParquetCodec())
    with reader.lease(1, 60):
        assert reader.leased() == []
    with pytest.raises(ParameterError, match="snapshot=2"), reader.lease(2, 60):
        pass
    reader.close()
