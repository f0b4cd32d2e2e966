"""SQL over both kinds of store: the same answers, nothing written, bounded."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="needs duckdb (pip install 'tapehead[sql]')")

import tapehead as th
from tapehead.errors import ParameterError, SqlError
from tapehead.library.documents.queries import plain_rows
from tapehead.library.sql.answer import answer
from tapehead.library.store import Store

QUESTIONS = (
    "SELECT symbol, count(*) AS bars, min(ts) AS first, max(high) FROM bars GROUP BY ALL ORDER BY ALL",
    "SELECT ts, close FROM bars WHERE symbol='BTCUSDT' AND ts BETWEEN '2019-03-01' AND '2019-03-01 23:00' ORDER BY 1",
    "SELECT i.symbol, i.kind, avg(b.close) FROM instruments i JOIN bars b USING (instrument) GROUP BY ALL ORDER BY ALL",
    "SELECT instrument, count(*), sum(profit), min(entry_time), max(exit_time) FROM trades GROUP BY ALL ORDER BY ALL",
    "SELECT state, strategy, snapshot, results, failed, digest FROM runs",
)
REFUSED = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_parquet('https://example.com/x.parquet')",
    "COPY (SELECT 1) TO '/tmp/planted'",
    "COPY bars TO '/tmp/planted'",
    "ATTACH '/tmp/planted.db'",
    "EXPORT DATABASE '/tmp/planted'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '90GB'",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CREATE TABLE t AS SELECT 1",
    "INSERT INTO bars VALUES (1)",
    "DELETE FROM runs",
    "DROP VIEW bars",
    "SELECT 1; SELECT 2",
    "EXPLAIN ANALYZE COPY bars TO '/tmp/planted'",
    "SELECT * FROM query('COPY bars TO ''/tmp/planted''')",
    "SELECT * FROM store",
    "SELECT nothing FROM bars",
    "SELEC",
    "",
)


def fill(store: Store) -> None:
    """Make a market and a run of it."""
    store.demo(instruments=3, years=1, seed=5)
    store.backtest("SmaCross", universe="demo", fee="10bps").wait()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with th.open(tmp_path_factory.mktemp("sql") / "home") as made:
        fill(made)
        yield made


def asked(query: str) -> dict[str, Any]:
    """A question as the process that answers gets it."""
    return {"query": query, "rows": 100, "seconds": 20.0, "memory_mb": 256, "plan": False}


def test_both_kinds_of_store_answer_alike(
    store: Store, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    with th.open(postgres) as served:
        fill(served)
        for question in QUESTIONS:
            mine = store.sql(question).rows()
            assert mine
            assert mine == served.sql(question).rows()
    close = store.sql(QUESTIONS[1]).table["close"].to_pylist()
    assert close == store.bars("BTCUSDT", start="2019-03-01", end="2019-03-02").close.tolist()


def test_only_what_a_query_needs_is_read(store: Store) -> None:
    plan = store.sql("SELECT avg(close) FROM bars WHERE venue = 'demo' AND symbol IN ('BTCUSDT', 'NONE')", plan=True)
    assert "Table Scan" in (plan.plan or "")
    assert (plan.scanned["series"], plan.scanned["held_series"], plan.scanned["columns"]) == (1, 3, ["close"])
    none = store.sql("SELECT count(*) FROM bars WHERE ts >= '2031-01-01'")
    assert (none.rows(), none.scanned["segments"]) == ([{"count_star()": 0}], 0)
    cut = store.sql("SELECT * FROM bars", rows=7)
    assert (len(cut), cut.whole) == (7, False)
    assert store.sql("SELECT count(*) AS n FROM bars", snapshot=0).rows() == [{"n": 0}]
    trade = store.sql("SELECT * FROM trades ORDER BY instrument, trade LIMIT 1").rows()[0]
    kept = store.house.runs.result(trade["run"], trade["instrument"])
    assert kept is not None
    assert kept.trades is not None
    assert (trade["profit"], trade["reason"], trade["stop"]) == (kept.trades.profit[0], "signal", None)
    assert math.isnan(kept.trades.stop[0])


def test_every_value_has_a_form_and_every_column_a_name(store: Store) -> None:
    twice = store.sql("SELECT 1 AS a, 2 AS a, 3 AS a_1")
    assert plain_rows(twice) == [{"a": 1, "a_2": 2, "a_1": 3}]
    times = (
        "SELECT 'infinity'::TIMESTAMP AS t, '-infinity'::DATE AS d, TIMESTAMP_NS '2020-01-01 00:00:00.123456789' AS n"
    )
    assert plain_rows(store.sql(times)) == [{"t": "infinity", "d": "-infinity", "n": "2020-01-01 00:00:00.123456789"}]
    sums = plain_rows(store.sql("SELECT sum(n) AS s, sum(n * 1.50) AS d FROM range(5) AS r (n)"))
    assert sums == [{"s": 10, "d": "15.00"}]
    for query in ("SELECT ['infinity'::TIMESTAMP] AS l", "SELECT '\ud800'"):
        with pytest.raises(SqlError, match="was not answered: it holds "):
            store.sql(query).rows()


@pytest.mark.parametrize("query", REFUSED)
def test_what_writes_or_reaches_outside_is_refused(store: Store, query: str) -> None:
    with pytest.raises(SqlError, match="was not answered: "):
        answer(store.house, asked(query), 1)
    assert not list(Path("/tmp").glob("planted*"))  # noqa: S108 - what a query tried to write


@pytest.mark.parametrize(
    ("query", "limits", "cause"),
    [
        (
            "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT max(a) FROM t",
            {"seconds": 1.0},
            "1 s",
        ),
        ("SELECT a.ts, b.ts, c.ts FROM bars a, bars b, bars c ORDER BY ALL", {"memory_mb": 128}, "memory than 128 MB"),
        ("SELECT range(3000000000)", {"memory_mb": 128}, "memory than 128 MB"),
    ],
)
def test_what_has_no_end_is_stopped(store: Store, query: str, limits: dict[str, Any], cause: str) -> None:
    with pytest.raises(SqlError, match=cause):
        store.sql(query, **limits)


def test_the_command_answers_refuses_and_says_what_to_do(store: Store) -> None:
    def tapehead(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tapehead", "--home", str(store.home), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    told = tapehead("--json", "sql", "SELECT symbol, max(ts) AS last FROM bars GROUP BY ALL ORDER BY ALL")
    assert told.returncode == 0, told.stderr
    document = json.loads(told.stdout)
    assert (document["schema"], document["count"], document["whole"]) == ("tapehead.sql/1", 3, True)
    assert document["rows"][0]["last"] == "2019-12-31T23:00:00Z"
    shown = tapehead("sql", "SELECT 1.5::DOUBLE AS a, NULL AS b")
    assert shown.stdout.splitlines()[:2] == ["  a  b", "1.5  -"]
    steering = tapehead("sql", "SELECT chr(27) || '[31m' || chr(10) AS v")
    assert steering.stdout.splitlines()[1] == r"\x1b[31m\n"
    refused = tapehead("sql", "DROP TABLE bars")
    assert (refused.returncode, "this is DROP" in refused.stderr) == (2, True)
    with pytest.raises(ParameterError, match="rows=0"):
        store.sql("SELECT 1", rows=0)
