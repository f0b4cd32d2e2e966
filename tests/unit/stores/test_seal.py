"""Seals: a manifest that was changed behind the store's back is told by a check, whatever SQLite thinks of it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.samples import HOUR, YEAR_2021, sample_bars, sample_columns, sample_draft

LATER = YEAR_2021 + 2_000 * HOUR.us


@pytest.fixture
def busy(store: EmbeddedBars) -> EmbeddedBars:
    """A store with every kind of commit."""
    store.commit([sample_draft(rows=30), sample_draft("BBB", rows=30)], note="first")
    store.commit([sample_draft(rows=30, seed=1)], note="second")
    for turn in range(20):
        store.append([sample_bars(sample_columns(1, start=LATER + turn * HOUR.us, seed=turn), "BBB")])
    store.undo(22)
    store.fold(whole=True)
    store.append([sample_bars(sample_columns(1, start=LATER + 50 * HOUR.us), "BBB")])
    store.undo(store.head())
    return store


def manifest_faults(store: EmbeddedBars) -> list[str]:
    return [one.where for one in store.check(rows=False) if one.what == "manifest"]


def change(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "bars.db")) as database:
        assert database.execute(statement).rowcount == 1
        database.commit()


def test_every_kind_of_commit_is_sealed_and_a_sweep_breaks_none(busy: EmbeddedBars) -> None:
    assert manifest_faults(busy) == []
    busy.sweep([3, 10, 22], 2**62)
    assert manifest_faults(busy) == []
    with closing(sqlite3.connect(busy.home.bars)) as database:
        assert database.execute("SELECT count(*) FROM commits WHERE seal IS NULL").fetchone() == (0,)


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE segments SET until = 3 WHERE until = 2", "commit 2"),
        ("UPDATE tail SET since = 5 WHERE since = 4", "commit 4"),
        ("UPDATE series SET symbol = 'CCC' WHERE symbol = 'AAA'", "commit 1"),
        ("DELETE FROM segments WHERE until = 2", "commit 1"),
        ("UPDATE commits SET seal = seal + 1 WHERE number = 7", "commit 7"),
    ],
)
def test_a_changed_manifest_is_told(busy: EmbeddedBars, statement: str, first: str) -> None:
    change(busy.home.path, statement)
    assert first in manifest_faults(busy)


def test_a_store_whose_old_commits_have_no_seal_seals_the_next(busy: EmbeddedBars) -> None:
    with closing(sqlite3.connect(busy.home.bars)) as database:
        database.execute("UPDATE commits SET seal = NULL")
        database.commit()
    store = EmbeddedBars(open_home(busy.home.path), ParquetCodec())
    assert manifest_faults(store) == []
    number = store.commit([sample_draft(rows=30, seed=5)], note="sealed").number
    assert manifest_faults(store) == []
    change(store.home.path, "UPDATE segments SET last = last + 1 WHERE until IS NULL AND layer = 0 AND period = 2021"
           " AND series = (SELECT id FROM series WHERE symbol = 'AAA')")  # fmt: skip
    assert f"commit {number}" in manifest_faults(store)
    store.close()
