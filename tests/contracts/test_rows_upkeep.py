"""Rows of bars looked after: who has some, their partitions, what is refused, what is found and mended."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg import errors

from tapehead.database.pool import Pool, PoolSettings
from tapehead.database.url import parse_url
from tapehead.errors import DatabaseRefusedError, RowsError
from tapehead.model.instrument import Instrument
from tapehead.ports.rows import PartitionReport
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.postgres.rows_bars import RowedBars
from tapehead.stores.postgres.rows_choice import RowChoice
from tapehead.testing.bar_store import check_equal
from tapehead.testing.samples import HOUR, sample_bars, sample_columns, sample_draft, sample_series
from tests.contracts.row_desk import WAITING, Desk, copy
from tests.contracts.test_postgres import make_schema
from tests.servers import PostgresServer, name_of


def test_what_breaks_a_rule_is_refused_by_its_name(desk: Desk) -> None:
    into = "INSERT INTO bars (series, ts, open, high, low, close, volume) VALUES (series_of('AAA', '1h'), "
    bad = [
        (f"{into} '2021-01-01Z', 1, 1, 1, 1, 1)", errors.UniqueViolation, "series, ts"),
        (f"{into} '2025-01-01Z', 'NaN', 1, 1, 1, 1)", errors.CheckViolation, "prices_are_finite_numbers"),
        (f"{into} '2025-01-01Z', 1, 'Infinity', 1, 1, 1)", errors.CheckViolation, "prices_are_finite_numbers"),
        (f"{into} '2025-01-01Z', 1, 1, 1, 1, -1)", errors.CheckViolation, "volume_is_finite_and_not_below_0"),
        (f"{into} 'infinity', 1, 1, 1, 1, 1)", errors.CheckViolation, "ts_is_of_years_1_to_9999"),
        ("UPDATE bars SET flags = 64", errors.CheckViolation, "flags_are_those_there_are"),
        (
            "UPDATE bars SET series = 99 WHERE ts = '2021-01-01Z' AND series = 1",
            errors.ForeignKeyViolation,
            "no rows by choice",
        ),
        ("SELECT series_of('AAA', '1 hour')", errors.InvalidParameterValue, "is no interval"),
        ("SELECT series_of('ZZZ', '1h')", errors.NoDataFound, "no bars of ZZZ 1h"),
    ]
    for statement, kind, text in bad:
        with pytest.raises(kind, match=text):
            desk.psql.execute(statement)
    assert desk.one("SELECT count(*) FROM marks") == 0
    negative = sample_columns(20)
    negative["volume"][7] = -1.0
    draft = sample_draft("DDD")
    desk.store.commit([type(draft)(draft.series, 2021, negative)], note="of a doubtful source")
    with pytest.raises(
        RowsError, match=r"DDD 1h .*2021-01-01T07:00Z, its volume of -1.0 is below 0.*store rows off DDD"
    ):
        desk.choice.switch_on([draft.series])
    assert draft.series not in desk.choice.listed()
    head = desk.store.head()
    draft = sample_draft("AAA")
    with pytest.raises(RowsError, match=r"its volume of -1\.0"):
        desk.store.commit([type(draft)(draft.series, 2021, negative)], note="the same")
    assert desk.store.head() == head
    desk.settle()


_FILES = """
    CREATE EXTENSION file_fdw;
    CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
    CREATE FOREIGN TABLE tapehead.bars (n INT) SERVER files OPTIONS (filename '/dev/null')
"""
_OTHER = """
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw;
    CREATE FOREIGN TABLE tapehead.bars (n INT) SERVER other
"""
_TIMES = """
    CREATE TABLE tapehead.bars (n INT);
    CREATE FUNCTION blocked() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
    CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON tapehead.bars FOR EACH ROW EXECUTE FUNCTION blocked()
"""
IN_THE_WAY = {
    "file_fdw": (_FILES, "FOREIGN TABLE"),
    "postgres_fdw": (_OTHER, "FOREIGN TABLE"),
    "timescaledb": (_TIMES, "TABLE"),
}


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_others_made_of_the_table_is_named_with_what_to_do(any_postgres_server: PostgresServer, what: str) -> None:
    url, (statements, kind) = any_postgres_server.make(), IN_THE_WAY[what]
    name = "TimescaleDB hypertable" if what == "timescaledb" else "foreign table"
    with psycopg.connect(any_postgres_server.admin_url(name_of(url)), autocommit=True) as link:
        link.execute("CREATE SCHEMA tapehead AUTHORIZATION tapehead")
        link.execute(statements)
        link.execute("ALTER TABLE tapehead.bars OWNER TO tapehead")
    step = f"ALTER {kind} tapehead.bars RENAME TO old_bars"
    with pytest.raises(DatabaseRefusedError, match=f"the {name} tapehead.bars is in the way.*{step}"):
        make_schema(url)
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(step)
    make_schema(url)
    any_postgres_server.drop(url)


@pytest.mark.parametrize("kind", ["FOREIGN TABLE", "TABLE"])
def test_what_has_the_name_of_the_table_is_named_before_anything_is_made(
    any_postgres_server: PostgresServer, kind: str
) -> None:
    url = any_postgres_server.make()
    with psycopg.connect(any_postgres_server.admin_url(name_of(url)), autocommit=True) as link:
        link.execute("CREATE SCHEMA tapehead AUTHORIZATION tapehead")
        if kind == "TABLE":
            link.execute("CREATE TABLE tapehead.bars (n INT)")
        else:
            link.execute("CREATE FOREIGN DATA WRAPPER nothing")
            link.execute("CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing")
            link.execute("CREATE FOREIGN TABLE tapehead.bars (n INT) SERVER nowhere")
    with pytest.raises(DatabaseRefusedError, match=f"the {kind.lower()} tapehead.bars is in the way.* ALTER {kind} "):
        make_schema(url)
    any_postgres_server.drop(url)


def test_what_has_the_name_of_any_table_of_ours_is_named_with_the_way_out(any_postgres_server: PostgresServer) -> None:
    url = any_postgres_server.make()
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("CREATE SCHEMA tapehead")
        link.execute("CREATE TABLE tapehead.presets (n INT)")
        link.execute("CREATE INDEX segments_held ON tapehead.presets (n)")
        link.execute("CREATE VIEW tapehead.series AS SELECT n FROM tapehead.presets")
        for name in ("view tapehead.series", "index tapehead.segments_held", "table tapehead.presets"):
            way = rf"the {name} is in the way of the store\. Nothing was .* it, (ALTER .*), then run: tapehead db upg"
            with pytest.raises(DatabaseRefusedError) as refused:
                make_schema(url)
            found = re.search(way, str(refused.value))
            assert found, refused.value
            link.execute(found[1])
        make_schema(url)
    any_postgres_server.drop(url)


def test_what_no_trigger_sees_is_found_and_mended(desk: Desk, admin: psycopg.Connection) -> None:
    assert not list(desk.store.check(rows=True))
    head = desk.store.head()
    bounds = "FOR VALUES FROM ('2021-02-01Z') TO ('2021-03-01Z')"
    desk.psql.execute("ALTER TABLE bars DETACH PARTITION bars_2021_02")
    assert desk.store.head() == head
    found = list(desk.store.check(rows=True))
    assert [one.where for one in found] == ["test:AAA 1h 2021", "test:BBB 1h 2021"]
    assert "tapehead store rows rebuild AAA --interval 1h" in found[0].text
    desk.choice.rebuild([sample_series("AAA")])
    assert [one.where for one in desk.store.check(rows=True)] == ["test:BBB 1h 2021"]
    desk.settle("AAA")
    desk.psql.execute(f"ALTER TABLE bars ATTACH PARTITION bars_2021_02 {bounds}")
    assert [one.where for one in desk.store.check(rows=True)] == ["test:AAA 1h 2021"]
    desk.choice.rebuild([sample_series("AAA")])
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE bars SET close = low WHERE ts < '2021-01-02Z'")
    admin.execute("SET session_replication_role = origin")
    assert len(list(desk.store.check(rows=True))) == 2
    desk.choice.rebuild([sample_series("AAA"), sample_series("BBB")])
    desk.psql.execute("ALTER TABLE bars_2021_02 DISABLE TRIGGER mark_insert")
    desk.psql.execute("DROP TRIGGER mark_delete ON bars_2021_01")
    assert {one.where for one in desk.store.check(rows=True)} == {"tapehead.bars_2021_01", "tapehead.bars_2021_02"}
    desk.choice.keep_partitions(0, None, keep_all=False)
    assert not list(desk.store.check(rows=True))


def test_an_upkeep_makes_what_was_dropped_and_names_what_is_in_its_way(desk: Desk) -> None:
    desk.psql.execute("DROP TABLE bars_default")
    assert [one.where for one in desk.store.check(rows=True)] == ["tapehead.bars"]
    desk.choice.keep_partitions(0, None, keep_all=False)
    assert not list(desk.store.check(rows=True))
    desk.psql.execute("ALTER TABLE bars DETACH PARTITION bars_2021_02")
    desk.psql.execute(
        "INSERT INTO bars (series, ts, open, high, low, close) VALUES (%s, '2021-02-01Z', 1, 2, 0.5, 1)",
        (desk.place(),),
    )
    with pytest.raises(DatabaseRefusedError, match=r"bars_2021_02 is in the way: .*rename it, then: tapehead store"):
        desk.choice.keep_partitions(0, None, keep_all=False)
    desk.psql.execute("ALTER TABLE bars_2021_02 RENAME TO kept_elsewhere")
    assert desk.choice.keep_partitions(0, None, keep_all=False).moved == 1
    desk.settle()
    desk.psql.execute("DROP TABLE bars")
    assert ["it is not there" in one.text for one in desk.store.check(rows=True)] == [True]


def test_a_month_whose_name_is_taken_holds_up_no_other_and_one_without_a_place_is_named(desk: Desk) -> None:
    desk.psql.execute("CREATE TABLE bars_2023_01 (n INT)")
    last_day, month = (int(np.datetime64(day, "us").astype(int)) for day in ("2023-01-31", "2023-03-01"))
    desk.store.append([sample_bars(sample_columns(48, start=last_day))])
    assert desk.one("SELECT count(*) FROM bars_default") == desk.one("SELECT count(*) FROM bars_2023_02") == 24
    desk.settle()
    desk.psql.execute("CREATE TABLE bars_2023_03 (n INT)")
    desk.psql.execute("DROP TABLE bars_default")
    head = desk.store.head()
    with pytest.raises(RowsError, match=r"a month of them has no partition.* missing: tapehead store rows upkeep"):
        desk.store.append([sample_bars(sample_columns(1, start=month))])
    assert desk.store.head() == head


def test_a_row_that_nobody_saw_gives_way_to_the_bar_that_comes_there(desk: Desk, admin: psycopg.Connection) -> None:
    last = int(desk.bars()["ts"][-1])
    new = sample_columns(3, start=last + HOUR.us, seed=4)
    admin.execute("SET session_replication_role = replica")
    admin.execute(
        "INSERT INTO bars (series, ts, open, high, low, close) VALUES (%s, to_timestamp(%s / 1000000), 1, 2, 0.5, 1)",
        (desk.place(), int(new["ts"][1])),
    )
    desk.store.append([sample_bars(new)])
    assert desk.settle()["ts"][-3:].tolist() == new["ts"].tolist()
    assert not list(desk.store.check(rows=True))


def test_instruments_know_whether_they_have_data_and_a_recount_mends_it(desk: Desk) -> None:
    facts = [Instrument("test", symbol, "crypto") for symbol in ("AAA", "EEE")]
    desk.store.commit([], note="instruments", instruments=facts)
    asked = "SELECT string_agg(symbol || has_price_data, ' ' ORDER BY symbol) FROM instruments WHERE until IS NULL"
    assert desk.one(asked) == "AAAtrue EEEfalse"
    desk.store.commit([sample_draft("EEE")], note="bars")
    assert desk.one(asked) == "AAAtrue EEEtrue"
    desk.psql.execute("TRUNCATE bars")
    desk.settle()
    assert desk.one(asked) == "AAAfalse EEEtrue"
    desk.store.undo(desk.store.head() - 1)
    assert desk.one(asked) == "AAAfalse EEEfalse"
    desk.psql.execute("UPDATE instruments SET has_price_data = NOT has_price_data WHERE symbol = 'AAA'")
    assert [one.where for one in desk.store.check(rows=True)] == ["test:AAA"]
    assert desk.store.recount() == 1
    assert desk.one(asked) == "AAAfalse EEEfalse"
    assert desk.store.recount() == 0


def test_rows_go_with_the_choice_and_no_edit_with_them(desk: Desk) -> None:
    desk.psql.execute("UPDATE bars SET close = low WHERE ts < '2021-01-08Z' AND series = series_of('AAA', '1h')")
    edited = desk.rows()
    with psycopg.connect(desk.url, options="-c search_path=tapehead") as link:
        link.execute("UPDATE bars SET volume = 5 WHERE ts = '2021-01-08Z' AND series = series_of('AAA', '1h')")
        off = threading.Thread(target=desk.choice.switch_off, args=([sample_series()],))
        off.start()
        while not desk.one(WAITING, "DELETE FROM row_series%"):
            assert off.is_alive()
    off.join()
    edited["volume"][edited["ts"] == np.datetime64("2021-01-08", "us").astype(np.int64)] = 5
    check_equal(desk.bars(), edited)
    assert desk.choice.listed() == [sample_series("BBB")]
    assert not len(desk.rows()["ts"])
    with pytest.raises(errors.ForeignKeyViolation, match="no rows by choice"):
        copy(desk, "bars", "2021-01-31")
    assert desk.choice.switch_on([sample_series()]) == 1800
    check_equal(desk.rows(), edited)
    assert desk.choice.switch_on([sample_series()]) == 0


def test_old_rows_go_by_age_and_come_again_and_an_upkeep_that_was_stopped_is_ended(desk: Desk) -> None:
    before = desk.bars()
    months = desk.one("SELECT (extract(year FROM now()) * 12 + extract(month FROM now()) - 2022 * 12 - 1)::int")
    done = desk.choice.keep_partitions(1, months, keep_all=False)
    assert done.dropped == ("bars_2021_01", "bars_2021_02")
    assert desk.one("SELECT min(ts)::date::text FROM bars") == "2022-01-01"
    check_equal(desk.bars(), before)
    assert not list(desk.store.check(rows=True))
    with pytest.raises(errors.CheckViolation, match=r"rows before 2022-01-01 .* were dropped by age"):
        copy(desk, "bars", "2021-01-31")
    desk.store.append([sample_bars(sample_columns(3, start=int(np.datetime64("2021-06-01", "us").astype(int))))])
    desk.psql.execute("UPDATE bars SET close = low WHERE ts < '2022-01-03Z'")
    assert len(desk.bars()["ts"]) == 1803
    assert desk.one("SELECT count(*) FROM bars") == 1800
    # As one is left that was stopped in the middle.
    desk.psql.execute("ALTER TABLE bars DETACH PARTITION bars_default")
    assert [one.where for one in desk.store.check(rows=True)] == ["tapehead.bars"]
    desk.choice.keep_partitions(None, None, keep_all=True)
    assert len(desk.settle()["ts"]) == 1803
    assert not list(desk.store.check(rows=True))


def test_an_upkeep_waits_for_readers_longer_than_a_statement_may_take(desk: Desk) -> None:
    waits = f"{WAITING} AND now() - query_start > interval '1 second'"
    months = desk.one("SELECT (extract(year FROM now()) * 12 + extract(month FROM now()) - 2021 * 12 - 2)::int")
    hasty = Pool(parse_url(desk.url), PoolSettings(largest=4, statement_s=0.5))
    choice = RowChoice(RowedBars(hasty, ParquetCodec(), lock_wait_s=30.0))
    done: list[PartitionReport] = []
    try:
        with psycopg.connect(desk.url, options="-c search_path=tapehead") as reader:
            reader.execute("SELECT count(*) FROM bars_2021_01")
            upkeep = threading.Thread(target=lambda: done.append(choice.keep_partitions(0, months, keep_all=False)))
            upkeep.start()
            while not desk.one(waits, "ALTER TABLE bars DETACH%CONCURRENTLY"):
                assert upkeep.is_alive()
                time.sleep(0.02)
        upkeep.join()
    finally:
        hasty.close()
    assert [one.dropped for one in done] == [("bars_2021_01",)]
    assert desk.one("SELECT to_regclass('tapehead.bars_2021_01')") is None
    assert not list(desk.store.check(rows=True))


def test_months_are_made_once_whoever_asks_at_once(desk: Desk) -> None:
    def make() -> None:
        with psycopg.connect(desk.url, autocommit=True, options="-c search_path=tapehead") as link:
            made.append(link.execute("SELECT make_months('1999-12-01Z', '2000-11-30Z')").fetchone())

    made: list[Any] = []
    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [(0,), (0,), (12,)]
    with pytest.raises(errors.InvalidParameterValue, match="300 of them at once"):
        desk.psql.execute("SELECT make_months('1001-01-01Z', '2000-11-30Z')")


@pytest.mark.parametrize("name", ["read_rows", "has_rows", "count_rows", "drop_rows", "mend_flags"])
def test_what_asks_for_rows_looks_at_its_months_alone_and_by_the_index(desk: Desk, name: str) -> None:
    desk.psql.execute("ANALYZE bars")
    first, last = datetime(2022, 1, 3, tzinfo=UTC), datetime(2022, 1, 4, tzinfo=UTC)
    values: dict[str, tuple[Any, ...]] = {
        "drop_rows": (desk.place(), first, last, [first, last]),
        "mend_flags": ([first, last], [1, 1], desk.place(), first, last),
    }
    told = desk.one(
        f"EXPLAIN (FORMAT JSON) {desk.store.table.text(name)}", *values.get(name, (desk.place(), first, last))
    )
    scans = list(scans_in(told[0]["Plan"]))
    assert {one["Relation Name"] for one in scans if "Relation Name" in one} == {"bars_2022_01"}
    assert all("Index Name" in one or one["Node Type"].startswith("Bitmap Heap") for one in scans)


def scans_in(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The scans of tables and indexes in a plan."""
    if "Scan" in plan["Node Type"] and plan["Node Type"] != "Function Scan":
        yield plan
    for one in plan.get("Plans", ()):
        yield from scans_in(one)
