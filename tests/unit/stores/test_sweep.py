"""gc beside readers, and gc that is stopped in the middle."""

from pathlib import Path
from typing import Literal

import pytest

from tapehead.errors import ParameterError, StoreLockedError, UnwritableHomeError
from tapehead.model.history import Swept
from tapehead.model.segment import Universe
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.disk import FileCall, watch
from tapehead.stores.embedded.home import Home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_upkeep import NEVER
from tapehead.testing.samples import sample_draft
from tests.unit.stores.processes import start

READER = """
import sys
from pathlib import Path
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.samples import sample_series

store = EmbeddedBars(open_home(Path(sys.argv[1])), ParquetCodec())
with store.lease(1, 600.0):
    print("leased", flush=True)
    sys.stdin.readline()
    refs = store.manifest([sample_series()], 0, 2**62, snapshot=1).refs[sample_series()]
    print(sum(len(content) > 0 for _, content in store.read(refs)), flush=True)
    sys.stdin.readline()
"""


class Stopped(Exception):
    """The process ends here, as far as the store can see."""


def fill(store: EmbeddedBars) -> None:
    for seed in range(4):
        store.commit([sample_draft(seed=seed), sample_draft("BBB", seed=seed + 10)], note=str(seed))


def files(store: EmbeddedBars) -> int:
    return sum(path.is_file() for path in store.home.segments.rglob("*"))


def stop_at(verb: str, count: int) -> list[Path]:
    """Stop before the call of this number; return the list of those that were made."""
    made: list[Path] = []

    def watcher(call: FileCall, when: Literal["before", "after"]) -> None:
        if call.verb == verb and when == "before":
            if len(made) == count:
                raise Stopped
            made.append(call.path)

    watch(watcher)
    return made


def test_a_reader_in_another_process_keeps_its_snapshot_until_it_leaves(store: EmbeddedBars) -> None:
    fill(store)
    reader = start(READER, store.home.path)
    assert reader.stdout is not None
    assert reader.stdin is not None
    assert reader.stdout.readline() == "leased\n"
    assert store.sweep(list, NEVER).snapshots == 2
    reader.stdin.write("read\n")
    reader.stdin.flush()
    assert reader.stdout.readline() == "1\n"
    reader.stdin.write("leave\n")
    reader.communicate(timeout=60)
    assert reader.returncode == 0
    assert store.sweep(list, NEVER).snapshots == 1
    assert files(store) == 2
    with pytest.raises(ParameterError, match="given back"), store.lease(1, 60.0):
        pass


def test_a_killed_reader_keeps_nothing(store: EmbeddedBars) -> None:
    fill(store)
    reader = start(READER, store.home.path)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "leased\n"
    reader.kill()
    reader.communicate(timeout=60)
    assert store.sweep(list, NEVER).snapshots == 3


@pytest.mark.parametrize(("verb", "count"), [("commit", 0), ("unlink", 0), ("unlink", 3)])
def test_a_sweep_that_is_stopped_leaves_a_whole_store(store: EmbeddedBars, verb: str, count: int) -> None:
    fill(store)
    stop_at(verb, count)
    try:
        with pytest.raises(Stopped):
            store.sweep(list, NEVER)
    finally:
        watch(None)
    again = EmbeddedBars(store.home, ParquetCodec())
    assert {one.what for one in again.check(rows=True)} <= {"orphan"}
    if verb == "commit":
        assert [one.swept for one in again.log(limit=9)] == [False] * 4
    else:
        assert [one.swept for one in again.log(limit=9)] == [False, True, True, True]
    again.sweep(list, NEVER)
    assert list(again.check(rows=True)) == []
    assert files(again) == 2
    again.close()


def test_a_writer_at_work_is_waited_for_and_then_named(store: EmbeddedBars) -> None:
    fill(store)
    other = EmbeddedBars(store.home, ParquetCodec(), lock_wait_s=0.05)

    def slow_drafts() -> object:
        with pytest.raises(StoreLockedError):
            other.sweep(list, NEVER)
        with pytest.raises(StoreLockedError):
            other.undo(4)
        with pytest.raises(StoreLockedError):
            other.recount()
        yield sample_draft(seed=9)

    assert store.commit(slow_drafts(), note="slow").number == 5  # type: ignore[arg-type]  # a generator of drafts
    assert other.sweep(list, NEVER).snapshots == 4
    other.close()


def test_a_home_that_can_only_be_read_is_left_alone(store: EmbeddedBars) -> None:
    fill(store)
    store.close()
    reader = EmbeddedBars(Home(store.home.path, writable=False), ParquetCodec())
    assert reader.sweep(list, NEVER, dry_run=True).snapshots == 3
    for change in (lambda: reader.sweep(list, NEVER), lambda: reader.undo(4), reader.recount):
        with pytest.raises(UnwritableHomeError):
            change()
    assert list(reader.check(rows=True)) == []
    assert reader.facts().commits == 4
    reader.close()


def test_two_names_for_the_same_bars_keep_their_file_while_one_is_needed(store: EmbeddedBars) -> None:
    store.commit([sample_draft(seed=1)], note="one")
    store.commit([sample_draft(seed=2)], note="two")
    store.commit([sample_draft(seed=1)], note="one again")
    swept = store.sweep(list, NEVER)
    assert (swept.snapshots, swept.segments) == (2, 1)
    assert list(store.check(rows=True)) == []
    assert store.sweep(list, NEVER) == Swept(0, 0, 0, 0)


def test_what_is_kept_is_asked_for_while_no_lease_can_come_or_go(store: EmbeddedBars) -> None:
    fill(store)
    other = EmbeddedBars(store.home, ParquetCodec())
    other.save_universe(Universe("mine", ()))

    def runs() -> list[int]:
        # A lease is a row too. A run is written before its lease goes, so the sweep sees the one or the other.
        with pytest.raises(StoreLockedError):
            with_no_patience(other).save_universe(Universe("yours", ()))
        return [2]

    assert store.sweep(runs, NEVER).snapshots == 2
    other.close()


def with_no_patience(store: EmbeddedBars) -> EmbeddedBars:
    """Let the connection of this thread give up at once."""
    store._database.connection().execute("PRAGMA busy_timeout = 0")
    return store
