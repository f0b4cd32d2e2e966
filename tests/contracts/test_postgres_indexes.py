"""Indexes of the server store: every foreign key has one, hot statements walk by them, none is for nothing."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tapehead.stores.postgres.statements import read_dialect
from tests.contracts.test_postgres import make_schema
from tests.servers import PostgresServer

LARGE = {"segments", "tail", "segment_bytes", "results", "events", "runs", "tiles", "trials", "trial_sets"}
# A server's table of a thousand series: five years of months each, a third of it superseded, 400 runs of 100 results.
FILL = """
INSERT INTO commits (number, at, kind, note, segments, unchanged, swept)
    SELECT n, n, 'import', '', 1, 0, 0 FROM generate_series(1, 2000) AS n;
INSERT INTO series (venue, symbol, interval_us) SELECT 'v', 'S' || n, 3600000000 FROM generate_series(1, 1000) AS n;
INSERT INTO segments (series, period, layer, data, file, first, last, "rows", added, since, until)
    SELECT s, 202001 + p, l, sha256(concat(s, '.', p, '.', l)::bytea), '', p, p + 1, 700, 700,
        1 + (s + p) % 1000, CASE WHEN l = 0 AND p % 2 = 0 THEN 1001 + (s + p) % 1000 END
    FROM generate_series(1, 1000) AS s, generate_series(1, 60) AS p, generate_series(0, 1) AS l
    WHERE l = 0 OR p % 2 = 0;
INSERT INTO segment_bytes (data, bytes) SELECT DISTINCT data, '\\x00'::bytea FROM segments;
INSERT INTO tail (series, period, data, file, first, last, "rows", added, since, until, columns)
    SELECT s, 202512, sha256(concat('t', s, '.', b)::bytea), '', b, b + 1, 1, 1, 1 + (s * b) % 1900,
        CASE WHEN b < 8 THEN 1950 END, '\\x00'
    FROM generate_series(1, 1000) AS s, generate_series(1, 16) AS b;
INSERT INTO coverage SELECT series, min(first), max(last), sum("rows"), count(*)
    FROM segments WHERE until IS NULL GROUP BY series;
INSERT INTO rollups SELECT s, i * 86400000000::bigint, '', 1, 1, 1, '', ''
    FROM generate_series(1, 1000) AS s, generate_series(1, 2) AS i;
INSERT INTO runs
    (run, state, digest, key_spec, key_strategy, key_engine, key_data, spec, origin, snapshot, created_at, failed)
    SELECT to_char(n, 'FM00000'), 'completed', sha256(n::text::bytea), '', '', '', '', '{}', '', 1, n, 0
    FROM generate_series(1, 400) AS n;
INSERT INTO results SELECT run, 'v:S' || n, '1h', '{}', '{}', '{}', '', '', 1, '', '', 0, 0, 0, 0
    FROM runs, generate_series(1, 100) AS n;
INSERT INTO events SELECT run, n, '\\x00' FROM runs, generate_series(1, 120) AS n;
INSERT INTO tiles (run, instrument, lo, hi, cells, failed, bars, columns)
    SELECT run, 'v:S' || n, 0, 64, 64, 0, 1, '\\x00' FROM runs, generate_series(1, 30) AS n;
INSERT INTO empties (series, first, "end", since)
    SELECT s, n, n + 1, 1 + n FROM generate_series(1, 1000) AS s, generate_series(1, 20) AS n;
INSERT INTO quarantine (series, path, "row", reason, "values", since)
    SELECT s, 'p', n, 'r', 'v', 1 + n FROM generate_series(1, 1000) AS s, generate_series(1, 10) AS n;
INSERT INTO instruments
    (venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, basis, since, until)
    SELECT 'v', 'S' || s, 'crypto', '', '', 1, 0, 0, '24/7', 1, '', n, CASE WHEN n < 5 THEN n + 1 END
    FROM generate_series(1, 1000) AS s, generate_series(1, 5) AS n;
INSERT INTO factors (venue, symbol, since, source, data, until)
    SELECT 'v', 'S' || s, n, '', '', CASE WHEN n < 5 THEN n + 1 END
    FROM generate_series(1, 1000) AS s, generate_series(1, 5) AS n;
INSERT INTO trial_contexts (digest, strategy, source, instrument, interval, settings)
    SELECT sha256(n::text::bytea), '', '', 'v:S' || n, '1h', '' FROM generate_series(1, 2000) AS n;
INSERT INTO trials (context, run, added_at, trials, sets, observations, blocks)
    SELECT c, to_char(n, 'FM00000'), 0, 1, '', '', '' FROM generate_series(1, 2000) AS c, generate_series(1, 10) AS n;
INSERT INTO trial_sets SELECT c, sha256(n::text::bytea) FROM generate_series(1, 2000) AS c, generate_series(1, 10) AS n;
"""
ONE = {"venue": "v", "symbol": "S7", "interval_us": 3_600_000_000, "snapshot": 2000}
MANY = {"series": json.dumps([["v", f"S{n}", 3_600_000_000] for n in range(1, 401)]), "snapshot": 2000}
PAGE = {"run": "00007", "instrument": "v:S3", "interval": "1h", "parameters": "{}", "limit": 50}
DATA = bytes(32)
# What reads and writes of every day ask, with values as they give them; the many that a check asks read all by intent.
HOT: dict[str, dict[str, Any]] = {
    "bars.sql": {
        "head": (),
        "refs_of_one": ONE,
        "refs_of_many": MANY,
        "read_bytes": (DATA,),
        "read_many_bytes": ([DATA] * 500, [0, -1] * 250),
        "columns_of_data": (DATA,),
        "changed_series": {"before": 1990, "snapshot": 2000},
        "held_in_period": {"series": 7, "period": 202005},
        "end_segments": (2001, 7, 202005),
        "end_blocks": (2001, 7, 202512),
        "blocks_of_period": (7, 202512),
        "last_held": ("v", "S7", 3_600_000_000),
        "newest": MANY,
        "roll_ups": {**MANY, "coarse_us": 86_400_000_000},
        "coverage_of_one": ("v", "S7", 3_600_000_000),
        "count_coverage": {"series": 7},
        "instrument": ("v", "S7"),
        "factors_held": ("v", "S7"),
        "empties_of_one": ONE,
        "quarantined_of_one": ("v", "S7", 3_600_000_000, 1000),
        "touched_instruments": {"number": 900},
        "touched_factors": {"number": 900},
        "touched_empties": {"number": 900},
        "end_quarantined": {"undo": 2001, "number": 900},
        "hold_quarantined": {"undo": 2001, "number": 900},
        "moved_blocks": {"number": 1200},
        "file_of_data": (DATA,),
    },
    "runs.sql": {
        "find_run": (DATA,),
        "run": ("00007",),
        "runs": ("00300", 50),
        "result": ("00007", "v:S3"),
        "results_by_instrument": PAGE,
        "results_by_metric": {**PAGE, "sort": "sharpe", "undefined": 0, "below": 0.0},
        "done": {"run": "00007"},
        "last_event": ("00007",),
        "events_after": ("00007", 60, 100),
        "tiles": ("00007",),
        "tiles_of_instrument": ("00007", "v:S3"),
        "delete_results": ("00007",),
        "delete_events": ("00007",),
        "trial_context": (DATA,),
        "trial_contexts_of": ("v:S3", "1h"),
        "trials_of": (7,),
    },
}
# Instruments that have data, by kind: Tapehead lists from coverage, who looks with psql asks the flag.
ASKED_BY_PEOPLE = {"instruments_with_data"}
FOREIGN = """
SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint AS c
WHERE c.contype = 'f' AND c.connamespace = 'tapehead'::regnamespace AND NOT EXISTS (
    SELECT 1 FROM pg_index AS i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
        AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)
"""
# Those that a constraint stands on are there for the constraint.
PLAIN = """
SELECT i.indexrelid::regclass::text FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
WHERE t.relnamespace = 'tapehead'::regnamespace AND NOT i.indisunique AND t.relname = ANY(%s)
"""


BY_RUN = """
SELECT t.relname FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
WHERE t.relnamespace = 'tapehead'::regnamespace AND a.attname = 'run' AND i.indnatts > 1
"""


@pytest.fixture
def link(postgres_server: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    url = postgres_server.make(make_schema)
    options = "-c search_path=tapehead"
    with psycopg.connect(url, autocommit=True, options=options, cursor_factory=psycopg.ClientCursor) as made:
        yield made
    postgres_server.drop(url)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's steps, from the last to the first."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def test_every_foreign_key_and_every_table_of_results_is_indexed(link: psycopg.Connection[Any]) -> None:
    assert not link.execute(FOREIGN).fetchall()
    assert {row[0] for row in link.execute(BY_RUN)} >= {"results", "tiles", "events"}
    link.execute("CREATE TABLE legs (trade BIGINT REFERENCES trials (id)); CREATE INDEX late ON legs ((trade + 1))")
    assert link.execute(FOREIGN).fetchall() == [("legs", "legs_trade_fkey")]


def test_hot_statements_walk_by_indexes_and_every_index_is_walked(link: psycopg.Connection[Any]) -> None:
    link.execute(FILL)
    link.execute("ANALYZE")
    used: set[str] = set()
    whole: list[str] = []
    for script, statements in HOT.items():
        dialect = read_dialect(script)
        for name, values in statements.items():
            (told,) = link.execute(f"EXPLAIN (FORMAT JSON) {dialect[name]}", values or None).fetchall()
            for node in nodes(told[0][0]["Plan"]):
                used.add(node.get("Index Name", ""))
                if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
                    whole.append(f"{name}: {node['Relation Name']}")
    assert not whole
    tables = {*LARGE, "empties", "quarantine", "instruments", "factors", "trial_contexts"}
    assert not {row[0] for row in link.execute(PLAIN, (list(tables),))} - used - ASKED_BY_PEOPLE
