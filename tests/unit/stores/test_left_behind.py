"""What a writer leaves behind who was killed, or failed, the next one removes before it writes."""

import os
from pathlib import Path

import pytest

from tapehead.model.segment import Draft
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.samples import sample_bars, sample_columns, sample_draft
from tests.unit.stores.processes import start

KILLED = """
import os, sys
from pathlib import Path
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.samples import sample_draft

def drafts():
    yield sample_draft(seed=5)
    if sys.argv[2] == "among drafts":
        os.kill(os.getpid(), 9)

def report(number):
    os.kill(os.getpid(), 9)

EmbeddedBars(open_home(Path(sys.argv[1])), ParquetCodec()).commit(drafts(), note="never", report=report)
"""


def files_of(store: EmbeddedBars) -> list[Path]:
    """Every file among the segments."""
    return [path for path in store.home.segments.rglob("*") if path.is_file()]


@pytest.mark.parametrize("where", ["among drafts", "before the commit"])
@pytest.mark.parametrize("verb", ["commit", "append"])
def test_the_next_writer_removes_what_a_killed_one_left(store: EmbeddedBars, where: str, verb: str) -> None:
    store.commit([sample_draft()], note="first")
    kept = files_of(store)
    killed = start(KILLED, store.home.path, where)
    killed.communicate(timeout=60)
    assert killed.returncode == -9
    left = [path for path in files_of(store) if path not in kept]
    assert [path.name.startswith(".") for path in left] == [where == "among drafts"]
    assert store.head() == 1
    if verb == "append":
        assert store.append([sample_bars(sample_columns(3, seed=7), "BBB")]).number == 2
    else:
        assert store.commit([sample_draft()], note="the same").number == 1
    assert files_of(store) == kept
    assert store.home.lock.read_bytes() == b""


def test_files_of_a_commit_that_failed_are_removed_too(store: EmbeddedBars) -> None:
    def report(number: int) -> bytes:
        raise ValueError(f"no report for {number}")

    with pytest.raises(ValueError, match="no report"):
        store.commit([sample_draft()], note="failed", report=report)
    assert len(files_of(store)) == 1
    assert store.append([sample_bars(sample_columns(3), "BBB")]).number == 1
    assert files_of(store) == []


def test_what_commits_name_and_strangers_in_the_folder_of_segments_are_left_alone(store: EmbeddedBars) -> None:
    store.commit([sample_draft()], note="first")
    store.commit([Draft(sample_draft().series, 2021, sample_columns(9))], note="ended, but an old snapshot's")
    store.home.lock.write_bytes(str(os.getpid()).encode())
    kept = files_of(store)
    strangers = [store.home.segments / "README", kept[0].with_name("notes.parquet"), kept[0].with_suffix(".txt")]
    for stranger in strangers:
        stranger.write_text("mine")
    store.append([sample_bars(sample_columns(3), "BBB")])
    assert sorted(files_of(store)) == sorted([*kept, *strangers])
