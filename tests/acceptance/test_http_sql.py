"""SQL over HTTP: the answers of the command, its refusals, and what a service allows at most."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

pytest.importorskip("duckdb", reason="needs duckdb (pip install 'tapehead[sql]')")

import tapehead as th
from tapehead.api.routes import queries
from tapehead.api.wire.queries import SqlAnswered
from tapehead.cli.main import main
from tapehead.errors import SqlError
from tests.acceptance.http_answers import client, make_market, refused, told
from tests.acceptance.test_sql import QUESTIONS
from tests.serving import Served, serving_here


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_here(make_market(tmp_path_factory.mktemp("sql") / "home")) as found:
        yield found


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with client(served.url) as found:
        yield found


def test_a_service_answers_as_the_store_does(
    served: Served, http: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    store = served.service.store
    body = told(http.post("/sql", json={"query": QUESTIONS[0], "rows": 4}), SqlAnswered)
    assert body["rows"][0]["first"] == "2019-01-01T00:00:00Z"
    assert (body["count"], body["whole"], body["columns"][:2]) == (4, False, ["symbol", "bars"])
    with th.connect(served.url) as away:
        here, there = store.sql(QUESTIONS[1]), away.sql(QUESTIONS[1])
        assert there.table.equals(here.table)
        assert (there.snapshot, there.whole, there.scanned) == (here.snapshot, here.whole, here.scanned)
        assert "Table Scan" in (away.sql("SELECT avg(close) FROM bars", plan=True).plan or "")
    assert main(["--server", served.url, "sql", "--csv", "SELECT symbol FROM instruments ORDER BY 1"]) == 0
    assert capsys.readouterr().out.split()[:2] == ["symbol", "ADAUSDT"]

    async def awaited() -> int:
        async with th.connect_async(served.url) as found:
            return len(await found.sql("SELECT symbol FROM instruments"))

    assert asyncio.run(awaited()) == len(store.instruments())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"query": "SELECT * FROM read_text('/etc/passwd')"}, "input.sql"),
        ({"query": "COPY bars TO '/tmp/planted'"}, "input.sql"),
        ({"query": "SELECT 1; DROP VIEW bars"}, "input.sql"),
        ({"query": "SELECT repeat('x', 1000) FROM range(90000)", "rows": 90_000}, "input.sql"),
        ({"query": "SELECT max(a.ts + (b.ts - c.ts)) FROM bars a, bars b, bars c", "seconds": 0.2}, "input.sql"),
        ({"query": "SELECT 1", "rows": 100_001}, "input.request"),
        ({"query": "SELECT 1", "seconds": 61}, "input.request"),
        ({"query": "SELECT 1", "memory_mb": 1025}, "input.request"),
        ({"query": "SELECT 1", "snapshot": 99}, "input.parameter"),
        ({"query": "SELECT 1", "home": "elsewhere"}, "input.request"),
        ({"query": ""}, "input.request"),
    ],
    ids=lambda given: given["query"][:12] if isinstance(given, dict) else given,
)
def test_what_it_may_not_or_cannot_is_refused(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], code: str
) -> None:
    monkeypatch.setattr(queries, "MOST_BYTES", 8 << 20)
    refused(http.post("/sql", json=asked), 422, code)


def test_a_third_one_at_once_is_refused_and_a_service_that_ends_waits_for_none(
    served: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(queries.AT_ONCE):
        queries._free.acquire()
    body = refused(http.post("/sql", json={"query": "SELECT 1"}), 429, "queue.full")
    assert "Try again" in body["detail"]
    for _ in range(queries.AT_ONCE):
        queries._free.release()
    monkeypatch.setattr(served.service.hub, "draining", True)
    refused(http.post("/sql", json={"query": "SELECT 1"}), 503, "service.draining")
    monkeypatch.undo()
    with th.connect(served.url) as away, pytest.raises(SqlError, match="this is DROP"):
        away.sql("DROP TABLE bars")
