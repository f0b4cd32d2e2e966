"""Rows of bars while others edit, write, look and die: nothing is lost, nothing torn."""

import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import psycopg
import pytest

from tapehead.database.pool import Pool
from tapehead.database.url import parse_url
from tapehead.errors import DatabaseRefusedError, ParameterError
from tapehead.model.rollup import RollUp
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.postgres.locks import WRITER
from tapehead.stores.postgres.rows_bars import RowedBars
from tapehead.testing.bar_store import ALWAYS, check_equal, read_columns
from tapehead.testing.samples import HOUR, sample_bars, sample_columns, sample_series
from tests.contracts.row_desk import LOOKING, WAITING, Desk, fill_schema
from tests.servers import Own, name_of
from tests.unit.stores.processes import rest_of, start


def reading_role(admin: psycopg.Connection, desk: Desk) -> str:
    """The URL of the desk's store for a user who may read it and nothing else."""
    user = f"reader_{name_of(desk.url)}"
    admin.execute(f"DROP ROLE IF EXISTS {user}")
    admin.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'reads'")
    admin.execute(f"GRANT USAGE ON SCHEMA tapehead TO {user}")
    admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA tapehead TO {user}")
    host = desk.url.rpartition("@")[2]
    return f"postgresql://{user}:reads@{host}"


def test_a_user_who_may_only_read_sees_edits_too_and_leaves_the_marks(desk: Desk, admin: psycopg.Connection) -> None:
    url = reading_role(admin, desk)
    reader = Desk(url)
    old, head = desk.bars(), desk.store.head()
    desk.psql.execute("DELETE FROM bars WHERE ts >= '2022-01-01Z' AND series = series_of('BBB', '1h')")
    desk.psql.execute("UPDATE bars SET close = low WHERE ts < '2021-01-08Z' AND series = series_of('AAA', '1h')")
    assert reader.store.head() == head
    check_equal(reader.bars(), desk.rows())
    assert len(reader.bars("BBB")["ts"]) == 900
    assert [one.rows for one in reader.store.coverage()] == [1800, 900]
    assert [one.rows for one in reader.store.coverage([sample_series("BBB")])] == [900]
    with reader.store.reading() as number:
        check_equal(reader.bars(snapshot=number), desk.rows())
        assert reader.store.newest([sample_series()], number) == {sample_series(): None}
    # The number of a commit names its segments, whatever lies over them.
    check_equal(reader.bars(snapshot=head), old)
    assert desk.one("SELECT count(*) > 0 FROM marks")
    desk.psql.execute("UPDATE bars SET close = high WHERE ts < '2021-01-08Z' AND series = series_of('AAA', '1h')")
    check_equal(reader.bars(), desk.rows())
    with pytest.raises(DatabaseRefusedError, match="Let the owner of these tables run: tapehead store rows upkeep"):
        reader.choice.keep_partitions(1, None, keep_all=False)
    with reader.store.lease(head, 60.0):
        assert reader.store.leased() == []
    with pytest.raises(ParameterError, match="snapshot"), reader.store.lease(99, 60.0):
        pass
    kept = {sample_series(): RollUp(b"key", b"parts", desk.rows(), 1)}
    assert not reader.store.keep_roll_ups(kept, HOUR, reader.store.head())
    desk.settle()
    check_equal(reader.bars(), desk.rows())
    assert not reader.store.keep_roll_ups(kept, HOUR, reader.store.head())
    reader.close()
    admin.execute(f"DROP OWNED BY {name_of(url) and url.split('//')[1].split(':')[0]}")


def test_a_replica_reads_what_was_edited_and_replayed(own_postgres: Own, replica: Callable[[Own], Own]) -> None:
    fill_schema(own_postgres.url)
    standby = replica(own_postgres)
    desk, reader = Desk(own_postgres.url), RowedBars(pool := Pool(parse_url(standby.url)), ParquetCodec())
    desk.psql.execute("UPDATE bars SET close = low WHERE ts < '2021-01-08Z' AND series = series_of('AAA', '1h')")
    place = desk.one("SELECT pg_current_wal_insert_lsn()::text")
    with psycopg.connect(standby.url, autocommit=True) as link:
        while link.execute("SELECT pg_last_wal_replay_lsn() < %s::pg_lsn", (place,)).fetchone() == (True,):
            pass
    series = sample_series()
    found = read_columns(reader, ParquetCodec(), reader.manifest([series], *ALWAYS).refs[series])
    check_equal(found, desk.rows())
    assert desk.one("SELECT count(*) FROM marks") > 0
    pool.close()
    desk.close()


def test_while_another_one_writes_the_rows_are_read(desk: Desk) -> None:
    head = desk.store.head()
    desk.psql.execute("SELECT pg_advisory_lock(%s)", (WRITER,))
    desk.psql.execute("UPDATE bars SET close = low WHERE ts < '2021-01-08Z' AND series = series_of('AAA', '1h')")
    check_equal(desk.bars(), desk.rows())
    assert desk.store.head() == head
    desk.psql.execute("SELECT pg_advisory_unlock(%s)", (WRITER,))
    desk.settle()
    assert desk.store.head() == head + 1


def test_a_rebuild_that_is_killed_before_it_deletes_the_marks_is_none(desk: Desk) -> None:
    head = desk.store.head()
    desk.psql.execute("UPDATE bars SET close = low WHERE ts < '2021-01-08Z' AND series = series_of('AAA', '1h')")
    with psycopg.connect(desk.url, options="-c search_path=tapehead") as gate:
        # The rebuild sees the marks and cannot delete them while this session holds them.
        gate.execute("SELECT * FROM marks FOR UPDATE")
        process = start(LOOKING, desk.url)
        assert process.stdin is not None
        process.stdin.write("look\n")
        process.stdin.flush()
        while not desk.one(WAITING, "DELETE FROM marks%"):
            assert process.poll() is None
        process.kill()
        rest_of(process)
    marked = desk.one("SELECT count(*) FROM marks")
    assert marked
    assert desk.one("SELECT max(number) FROM commits") == head
    desk.settle()
    assert desk.store.head() == head + 1


EDITS = int(os.environ.get("TAPEHEAD_ROW_EDITS", "40"))


def edit(desk: Desk, first: str, second: str, day: int) -> None:
    """Write one number into a day of two series, transaction by transaction."""
    with psycopg.connect(desk.url, options="-c search_path=tapehead") as link:
        for number in range(EDITS):
            for symbol in (first, second):
                link.execute(
                    "UPDATE bars SET volume = %s WHERE series = series_of(%s, '1h') AND ts >= %s AND ts < %s",
                    (1000 + number, symbol, f"2021-01-{day:02}Z", f"2021-01-{day + 1:02}Z"),
                )
            link.commit()


def load(desk: Desk) -> None:
    """Append bars as an import does."""
    for number in range(EDITS // 4):
        columns = sample_columns(24, start=int(np.datetime64("2023-01-01", "us").astype(int)), seed=number)
        desk.store.append([sample_bars(columns, symbol) for symbol in ("AAA", "BBB")])


def look(desk: Desk, done: threading.Event) -> None:
    """Look until done: both series of an edit have its number, or neither."""
    other = Desk(desk.url)
    while not done.is_set():
        number = other.store.head()
        volumes = [other.bars(symbol, number) for symbol in ("AAA", "BBB")]
        for day in (5, 9):
            lo, hi = (np.datetime64(f"2021-01-{one:02}", "us").astype(np.int64) for one in (day, day + 1))
            seen = {v for one in volumes for v in one["volume"][(one["ts"] >= lo) & (one["ts"] < hi)] if v >= 1000}
            assert len(seen) <= 1, f"a half of an edit is seen at {number}: {seen}"
    other.close()


def test_no_edit_is_lost_or_seen_by_halves_whoever_edits_loads_and_looks(desk: Desk) -> None:
    """Two loads in opposite order, an importer and two readers at once; more edits by TAPEHEAD_ROW_EDITS."""
    faults: list[BaseException] = []
    done = threading.Event()

    def guarded(call: Callable[..., None], *arguments: Any) -> threading.Thread:
        def run() -> None:
            try:
                call(desk, *arguments)
            except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                faults.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    writers = [guarded(edit, "AAA", "BBB", 5), guarded(edit, "BBB", "AAA", 9), guarded(load)]
    readers = [guarded(look, done), guarded(look, done)]
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert not faults, faults
    for symbol in ("AAA", "BBB"):
        bars = desk.settle(symbol)
        assert (bars["volume"] == 999 + EDITS).sum() >= 45
    assert not list(desk.store.check(rows=True))
