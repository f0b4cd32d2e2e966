"""A store in PostgreSQL gives the same bytes as one in a folder, by the same calls and commands."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import tapehead as th
from tapehead.layout.formats import DATABASE_STEP
from tapehead.library.run import Run
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tests.parity.test_executors import everything
from tests.serving import Served, serving


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "folder") as store:
        store.demo(instruments=6, years=1, seed=5)
        yield store


def digest_of(run: Run) -> str:
    """Digest of a finished run."""
    assert run.receipt is not None
    return run.receipt.digest


def told_by(service: Served, run: str) -> bytes:
    """The whole stream of a run, to its end."""
    with urllib.request.urlopen(f"{service.url}/api/v1/runs/{run}/events", timeout=60) as answer:  # noqa: S310 - our own service
        told: bytes = answer.read()
    return told


def tapehead(url: str, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a store by its URL; hot files go to a folder of the test."""
    given = {**os.environ, "TAPEHEAD_HOME": str(tmp_path / "hot")}
    command = [sys.executable, "-m", "tapehead", "--home", url, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=given)


def test_runs_and_sweeps_of_both_are_equal_bit_for_bit(
    embedded: Store, any_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    with th.open(any_postgres) as store:
        store.demo(instruments=6, years=1, seed=5)
        assert store.house.bars.head() == embedded.house.bars.head()
        for way in ({"executor": "threads"}, {"executor": "processes", "workers": 2}):
            mine, theirs = (
                one.backtest("SmaCross", universe="demo", fee="10bps", fresh=True, **way) for one in (store, embedded)
            )
            assert everything(mine) == everything(theirs)
            assert digest_of(mine) == digest_of(theirs)
        grid = {"fast": [5, 10], "slow": [20, 40, 60]}
        swept = [one.sweep("SmaCross", grid=grid, universe="demo") for one in (store, embedded)]
        assert len({digest_of(run.wait()) for run in swept}) == 1
        assert store.verify(mine.id).verdict == "identical"
    with th.open(any_postgres) as again:
        assert again.backtest("SmaCross", universe="demo", fee="10bps").wait().id in [one.run for one in again.runs()]


def test_commands_take_a_url_and_never_show_its_password(postgres: str, tmp_path: Path) -> None:
    word = postgres.partition("://")[2].partition("@")[0].partition(":")[2]
    before = tapehead(postgres, tmp_path, "--json", "db", "status")
    assert (before.returncode, json.loads(before.stdout)["found"]) == (1, None)
    made = tapehead(postgres, tmp_path, "demo", "--instruments", "2", "--no-serve")
    assert made.returncode == 0, made.stderr
    after = tapehead(postgres, tmp_path, "--json", "db", "status")
    assert (after.returncode, json.loads(after.stdout)["is_newest"]) == (0, True)
    told = [tapehead(postgres, tmp_path, *words) for words in (("doctor",), ("store", "stats"), ("db", "upgrade"))]
    assert re.search(rf"formats +PostgreSQL 1\d\S*, schema {DATABASE_STEP}, segments 1\n", told[0].stdout)
    assert "SQLite" not in told[0].stdout
    for done in (before, made, after, *told):
        assert done.returncode in (0, 1), done.stderr
        assert word not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda url: url.replace("tapehead:", "tapehead:no"), 'for user "tapehead". Mend user or password, '),
        (lambda url: url.rpartition("/")[0] + "/nowhere", '"nowhere" does not exist. Name another database, or'),
        (lambda url: "postgresql://ann:secretword@127.0.0.1:1/x", "Connection refused. Start it, or mend host"),
        (lambda url: "postgresql://ann:secretword@127.0.0.1:1/", "of one database"),
        (lambda url: "postgresql://ann:secret%zzword@127.0.0.1:1/x", "signs such as @ in a password"),
        (lambda url: "postgresql://ann:1/secretword@127.0.0.1:1/x", "signs such as @ in a password"),
        (lambda url: "postgresql://ann:12#secretword@127.0.0.1:1/x", "signs such as @ in a password"),
    ],
    ids=["password", "database", "away", "no name", "percent", "slash", "hash"],
)
def test_a_url_that_leads_nowhere_is_told_without_its_password(
    postgres: str, tmp_path: Path, spoil: Callable[[str], str], said: str
) -> None:
    url = spoil(postgres)
    word = url.partition("://")[2].partition("@")[0].partition(":")[2]
    done = tapehead(url, tmp_path, "instruments")
    twice = tapehead(url, tmp_path, "--store", "elsewhere", "instruments")
    assert (done.returncode in (2, 3), twice.returncode) == (True, 2)
    assert word not in twice.stdout + twice.stderr
    assert said in done.stderr
    assert word not in done.stdout + done.stderr


def test_a_schema_from_the_future_is_refused(postgres: str, tmp_path: Path) -> None:
    assert tapehead(postgres, tmp_path, "db", "upgrade").returncode == 0
    with psycopg.connect(postgres) as link:
        link.execute("UPDATE tapehead.alembic_version SET version_num = '9999'")
    done = tapehead(postgres, tmp_path, "instruments")
    assert done.returncode == 3
    assert "stands at step 9999; this Tapehead knows steps up to" in done.stderr
    told = tapehead(postgres, tmp_path, "db", "status")
    assert told.returncode == 1
    assert ("schema  9999; wanted is " in told.stdout, "db upgrade" in told.stderr) == (True, False)
    assert "A newer Tapehead moved it" in told.stderr


def test_two_services_of_one_database_tell_the_same_stream(any_postgres: str, tmp_path: Path) -> None:
    given = {"TAPEHEAD_HOME": str(tmp_path / "hot")}
    with open_store(any_postgres) as store:
        store.demo(instruments=5, years=1, seed=5)
    with (
        serving(any_postgres, environment=given) as first,
        serving(any_postgres, environment=given) as second,
        th.connect(first.url) as here,
        th.connect(second.url) as there,
    ):
        run = here.backtest("RsiReversion", universe="demo").start()
        streams = [told_by(one, run.id) for one in (second, first)]
        assert streams[0] == streams[1]
        assert streams[0].count(b"event: result") == 5
        assert there.run(run.id).receipt == run.wait().receipt
