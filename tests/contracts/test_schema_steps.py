"""Schemas move by steps: a new store is all of them, each goes back without a loss or says what would be lost."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory

from tapehead.cli.main import main
from tapehead.database.pool import Pool
from tapehead.database.schema import check_schema, downgrade, schema_state, upgrade
from tapehead.database.url import parse_url
from tapehead.errors import DatabaseRefusedError, DowngradeError, ParameterError
from tapehead.layout.formats import ACCESS_FORMAT, BARS_FORMAT, DATABASE_STEP, RUNS_FORMAT
from tapehead.library.schema import bring_up, look_at_database, take_back
from tapehead.library.store import open as open_store
from tapehead.stores.embedded.steps import STEPS
from tapehead.testing.bar_store import ALWAYS
from tests.house.tree import ROOT
from tests.servers import PostgresServer, name_of

CATALOG = """
SELECT 'column', table_name || '.' || column_name,
    concat_ws(' ', ordinal_position, data_type, collation_name, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'tapehead'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'tapehead'
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'tapehead'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger
WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'tapehead'::regnamespace
ORDER BY 1, 2, 3
"""
# What one of the two has by its nature: bytes and rows in tables, waits and leases by the server's clock.
SERVER_TABLES = {"segment_bytes", "settled", "alembic_version", "row_series", "row_settings", "marks"}
SERVER_COLUMNS = {("instruments", "has_price_data"), ("runs", "epoch")}


def catalog(url: str) -> list[tuple[Any, ...]]:
    """All that a schema is made of; columns by their names, as one that comes again comes last."""
    with psycopg.connect(url, options="-c search_path=tapehead") as link:
        return [(kind, name, text.partition(" ")[2] if kind == "column" else text) for kind, name, text in
                link.execute(CATALOG).fetchall()]  # fmt: skip


def kept(home: str | Path) -> list[object]:
    """What a store holds, read by its own calls."""
    with open_store(home) as store:
        bars = store.house.bars
        held = sorted(map(str, bars.manifest(bars.series(), *ALWAYS).refs.items()))
        runs = [(one.run, one.receipt, store.house.log.read(one.run, 0, 10_000)) for one in store.runs()]
        return [held, store.log(), bars.instruments(), runs, store.house.trials.counts()]


def test_steps_form_one_line_to_the_one_that_is_named() -> None:
    script = ScriptDirectory(str(ROOT / "src/tapehead/database/migrations"))
    line = [step.revision for step in script.walk_revisions()][::-1]
    assert script.get_heads() == [DATABASE_STEP]
    assert line == [f"{number:04}" for number in range(1, len(line) + 1)]
    assert {name: len(steps) for name, steps in STEPS.items()} == {
        "bars": BARS_FORMAT,
        "runs": RUNS_FORMAT,
        "access": ACCESS_FORMAT,
    }


def test_each_step_of_a_server_goes_back_and_forth_with_rows_in(
    any_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    with open_store(any_postgres) as store:
        store.demo(instruments=2, years=1, seed=5)
        store.backtest("SmaCross", universe="demo").wait()
    before, schema = kept(any_postgres), catalog(any_postgres)
    pool = Pool(parse_url(any_postgres))
    try:
        for number in range(int(DATABASE_STEP) - 1, 0, -1):
            downgrade(pool, f"{number:04}")
            assert schema_state(pool).found == f"{number:04}"
            upgrade(pool)
            assert catalog(any_postgres) == schema
        for step in ("0000", DATABASE_STEP, "9999", "0001; DROP"):
            with pytest.raises(ParameterError, match="step must be one of 0001"):
                downgrade(pool, step)
        with psycopg.connect(any_postgres, options="-c search_path=tapehead") as link:
            link.execute("INSERT INTO row_series SELECT min(id) FROM series")
        with pytest.raises(DatabaseRefusedError, match=r"some series have rows.*Nothing was changed"):
            downgrade(pool, "0001")
        assert schema_state(pool).is_newest
        with psycopg.connect(any_postgres, options="-c search_path=tapehead") as link:
            link.execute("DELETE FROM row_series")
            link.execute("INSERT INTO presets VALUES ('mine', 'SmaCross', '{}', '', 0)")
        with pytest.raises(DatabaseRefusedError, match=r"presets would be lost.*Nothing was changed"):
            downgrade(pool, "0005")
        with psycopg.connect(any_postgres, options="-c search_path=tapehead") as link:
            link.execute("DELETE FROM presets")
    finally:
        pool.close()
    assert kept(any_postgres) == before


def test_a_schema_made_by_an_administrator_is_filled_and_one_that_may_not_be_used_is_named(
    postgres_server: PostgresServer, postgres: str
) -> None:
    with psycopg.connect(postgres_server.admin_url(name_of(postgres)), autocommit=True) as link:
        link.execute("DROP ROLE IF EXISTS lodger")
        link.execute("CREATE ROLE lodger LOGIN PASSWORD 'x'")
        link.execute("CREATE SCHEMA tapehead AUTHORIZATION lodger")
        for url in (f"postgresql://lodger:x@{postgres.partition('@')[2]}", postgres):
            pool = Pool(parse_url(url))
            try:
                if url == postgres:
                    with pytest.raises(DatabaseRefusedError, match=r"denied for schema tapehead\. .* GRANT USAGE"):
                        upgrade(pool)
                else:
                    assert upgrade(pool).found == ""
                    assert schema_state(pool).is_newest
            finally:
                pool.close()
        for granted, writable in (("USAGE ON SCHEMA tapehead", False), ("INSERT ON tapehead.settled", True)):
            link.execute(f"GRANT {granted} TO tapehead".encode())
            link.execute("GRANT SELECT ON ALL TABLES IN SCHEMA tapehead TO tapehead")
            pool = Pool(parse_url(postgres))
            check_schema(pool)
            pool.close()
            assert pool.writable is writable
        link.execute("DROP OWNED BY lodger")
        link.execute("DROP ROLE lodger")


def test_both_databases_have_the_same_tables(postgres: str, tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        assert store.house.access.generation() == 0
    folder = set()
    for name in STEPS:
        link = sqlite3.connect(tmp_path / f"{name}.db")
        for (table,) in link.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ):
            folder |= {(table, row[1], bool(row[3] or row[5])) for row in link.execute(f"PRAGMA table_info({table})")}
        link.close()
    pool = Pool(parse_url(postgres))
    upgrade(pool)
    pool.close()
    with psycopg.connect(postgres) as server:
        rows = server.execute(
            "SELECT table_name, column_name, is_nullable = 'NO' FROM information_schema.columns "
            "WHERE table_schema = 'tapehead'"
        ).fetchall()
    own = {row for row in rows if row[0] in SERVER_TABLES or row[0].startswith("bars") or row[:2] in SERVER_COLUMNS}
    assert {row for row in set(rows) - own if row[0] != "leases"} == {row for row in folder if row[0] != "leases"}


def test_each_step_of_a_folder_goes_back_or_says_what_would_be_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with open_store(home) as store:
        store.demo(instruments=2, years=1, seed=5)
    before = kept(home)
    link = sqlite3.connect(home / "runs.db")
    schema = link.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    assert main(["--home", str(home), "--json", "db", "downgrade", "runs=2"]) == 0
    told = json.loads(capsys.readouterr().out)
    bars = f"bars {BARS_FORMAT}"
    assert (told["before"], told["found"]) == (f"{bars}, runs 4, access 1", f"{bars}, runs 2, access 1")
    assert main(["--home", str(home), "db", "status"]) == 1
    assert link.execute("SELECT count(*) FROM sqlite_master WHERE name = 'tiles'").fetchone() == (0,)
    assert bring_up(str(home))[1].is_newest
    assert link.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall() == schema
    link.close()
    assert kept(home) == before
    for step, lost in (("runs=1", "trades of results"), ("bars=1", "commits that were undone")):
        with pytest.raises(DowngradeError, match=rf"{lost}.*would be lost"):
            take_back(str(home), step)
    with open_store(home) as store:
        store.backtest("SmaCross", universe="demo").wait()
        store.save_preset("mine", "SmaCross", fast=5)
    with pytest.raises(DowngradeError, match="presets would be lost"):
        take_back(str(home), "bars=3")
    with pytest.raises(DowngradeError, match="the ledger of trials would be lost"):
        take_back(str(home), "runs=2")
    for step in ("runs=4", "runs", "access=0", "elsewhere=1", "runs=x"):
        with pytest.raises(ParameterError, match="step must be one of bars=1, bars=2, bars=3, runs=1, runs=2, runs=3"):
            take_back(str(home), step)
    assert look_at_database(str(home)).is_newest
