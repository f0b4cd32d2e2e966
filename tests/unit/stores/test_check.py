"""What a check finds in a store that was damaged by hand, and what heals it."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tapehead.model.history import Finding
from tapehead.model.segment import Draft, SegmentRef
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.stores.embedded.runs import open_runs
from tapehead.testing.samples import HOUR, YEAR_2021, sample_bars, sample_columns, sample_draft, sample_series

ROWS = 500
BASE = sample_columns(ROWS)


@pytest.fixture
def filled(store: EmbeddedBars) -> EmbeddedBars:
    """Two series, one superseded, one with a tail."""
    store.commit([Draft(sample_series(), 2021, BASE), sample_draft("BBB", rows=80)], note="first")
    store.commit([sample_draft("BBB", rows=90, seed=1)], note="second")
    store.append([sample_bars(sample_columns(20, start=YEAR_2021 + 480 * HOUR.us, seed=2))])
    return store


def file_of(store: EmbeddedBars, rows: int) -> Path:
    """Return the file of the segment of this many rows."""
    refs = store.manifest(store.series(1), -(2**62), 2**62, snapshot=1).refs.values()
    (data,) = [ref.data for held in refs for ref in held if ref.rows == rows]
    return store.home.segments / data.hex()[:2] / f"{data.hex()}.parquet"


def spoil(store: EmbeddedBars, statement: str, *values: Any) -> None:
    """Change rows of the manifest behind its back."""
    with sqlite3.connect(store.home.bars) as connection:
        assert connection.execute(statement, values).rowcount == 1
    connection.close()


def found(store: EmbeddedBars, *, rows: bool = False) -> list[Finding]:
    return list(store.check(rows=rows))


def test_a_file_that_is_gone_cut_or_flipped_is_named(filled: EmbeddedBars) -> None:
    path = file_of(filled, ROWS)
    whole = path.read_bytes()
    name = str(path.relative_to(filled.home.path))
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content, what in ((None, "gone"), (b"", "damaged"), (whole[:-1], "damaged"), (bytes(flipped), "damaged")):
        path.unlink() if content is None else path.write_bytes(content)
        (finding,) = found(filled)
        assert (finding.what, finding.where, finding.healed) == (what, name, "")
        assert "test:AAA 1h 2021" in finding.text
        assert "tapehead import PATH" in finding.text
    path.write_bytes(whole)
    assert found(filled, rows=True) == []


def test_a_segment_that_only_an_old_snapshot_names_is_checked_too(filled: EmbeddedBars) -> None:
    file_of(filled, 80).unlink()
    assert [one.what for one in found(filled)] == ["gone"]


def test_a_damaged_segment_is_healed_by_columns_of_the_right_hash_alone(filled: EmbeddedBars) -> None:
    path = file_of(filled, ROWS)
    path.write_bytes(b"PAR1")
    offered: list[SegmentRef] = []

    def offer(columns: Mapping[Any, Any] | None) -> list[Finding]:
        def heal(ref: SegmentRef) -> Mapping[Any, Any] | None:
            offered.append(ref)
            return columns

        return list(filled.check(rows=False, heal=heal))

    for wrong in (None, {**BASE, "close": BASE["close"] + 0.01}):
        assert [(one.what, one.healed) for one in offer(wrong)] == [("damaged", "")]
    assert path.read_bytes() == b"PAR1"
    (healed,) = offer(BASE)
    assert "hot tier" in healed.healed
    assert [ref.rows for ref in offered] == [ROWS] * 3
    assert found(filled, rows=True) == []
    assert filled.head() == 3


def test_a_damaged_block_of_the_tail_is_named_and_healed(filled: EmbeddedBars) -> None:
    spoil(filled, "UPDATE tail SET columns = substr(columns, 1, 40)")
    (finding,) = found(filled)
    assert (finding.what, finding.where) == ("damaged", "bars.db")
    assert "(tail)" in finding.text
    columns = sample_columns(20, start=YEAR_2021 + 480 * HOUR.us, seed=2)
    (healed,) = filled.check(rows=False, heal=lambda _: columns)
    assert healed.healed
    assert found(filled, rows=True) == []


def test_rows_that_are_not_those_of_the_name_are_found_by_their_hash(filled: EmbeddedBars) -> None:
    content, data, file = ParquetCodec().encode({**BASE, "close": BASE["close"] + 0.01})
    path = file_of(filled, ROWS)
    path.write_bytes(content)
    with sqlite3.connect(filled.home.bars) as connection:
        connection.execute("UPDATE segments SET file = ? WHERE data = ?", (file, bytes.fromhex(path.stem)))
    connection.close()
    assert found(filled) == []
    (finding,) = found(filled, rows=True)
    assert finding.what == "rows"
    assert data.hex() not in finding.where
    short, _, file = ParquetCodec().encode({name: values[:-1] for name, values in BASE.items()})
    path.write_bytes(short)
    with sqlite3.connect(filled.home.bars) as connection:
        connection.execute("UPDATE segments SET file = ? WHERE data = ?", (file, bytes.fromhex(path.stem)))
    connection.close()
    assert ["decoded" in one.text for one in found(filled, rows=True)] == [True]


def test_bars_that_no_store_may_hold_are_found(store: EmbeddedBars) -> None:
    for symbol, change in (("AAA", ("flags", 64)), ("BBB", ("volume", float("inf"))), ("CCC", ("low", float("nan")))):
        columns = sample_columns(50)
        columns[change[0]][7] = change[1]  # type: ignore[index]  # a column's name, by hand
        store.commit([Draft(sample_series(symbol), 2021, columns)], note=symbol)
    assert found(store) == []
    texts = sorted(one.text for one in found(store, rows=True))
    assert ["flag" in texts[0], "volume" in texts[1], "low" in texts[2]] == [True] * 3


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE segments SET until = 9 WHERE id = 1", "not there"),
        ("UPDATE segments SET until = since WHERE id = 1", "before it begins"),
        ("UPDATE segments SET period = 2020 WHERE id = 1", "outside its period"),
        ('UPDATE segments SET "rows" = 0 WHERE id = 1', "0 rows"),
        ("UPDATE segments SET until = NULL WHERE id = 2", "two segments are its layer 0"),
        ("UPDATE commits SET undoes = 1 WHERE number = 3", "undoes 1"),
        ('UPDATE coverage SET "rows" = 7 WHERE series = 1', "store recount"),
        ("DELETE FROM coverage WHERE series = 2", "store recount"),
        ("UPDATE coverage SET last = last + 1 WHERE series = 1", "store recount"),
        ("UPDATE coverage SET newest = NULL WHERE series = 1", "store recount"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_found(filled: EmbeddedBars, statement: str, said: str) -> None:
    spoil(filled, statement)
    findings = found(filled)
    assert {one.what for one in findings} == {"manifest"}
    assert any(said in one.text for one in findings)


def test_a_count_of_bars_that_the_rows_deny_is_found(filled: EmbeddedBars) -> None:
    spoil(filled, "UPDATE tail SET added = added + 1")
    assert filled.recount() == 1
    assert found(filled) == []
    (finding,) = found(filled, rows=True)
    assert finding.what == "manifest"
    assert "manifest counts" in finding.text


def test_a_recount_mends_what_is_wrong_and_says_how_many(filled: EmbeddedBars) -> None:
    before = list(filled.coverage())
    spoil(filled, 'UPDATE coverage SET "rows" = 7, first = 0 WHERE series = 1')
    spoil(filled, "DELETE FROM coverage WHERE series = 2")
    assert filled.recount() == 2
    assert filled.recount() == 0
    again = EmbeddedBars(filled.home, ParquetCodec())
    assert list(again.coverage()) == before
    again.close()


def test_a_newest_bar_that_rotted_is_not_believed_and_a_recount_keeps_it_anew(filled: EmbeddedBars) -> None:
    series = [one.series for one in filled.coverage()]
    before = filled.newest(series, filled.head())
    assert all(bar is not None for bar in before.values())
    with sqlite3.connect(filled.home.bars) as connection:
        connection.execute("UPDATE segments SET newest = zeroblob(45)")
        connection.execute("UPDATE tail SET newest = zeroblob(45)")
        connection.execute("UPDATE coverage SET newest = zeroblob(45)")
    connection.close()
    assert filled.newest(series, filled.head()) == dict.fromkeys(series)
    told = [one.text for one in found(filled, rows=True)]
    assert sum("another newest bar is kept. " in one for one in told) == len(series)
    assert filled.recount() == len(series)
    assert filled.newest(series, filled.head()) == before
    assert found(filled, rows=True) == []
    assert filled.newest(series, filled.head() - 1) == {}
    # As after an upgrade from a Tapehead that kept none.
    with sqlite3.connect(filled.home.bars) as connection:
        connection.executescript(
            "UPDATE segments SET newest = NULL; UPDATE tail SET newest = NULL; UPDATE coverage SET newest = NULL"
        )
    connection.close()
    assert found(filled, rows=True) == []
    assert filled.recount() == len(series)
    assert filled.newest(series, filled.head()) == before


def test_files_that_no_commit_names_are_told_and_given_back(filled: EmbeddedBars) -> None:
    stray = filled.home.segments / "ab" / f"{'ab' * 32}.parquet"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"12345")
    (finding,) = found(filled)
    assert (finding.what, finding.where) == ("orphan", str(stray.relative_to(filled.home.path)))
    swept = filled.sweep(lambda: [1, 2, 3], 0)
    assert (swept.snapshots, swept.segments, swept.orphans, swept.size_bytes) == (0, 0, 1, 5)
    assert found(filled) == []


def test_files_that_a_commit_is_writing_are_no_orphans(filled: EmbeddedBars) -> None:
    coming = filled.home.segments / "ab" / f"{'ab' * 32}.parquet"

    def write_beside(*_: object) -> None:
        coming.parent.mkdir(exist_ok=True)
        coming.write_bytes(b"not named yet")

    assert list(filled.check(rows=False, progress=lambda what, *_: "segments" in what and write_beside())) == []
    assert [finding.what for finding in filled.check(rows=False)] == ["orphan"]


def test_an_append_beside_a_check_is_no_fault(filled: EmbeddedBars) -> None:
    times = iter(range(100))

    class BesideAnAppender(ParquetCodec):
        def decode(self, data: bytes, columns: Any, into: Any) -> None:
            at = YEAR_2021 + (2000 + next(times)) * HOUR.us
            filled.append([sample_bars(sample_columns(1, start=at), symbol) for symbol in ("AAA", "BBB")])
            super().decode(data, columns, into)

    store = EmbeddedBars(filled.home, BesideAnAppender())
    assert list(store.check(rows=True)) == []
    store.close()
    assert next(times) > 1


def test_a_database_with_a_torn_page_is_told(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    store = EmbeddedBars(home, ParquetCodec())
    store.commit([sample_draft(str(number), rows=5) for number in range(60)], note="many")
    store.close()
    with sqlite3.connect(home.bars) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'segments_of_data'"
        root, size = connection.execute(query).fetchone()[0], connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    content = bytearray(home.bars.read_bytes())
    content[(root - 1) * size : (root - 1) * size + 64] = b"\xff" * 64
    home.bars.write_bytes(bytes(content))
    again = EmbeddedBars(home, ParquetCodec())
    findings = found(again)
    again.close()
    assert findings
    assert {(one.what, one.where) for one in findings} == {("database", "bars.db")}


def test_the_database_of_runs_is_looked_at_too(filled: EmbeddedBars) -> None:
    runs = open_runs(filled.home)
    runs.close()
    content = bytearray(filled.home.runs.read_bytes())
    content[4096 * 2 : 4096 * 2 + 64] = b"\xff" * 64
    filled.home.runs.write_bytes(bytes(content))
    assert ("database", "runs.db") in {(one.what, one.where) for one in found(filled)}
    filled.home.runs.write_bytes(b"no database at all, and long enough for a header of one" * 9)
    assert [(one.what, one.where) for one in found(filled)] == [("database", "runs.db")]
