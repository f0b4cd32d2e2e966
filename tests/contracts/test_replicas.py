"""Reads of bars go to a streaming replica while it keeps up, and nobody sees less than was committed."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

import tapehead as th
from tapehead.cli.main import main
from tapehead.database.figures import PoolFigures
from tapehead.database.pool import Pool
from tapehead.database.schema import check_schema
from tapehead.database.url import parse_url
from tapehead.library.promotion import foresee_store, promote_store
from tapehead.settings import PoolSettings
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.postgres.replicas import ReplicatedBars
from tapehead.testing.bar_store import ALWAYS, check_equal, lay_plainly, read_columns
from tapehead.testing.samples import Columns, sample_bars, sample_columns, sample_series
from tests.servers import Own, of_database

SETTINGS = PoolSettings(lag_s=0.0, outage_s=0.0, silence_s=0.2)
LOOKS = 6000


@pytest.fixture(params=["own_postgres", "own_postgres15"], ids=["postgres18", "postgres15"])
def primary(request: pytest.FixtureRequest) -> Own:
    """A PostgreSQL of the test's own, both versions one after the other."""
    own: Own = request.getfixturevalue(request.param)
    return own


@contextmanager
def following(primary: Own, *urls: str) -> Iterator[tuple[ReplicatedBars, Pool]]:
    """A store that asks replicas; nobody looks how they stand but the test."""
    pool = Pool(parse_url(primary.url), SETTINGS)
    check_schema(pool)
    store = ReplicatedBars(pool, ParquetCodec())
    store.follow(urls, look_every_s=0)
    try:
        yield store, pool
    finally:
        store.close()
        pool.close()


def looked(store: ReplicatedBars, standing: str) -> PoolFigures:
    """Look until the replica stands so; what it lacks comes by itself."""
    for _ in range(LOOKS):
        store.look()
        (figures,) = store.figures()
        if figures.state == standing:
            return figures
        threading.Event().wait(0.01)
    pytest.fail(f"it is {figures.state}: {figures.text}")


def held(store: ReplicatedBars, snapshot: int | None = None) -> Columns:
    """What a snapshot holds of the sample series."""
    refs = store.manifest([sample_series()], *ALWAYS, snapshot=snapshot).refs[sample_series()]
    return read_columns(store, ParquetCodec(), refs)


def part(columns: Columns, lo: int, hi: int) -> Columns:
    """Rows [lo, hi)."""
    return {name: values[lo:hi] for name, values in columns.items()}


def test_a_replica_answers_while_it_keeps_up_and_the_primary_what_it_lacks(
    primary: Own, replica: Callable[[Own], Own]
) -> None:
    columns = sample_columns(40)
    with following(primary) as (store, pool):
        store.append([sample_bars(part(columns, 0, 20))])
    standby = replica(primary)
    with following(primary, standby.url) as (store, pool), psycopg.connect(standby.admin_url, autocommit=True) as admin:
        assert looked(store, "ok").behind == 0
        before, asked = store.figures()[0].lent, pool.figures().lent
        check_equal(held(store, 1), part(columns, 0, 20))
        # One moment for the manifest, one statement for the bytes; of the primary nothing was asked.
        assert (store.figures()[0].lent - before, pool.figures().lent - asked) == (2, 0)

        admin.execute("SELECT pg_wal_replay_pause()")
        store.append([sample_bars(part(columns, 20, 40))])
        check_equal(held(store), lay_plainly(columns))
        check_equal(held(store, 1), part(columns, 0, 20))
        lagging = looked(store, "lagging")
        assert (lagging.behind, lagging.text) == (1, "it lacks 1 commit for 0 s and longer")
        lent = store.figures()[0].lent
        check_equal(held(store, 1), part(columns, 0, 20))
        assert store.figures()[0].lent == lent

        admin.execute("SELECT pg_wal_replay_resume()")
        assert looked(store, "ok").behind == 0
        asked = pool.figures().lent
        check_equal(held(store, 2), lay_plainly(columns))
        assert pool.figures().lent == asked
        assert [one.text for one in pool.alerts.newest()] == [
            "replica 1 is asked again",
            f"replica 1 is not asked: {lagging.text}",
        ]


def test_one_that_hangs_or_is_killed_is_left_out_until_it_is_back(
    own_postgres: Own, replica: Callable[[Own], Own]
) -> None:
    columns = sample_columns(40)
    with following(own_postgres) as (store, _):
        store.append([sample_bars(columns)])
    standby = replica(own_postgres)
    with following(own_postgres, f"{standby.url}?connect_timeout=2") as (store, pool):
        looked(store, "ok")
        check_equal(held(store), columns)
        with standby.hanging():
            check_equal(held(store), columns)
            assert store.figures()[0].state == "away"
        looked(store, "ok")
        standby.kill()
        check_equal(held(store), columns)
        assert store.figures()[0].state == "away"
        store.look()
        assert (store.figures()[0].state, store.figures()[0].in_use) == ("away", 0)
        standby.start()
        looked(store, "ok")
        asked = pool.figures().lent
        check_equal(held(store, 1), columns)
        assert pool.figures().lent == asked


def test_what_is_no_replica_of_it_is_never_asked(own_postgres: Own, postgres: str) -> None:
    with following(own_postgres, own_postgres.url) as (store, pool):
        store.append([sample_bars(sample_columns(5))])
        assert looked(store, "refused").text.startswith("it follows no other server")
        asked = store.figures()[0].lent
        check_equal(held(store), sample_columns(5))
        assert store.figures()[0].lent == asked
        assert [one.kind for one in pool.alerts.newest()] == ["replica"]
    with following(own_postgres, of_database(own_postgres.url, "nowhere")) as (store, _):
        assert '"nowhere" does not exist' in looked(store, "away").text
        check_equal(held(store), sample_columns(5))


def test_runs_are_the_same_bit_for_bit_and_read_from_the_replica(
    own_postgres: Own,
    replica: Callable[[Own], Own],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    digests, password = [], urlsplit(own_postgres.url).password
    assert password
    with th.open(own_postgres.url) as store:
        store.demo(instruments=4, years=1, seed=5)
    standby = replica(own_postgres)
    for place, urls in (("alone", ""), ("followed", standby.url)):
        monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / place))
        monkeypatch.setenv("TAPEHEAD_REPLICAS", urls)
        with th.open(own_postgres.url) as store:
            run = store.backtest("SmaCross", universe="demo", fresh=True, executor="threads").wait()
            assert run.receipt is not None
            digests.append(run.receipt.digest)
            figures = {one.name: one for one in store.house.pools()}
            assert set(figures) == {"primary", "replica 1"} if urls else {"primary"}
            if urls:
                assert (figures["replica 1"].state, figures["replica 1"].lent > 2) == ("ok", True)
                assert password not in figures["replica 1"].where
    assert digests[0] == digests[1]
    capsys.readouterr()
    assert main(["--home", own_postgres.url, "--json", "db", "status"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["replicas"]
    assert (told["name"], told["state"], told["behind"]) == ("replica 1", "ok", 0)
    assert main(["--home", own_postgres.url, "db", "status"]) == 0
    said = capsys.readouterr().out
    assert f"replica 1  {told['where']}  ok, 0 commits behind\n" in said
    assert password not in said


def test_what_is_promoted_is_proved_on_the_primary(
    own_postgres: Own, replica: Callable[[Own], Own], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with th.open(own_postgres.url):
        standby = replica(own_postgres)
    with th.open(tmp_path / "folder") as source:
        source.demo(instruments=3, years=1, seed=5)
        source.backtest("SmaCross", universe="demo").wait()
        monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
        monkeypatch.setenv("TAPEHEAD_REPLICAS", standby.url)
        done = promote_store(source.house, own_postgres.url, forecast=foresee_store(source.house, own_postgres.url))
        assert (done.is_equal, done.verification and done.verification.verdict) == (True, "identical")
    # Each server counts the looks into its own tables; those of a replica are its readers'.
    looks = "SELECT coalesce(sum(idx_scan + seq_scan), 0)::int FROM pg_stat_all_tables WHERE relname = 'segment_bytes'"
    with psycopg.connect(standby.url) as there, psycopg.connect(own_postgres.url) as here:
        assert there.execute(looks).fetchone() == (0,)
        (found,) = here.execute(looks).fetchone() or (0,)
        assert found > 0
