"""Seals and counts: a manifest that was changed behind the store's back is told, whatever SQLite thinks of it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tapehead.errors import SurroundingsError
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_store import ALWAYS
from tapehead.testing.samples import HOUR, YEAR_2021, sample_bars, sample_columns, sample_draft, sample_series

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
    busy.sweep(lambda: [3, 10, 22], 2**62)
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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE segments SET until = 2 WHERE until IS NULL AND layer = 0 AND series = 2",
        "UPDATE segments SET until = NULL WHERE until = 2 AND series = 1",
        "UPDATE tail SET series = 1 WHERE until IS NULL",
        "UPDATE segments SET first = first + 1 WHERE until IS NULL AND series = 2",
        "DELETE FROM segments WHERE until IS NULL AND series = 2",
    ],
)
@pytest.mark.parametrize("every", [False, True])
def test_a_read_of_the_head_is_refused_where_blocks_are_not_those_that_were_counted(
    store: EmbeddedBars, statement: str, every: bool
) -> None:
    store.commit([sample_draft(rows=30), sample_draft("BBB", rows=30)], note="first")
    store.commit([sample_draft(rows=30, seed=1)], note="second")
    store.append([sample_bars(sample_columns(1, start=LATER), "BBB")])
    change(store.home.path, statement)
    bent = EmbeddedBars(open_home(store.home.path), ParquetCodec())
    series = [sample_series("AAA"), sample_series("BBB")] * (20 if every else 1)
    with pytest.raises(SurroundingsError, match=r"bars\.db is damaged: .* of test:(AAA|BBB) 1h\. Look at it: tapehead"):
        bent.manifest(series, *ALWAYS)
    bent.close()


def test_a_reader_beside_an_appender_is_refused_the_series_that_rotted(store: EmbeddedBars) -> None:
    store.commit([sample_draft(f"S{place}", rows=5) for place in range(20)], note="first")
    series = [sample_series(f"S{place}") for place in range(20)]
    assert len(store.manifest(series, *ALWAYS).refs) == 20
    store.append([sample_bars(sample_columns(1, start=LATER), "S7")])
    assert len(store.manifest(series, *ALWAYS).refs[series[7]]) == 2
    store.append([sample_bars(sample_columns(1, start=LATER + HOUR.us), "S7")])
    change(store.home.path, "UPDATE segments SET until = 2 WHERE until IS NULL AND series = 8")
    with pytest.raises(SurroundingsError, match="2 of the 3 blocks that commits counted of test:S7 1h"):
        store.manifest(series, *ALWAYS)
