"""A service says how its connections to PostgreSQL are used, and is degraded, not down, where none is left."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import tapehead as th
from tapehead.api.wire.databases import DatabaseStatus
from tapehead.cli.main import main
from tapehead.database.asker import asked_by
from tapehead.servers.programs import Program
from tests.servers import QUICK, Own, Servers
from tests.serving import Served, serving_here

PATIENCE_S = 60.0

INTERRUPTED = """
import signal, sys
from tapehead.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""
"""Who began the tests in the background ignores Ctrl-C, and so would the command."""


def told(served: Served, path: str) -> Any:
    """What it says."""
    answer = httpx.get(f"{served.url}{path}", timeout=PATIENCE_S)
    return answer.raise_for_status().json()


@contextmanager
def held(served: Served, name: str) -> Iterator[None]:
    """A thread that has a connection until the block is left."""
    taken, gate = threading.Event(), threading.Event()

    def hold() -> None:
        with served.service.house.runs.together("a test"):
            taken.set()
            gate.wait(PATIENCE_S)

    thread = threading.Thread(target=hold, name=name)
    thread.start()
    assert taken.wait(PATIENCE_S)
    try:
        yield
    finally:
        gate.set()
        thread.join()


def test_an_exhausted_pool_is_degraded_and_names_who_holds_it(
    any_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    monkeypatch.setenv("TAPEHEAD_POOL", "2,held=0")
    with serving_here(any_postgres) as served:
        states = {each["name"]: each["state"] for each in told(served, "/readyz")["dependencies"]}
        assert states["database"] == "ok"
        with ExitStack() as both:
            for name in ("left", "right"):
                both.enter_context(held(served, name))
            ready = told(served, "/readyz")
            found = {each["name"]: each for each in ready["dependencies"]}
            assert ready["ready"] is True
            assert {"store_read", "store_write", "event_log", "database"} <= set(ready["degraded"])
            assert found["database"]["text"].startswith("primary: all 2 connections are out, ")
            assert "held by left at " in found["database"]["text"]
            text = found["store_read"]["text"]
            assert text.startswith("All 2 connections to postgresql://tapehead@127.0.0.1:")
            assert ("left at " in text, "right at " in text, "test_server_pool.py:" in text) == (True, True, True)
            operations = told(served, "/api/v1/operations")
            (database,) = operations["databases"]
            assert (database["name"], database["limit"], database["in_use"], database["share"]) == ("primary", 2, 2, 1)
            assert {one["thread"] for one in database["held"]} == {"left", "right"}
            assert database["load"] == "exhausted"
            assert (database["leaking"], database["exhausted"] > 0) == (2, True)
            assert {"exhausted", "held"} <= {one["kind"] for one in operations["alerts"]}
            metrics = httpx.get(f"{served.url}/metrics", timeout=PATIENCE_S).text
            assert 'tapehead_connections_in_use{database="primary"} 2' in metrics
        after = told(served, "/readyz")
        assert {"store_read", "store_write", "event_log"}.isdisjoint(after["degraded"])
        assert told(served, "/api/v1/operations")["databases"][0]["in_use"] < 2


def test_status_lists_who_has_the_database_open(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    with asked_by(role="notebook"), th.open(postgres) as store, store.house.runs.together("a test"):
        assert main(["--home", postgres, "db", "status"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80
        (row,) = [line for line in lines if line.startswith("tapehead notebook ") and "in transaction" in line]
        pid = int(row.split()[-1])
        assert main(["--home", postgres, "--json", "db", "status"]) == 0
        told = json.loads(capsys.readouterr().out)
        (session,) = [one for one in told["sessions"] if one["pid"] == pid]
        assert (session["name"], session["state"]) == ("tapehead notebook", "idle in transaction")
        assert session["transaction_s"] >= session["state_s"] >= 0
        assert told["sessions_limit"] >= told["sessions_of_server"] >= len(told["sessions"]) > 0
        assert told["replicas"] == []
        with serving_here(postgres) as served:
            assert main(["--server", served.url, "db", "status"]) == 0
            assert str(pid) in capsys.readouterr().out
            assert main(["--json", "--server", served.url, "db", "status"]) == 0
            away = json.loads(capsys.readouterr().out)
            assert {one: away[one] for one in ("server", "found", "newest")} == {
                one: told[one] for one in ("server", "found", "newest")
            }
            assert pid in [one["pid"] for one in away["sessions"]]
            DatabaseStatus.model_validate(away, strict=True)
            assert main(["--server", served.url, "db", "upgrade"]) == 2
            assert "tapehead --home DIR db upgrade" in capsys.readouterr().err


def test_watching_goes_on_while_the_database_is_away(
    own_postgres: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    words = ["--json", "--home", own_postgres.url, "db", "status", "--watch", "0.2"]
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED, *words], stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        lines = map(json.loads, watching.stdout)
        assert next(lines)["server"].startswith("PostgreSQL ")
        own_postgres.kill()
        error = next(one["error"] for one in lines if "error" in one)
        assert (error["code"], "db status" in error["text"]) == ("database.away", True)
        own_postgres.start()
        assert next(one for one in lines if "error" not in one)["found"] is None
        watching.send_signal(signal.SIGINT)
        for _ in lines:
            pass
    assert watching.returncode == 1


def test_the_log_of_the_server_names_run_and_strategy(
    servers: Servers, postgres18_program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    own = servers.postgres(postgres18_program, {**QUICK, "log_statement": "all", "log_line_prefix": "%a|"})
    with asked_by(role="backtest"), th.open(own.url) as store:
        store.demo(instruments=2, years=1, seed=5)
        run = store.backtest("SmaCross", universe="demo", executor="threads").wait().id
    own.stop()
    log = (own.supervisor.place.folder / "server.log").read_text(encoding="utf-8")
    reads = re.findall(rf"^tapehead backtest run {run}\|LOG:(?:(?!\n\S).)*?/\*(.*?)\*/", log, re.MULTILINE | re.DOTALL)
    assert set(reads) == {f"run='{run}',strategy='SmaCross'"}
    assert f"/*action='results%20of%20run%20{run}'*/" in log


def test_a_folder_tells_who_writes_and_who_waits_for_that(tmp_path: Path) -> None:
    with serving_here(tmp_path / "home") as served, held(served, "writer"):
        found = {each["name"]: each for each in told(served, "/api/v1/operations")["databases"]}
        assert set(found) == {"bars.db", "runs.db"}
        runs = found["runs.db"]
        assert (runs["limit"], runs["load"], runs["advice"]) == (0, "ok", "")
        assert [(one["thread"], one["place"]) for one in runs["held"]] == [("writer", "a test")]
