"""The embedded store of bars: damage, durability, two writers, leases, periods, a full disk."""

import os
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tapehead.errors import DamagedSegmentError, ParameterError, StoreLockedError
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import TAIL, Draft, SegmentRef
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.lock import WriterLock
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_store import ALWAYS, check_equal, read_columns
from tapehead.testing.samples import HOUR, YEAR_2021, sample_bars, sample_columns, sample_draft, sample_series
from tests.unit.stores.processes import finish, run_mounted, start


def only_file(store: EmbeddedBars) -> Path:
    (path,) = store.home.segments.glob("*/*.parquet")
    return path


def held(store: EmbeddedBars) -> list[SegmentRef]:
    return list(store.manifest([sample_series()], *ALWAYS).refs[sample_series()])


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


def test_a_segment_is_a_file_named_by_its_columns(store: EmbeddedBars) -> None:
    store.commit([sample_draft()], note="first")
    data, named, _ = ParquetCodec().encode(sample_draft().columns)
    path = only_file(store)
    assert path.relative_to(store.home.path) == Path("segments") / named.hex()[:2] / f"{named.hex()}.parquet"
    assert path.read_bytes() == data


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_a_damaged_segment_is_named(store: EmbeddedBars, damage: str) -> None:
    store.commit([sample_draft()], note="first")
    path = only_file(store)
    if damage == "flip":
        flip(path, path.stat().st_size // 2)
    elif damage == "gone":
        path.unlink()
    else:
        os.truncate(path, 0 if damage == "empty" else path.stat().st_size - 1)
    with pytest.raises(DamagedSegmentError) as caught:
        list(store.read(held(store)))
    text = str(caught.value)
    assert str(path.relative_to(store.home.path)) in text
    assert "test:AAA 1h" in text
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("damage", ["flip", "gone"])
def test_importing_again_mends_a_damaged_segment(store: EmbeddedBars, damage: str) -> None:
    store.commit([sample_draft()], note="first")
    path = only_file(store)
    if damage == "flip":
        flip(path, 100)
    else:
        path.unlink()
    assert store.commit([sample_draft()], note="again").unchanged == 1
    check_equal(read_columns(store, ParquetCodec(), held(store)), dict(sample_draft().columns))


def test_mending_with_other_bytes_names_those_bytes(store: EmbeddedBars) -> None:
    class Wordy(ParquetCodec):
        def encode(self, columns: object) -> tuple[bytes, bytes, bytes]:
            import hashlib

            import pyarrow as pa
            import pyarrow.parquet as pq

            data, named, _ = super().encode(columns)
            sink = pa.BufferOutputStream()
            pq.write_table(
                pq.read_table(pa.BufferReader(data)), sink, compression="zstd", store_decimal_as_integer=True
            )
            other = sink.getvalue().to_pybytes()
            return other, named, hashlib.sha256(other).digest()

    store.commit([sample_draft()], note="first")
    before = held(store)
    only_file(store).unlink()
    later = EmbeddedBars(open_home(store.home.path), Wordy())
    later.commit([sample_draft()], note="again")
    fresh = EmbeddedBars(open_home(store.home.path), ParquetCodec())
    assert held(fresh)[0].data == before[0].data
    assert held(fresh)[0].file != before[0].file
    check_equal(read_columns(fresh, ParquetCodec(), held(fresh)), dict(sample_draft().columns))
    later.close()
    fresh.close()


def test_equal_columns_of_two_series_share_a_file(store: EmbeddedBars) -> None:
    store.commit([sample_draft("AAA"), sample_draft("BBB")], note="the same under two names")
    assert only_file(store).is_file()
    store.commit([sample_draft("CCC")], note="and a third")
    assert only_file(store).is_file()
    assert [one.rows for one in store.coverage()] == [1000, 1000, 1000]


def test_files_and_folders_are_durable_before_the_commit_has_a_number(
    store: EmbeddedBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int]] = []
    true_fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append((str(Path(f"/proc/self/fd/{descriptor}").readlink()), store.head()))
        true_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    store.commit([sample_draft()], note="first")
    path = only_file(store)
    assert synced[0][0] == str(path.with_name(f".{path.name}.partial"))
    assert {place for place, _ in synced[1:]} == {str(path.parent), str(store.home.segments)}
    assert {head for _, head in synced} == {0}
    assert store.head() == 1


def test_a_second_writer_waits_and_then_says_who_writes(store: EmbeddedBars) -> None:
    code = """
    import sys
    from pathlib import Path
    from tapehead.stores.embedded.lock import WriterLock
    with WriterLock(Path(sys.argv[1])).held():
        print("held", flush=True)
        sys.stdin.read()
    """
    other = start(code, store.home.lock)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreLockedError, match=f"pid {other.pid}") as caught:
            store.commit([sample_draft()], note="kept out")
        assert caught.value.exit_code == 3
        assert store.head() == 0
        assert list(store.home.segments.glob("*/*")) == []
    finally:
        other.kill()
        other.communicate()
    assert store.commit([sample_draft()], note="the lock died with its holder").number == 1


def test_a_writer_that_waits_long_enough_gets_in(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    taken, entered = threading.Event(), threading.Event()

    def hold() -> None:
        with WriterLock(path).held():
            taken.set()
            time.sleep(0.2)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    with pytest.raises(StoreLockedError, match=str(os.getpid())), WriterLock(path, wait_s=0).held():
        entered.set()
    assert not entered.is_set()
    with WriterLock(path, wait_s=60).held():
        holder.join()


def test_leases_expire(store: EmbeddedBars) -> None:
    store.commit([sample_draft()], note="first")
    with store.lease(1, 60):
        assert store.leased() == [1]
        with store.lease(1, 0.01):
            time.sleep(0.02)
        assert store.leased() == [1]
    assert store.leased() == []
    with store.lease(1, 0.01):
        time.sleep(0.02)
        assert store.leased() == []


def test_months_are_the_periods_of_minutes(store: EmbeddedBars) -> None:
    series = Series("test", "MIN", Interval.parse("1m"))
    columns = sample_columns(3000, start=1_640_995_200_000_000 - 600_000_000)
    columns["ts"] = 1_640_995_200_000_000 - 600_000_000 + np.arange(3000) * 60_000_000
    bars = sample_bars(columns)
    store.append([type(bars)(series, *(getattr(bars, name) for name in columns))])
    refs = store.manifest([series], *ALWAYS).refs[series]
    assert [(ref.period, ref.rows) for ref in refs] == [(202112, 10), (202201, 2990)]


def test_days_are_one_period(store: EmbeddedBars) -> None:
    series = Series("test", "DAY", Interval.parse("1d"))
    columns = sample_columns(2000)
    columns["ts"] = np.arange(2000) * 86_400_000_000
    store.commit([Draft(series, 0, columns)], note="daily")
    bars = sample_bars(columns)
    later = {name: values[:5] for name, values in columns.items()}
    later["ts"] = columns["ts"][-1] + (1 + np.arange(5)) * 86_400_000_000
    bars = sample_bars(later)
    store.append([type(bars)(series, *(getattr(bars, name) for name in later))])
    assert [(ref.period, ref.layer) for ref in store.manifest([series], *ALWAYS).refs[series]] == [(0, 0), (0, TAIL)]
    assert store.coverage([series])[0].rows == 2005


def test_a_cold_store_answers_few_series_as_a_warm_one_answers_all(store: EmbeddedBars) -> None:
    symbols = [f"S{number:02d}" for number in range(30)]
    store.commit([sample_draft(symbol, rows=20, seed=at) for at, symbol in enumerate(symbols)], note="30")
    series = [sample_series(symbol) for symbol in symbols]
    cold = EmbeddedBars(open_home(store.home.path), ParquetCodec())
    few = cold.manifest(series[:3], *ALWAYS)
    every = cold.manifest(series, *ALWAYS)
    assert few.refs == {one: every.refs[one] for one in series[:3]}
    cold.close()


def test_a_store_that_follows_the_commits_answers_as_one_that_comes_new(store: EmbeddedBars) -> None:
    symbols = [f"S{number:02d}" for number in range(40)]
    series = [sample_series(symbol) for symbol in symbols]
    store.commit([sample_draft(symbol, rows=20, seed=at) for at, symbol in enumerate(symbols)], note="40")
    steps = [
        lambda: store.append([sample_bars(sample_columns(9, seed=1), "S03"), sample_bars(sample_columns(9), "NEW")]),
        lambda: store.commit([sample_draft("S04", rows=0), sample_draft("S05", year=2022)], note="one gone"),
        lambda: store.fold(whole=True),
        lambda: store.append([sample_bars(sample_columns(2, seed=5), symbol) for symbol in symbols]),
        lambda: store.commit([], note="facts alone", instruments=[Instrument("test", "S01")]),
    ]
    for step in steps:
        store.manifest(series, *ALWAYS)
        step()
        fresh = EmbeddedBars(open_home(store.home.path), ParquetCodec())
        every = [*series, sample_series("NEW")]
        assert store.manifest(every, *ALWAYS) == fresh.manifest(every, *ALWAYS)
        assert list(store.series(store.head())) == list(fresh.series()) == [one.series for one in fresh.coverage()]
        fresh.close()


def test_a_damaged_block_of_the_tail_is_named(store: EmbeddedBars) -> None:
    store.append([sample_bars(sample_columns(5))])
    database = sqlite3.connect(store.home.bars)
    database.execute("UPDATE tail SET columns = CAST(substr(columns, 1, length(columns) - 1) || x'ff' AS BLOB)")
    database.commit()
    with pytest.raises(DamagedSegmentError, match=r"tail of bars\.db of test:AAA 1h is damaged: .* hash") as caught:
        list(store.read(held(store)))
    assert caught.value.exit_code == 3
    refs = held(store)
    database.execute("DELETE FROM tail")
    database.commit()
    database.close()
    with pytest.raises(DamagedSegmentError, match="gone from the database"):
        list(store.read(refs))


def test_damage_in_the_tail_is_neither_merged_nor_folded_and_an_import_mends_it(store: EmbeddedBars) -> None:
    columns = sample_columns(30, start=YEAR_2021 - 25 * HOUR.us)
    one_by_one = [{name: values[at : at + 1] for name, values in columns.items()} for at in range(30)]
    store.append([sample_bars(one_by_one[0])])
    database = sqlite3.connect(store.home.bars)
    database.execute("UPDATE tail SET columns = CAST(substr(columns, 1, length(columns) - 1) || x'ff' AS BLOB)")
    database.commit()
    database.close()
    for each in one_by_one[1:]:
        store.append([sample_bars(each)])
    assert store.fold().segments == 0
    with pytest.raises(DamagedSegmentError, match="tail"):
        store.fold(whole=True)
    with pytest.raises(DamagedSegmentError, match="tail"):
        read_columns(store, ParquetCodec(), held(store))
    lost = {name: values[:25] for name, values in columns.items()}
    assert store.commit([Draft(sample_series(), 2020, lost)], note="its file again").segments == 1
    check_equal(read_columns(store, ParquetCodec(), held(store)), columns)
    assert store.fold().segments == 0
    assert store.fold(whole=True).segments == 1


def test_a_draft_equal_to_one_damaged_block_takes_its_place(store: EmbeddedBars) -> None:
    columns = sample_columns(5)
    store.append([sample_bars(columns)])
    database = sqlite3.connect(store.home.bars)
    database.execute("UPDATE tail SET columns = x'00'")
    database.commit()
    database.close()
    assert store.commit([Draft(sample_series(), 2021, columns)], note="its file again").segments == 1
    check_equal(read_columns(store, ParquetCodec(), held(store)), columns)


def test_a_snapshot_that_was_given_back_is_refused_with_the_oldest_held(store: EmbeddedBars) -> None:
    for seed in range(4):
        store.commit([sample_draft(seed=seed)], note=str(seed))
    database = sqlite3.connect(store.home.bars)
    database.execute("UPDATE commits SET swept = 1 WHERE number < 3")
    database.commit()
    database.close()
    sentence = r"snapshot=2: .* 2 was given back by gc, and the oldest held is 3"
    with pytest.raises(ParameterError, match=sentence):
        store.manifest([sample_series()], *ALWAYS, snapshot=2)
    with pytest.raises(ParameterError, match=sentence), store.lease(2, 60):
        pass
    with pytest.raises(ParameterError, match=sentence):
        store.instruments(2)
    with store.lease(3, 60), store.lease(4, 60):
        assert store.leased() == [3, 4]
    assert [one.swept for one in store.log(limit=9)] == [False, False, True, True]


def test_another_process_sees_the_commit(store: EmbeddedBars) -> None:
    code = """
    import sys
    from pathlib import Path
    from tapehead.stores.codec import ParquetCodec
    from tapehead.stores.embedded.home import open_home
    from tapehead.stores.embedded.manifest import EmbeddedBars
    from tapehead.testing.samples import sample_draft
    print(EmbeddedBars(open_home(Path(sys.argv[1])), ParquetCodec()).commit([sample_draft()], note="other").number)
    """
    assert store.manifest([sample_series()], *ALWAYS).refs == {}
    assert finish(start(code, store.home.path)) == "1\n"
    assert store.head() == 1
    check_equal(read_columns(store, ParquetCodec(), held(store)), dict(sample_draft().columns))


def test_a_full_disk_commits_nothing(tmp_path: Path) -> None:
    code = """
    import sys
    from pathlib import Path
    from tapehead.errors import DiskFullError
    from tapehead.stores.codec import ParquetCodec
    from tapehead.stores.embedded.home import open_home
    from tapehead.stores.embedded.manifest import EmbeddedBars
    from tapehead.testing.bar_store import ALWAYS, check_equal, read_columns
    from tapehead.testing.samples import sample_draft, sample_series

    store = EmbeddedBars(open_home(Path(sys.argv[1]) / "home"), ParquetCodec())
    number = 0
    try:
        while number < 1000:
            number = store.commit([sample_draft(rows=5000, seed=number)], note="more").number
    except DiskFullError as error:
        print("full", error.exit_code, number > 0)
    assert store.head() == number
    for snapshot in range(1, number + 1):
        refs = store.manifest([sample_series()], *ALWAYS, snapshot=snapshot).refs[sample_series()]
        check_equal(read_columns(store, ParquetCodec(), refs), dict(sample_draft(rows=5000, seed=snapshot - 1).columns))
    print(len(list(store.home.segments.rglob(".*"))))
    """
    out = run_mounted(f"mount -t tmpfs -o size=1500k tmpfs {tmp_path}", code, tmp_path)
    assert out == "full 3 True\n0\n"


def test_nothing_of_the_store_is_imported_from_pyarrow_to_read_the_manifest(store: EmbeddedBars) -> None:
    store.commit([sample_draft()], note="first")
    code = """
    import sys
    from pathlib import Path
    from tapehead.stores.codec import ParquetCodec
    from tapehead.stores.embedded.home import open_home
    from tapehead.stores.embedded.manifest import EmbeddedBars
    store = EmbeddedBars(open_home(Path(sys.argv[1])), ParquetCodec())
    print(store.head(), len(store.coverage()), "pyarrow" in sys.modules)
    """
    assert finish(start(code, store.home.path)) == "1 1 False\n"


def test_a_forked_child_reads_for_itself_and_leaves_the_parent_whole(store: EmbeddedBars) -> None:
    code = """
    import os, sys
    from pathlib import Path
    from tapehead.stores.codec import ParquetCodec
    from tapehead.stores.embedded.home import open_home
    from tapehead.stores.embedded.manifest import EmbeddedBars
    from tapehead.model.segment import Universe
    from tapehead.testing.samples import sample_draft
    store = EmbeddedBars(open_home(Path(sys.argv[1])), ParquetCodec())
    store.commit([sample_draft()], note="first")
    child = os.fork()
    if child == 0:
        store.save_universe(Universe("mine", ("test:AAA",)))
        store.close()
        os._exit(store.head() - 1)
    print(os.waitpid(child, 0)[1], [one.name for one in store.universes()])
    print(store.commit([sample_draft(seed=2)], note="second").number)
    """
    assert finish(start(code, store.home.path)) == "0 ['mine']\n2\n"
    assert store.head() == 2
