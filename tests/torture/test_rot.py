"""A damaged database is a sentence, whatever SQLite makes of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tapehead.errors import SurroundingsError
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_store import ALWAYS
from tapehead.testing.samples import sample_draft, sample_series


@pytest.fixture
def home(tmp_path: Path) -> Path:
    store = EmbeddedBars(open_home(tmp_path), ParquetCodec())
    for seed in range(3):
        store.commit([sample_draft(seed=seed, rows=20)], note=str(seed))
    store.close()
    return tmp_path


def test_a_commit_that_is_gone_from_the_database_is_named(home: Path) -> None:
    with sqlite3.connect(home / "bars.db") as database:
        database.execute("DELETE FROM commits WHERE number = 2")
    database.close()
    store = EmbeddedBars(open_home(home), ParquetCodec())
    with pytest.raises(SurroundingsError, match=r"commit 2 is not in it, and 3 is\. Look at it: tapehead store verify"):
        store.manifest([sample_series()], *ALWAYS, snapshot=2)
    assert store.manifest([sample_series()], *ALWAYS).snapshot == 3
    store.close()


def test_a_schema_that_nobody_can_read_is_named(home: Path) -> None:
    path = home / "bars.db"
    content = path.read_bytes()
    at = content.index(b"CREATE TABLE commits")
    path.write_bytes(content[:at] + b"\xc5REATE TABLE" + content[at + 12 :])
    with pytest.raises(SurroundingsError, match=r"bars\.db is not a database"):
        EmbeddedBars(open_home(home), ParquetCodec())
