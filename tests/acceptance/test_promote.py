"""`store promote`: everything of a store in another one, on the same numbers; cut off at any write, nothing is torn."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tapehead.errors import (
    DamagedSegmentError,
    DatabaseAwayError,
    DatabaseRefusedError,
    NewerFormatError,
    NewerSchemaError,
    OlderSchemaError,
    ParameterError,
    PromoteError,
    RowsError,
    SurroundingsError,
)
from tapehead.library.promotion import foresee_store, promote_store
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.segment import Universe
from tapehead.testing.bar_store import ALWAYS, read_columns
from tapehead.testing.samples import sample_draft
from tests.acceptance.promoting import NEVER, faults_of, later, make_rich, promote_to, promote_until
from tests.servers import Own, PostgresServer, name_of
from tests.unit.stores.processes import run_mounted


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store that nobody changes."""
    folder = tmp_path_factory.mktemp("rich") / "store"
    make_rich(folder)
    return folder


@pytest.fixture
def copy(rich: Path, tmp_path: Path) -> Path:
    """Folder of a store of the test's own."""
    return shutil.copytree(rich, tmp_path / "copy")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hot files of servers lie in a folder of the test."""
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))


def past(store: Store) -> dict[int, list[tuple[str, bytes]]]:
    """Bars of every series at every snapshot that can be read."""
    bars, found = store.house.bars, {}
    for record in store.log():
        if record.swept:
            with pytest.raises(ParameterError, match="given back by gc"):
                bars.series(record.number)
            continue
        refs = bars.manifest(bars.series(record.number), *ALWAYS, snapshot=record.number).refs
        found[record.number] = [
            (str(series), b"".join(each.tobytes() for each in read_columns(bars, store.house.codec, held).values()))
            for series, held in sorted(refs.items(), key=lambda pair: str(pair[0]))
        ]
    return found


def told(store: Store) -> list[object]:
    """What a store says of itself beside bars."""
    bars, runs = store.house.bars, store.house.runs
    return [
        store.log(),
        [bars.report(record.number) for record in store.log()],
        bars.coverage(),
        [bars.instruments(one.number) for one in store.log() if not one.swept],
        {name: (one.ts.tobytes(), one.source) for name, one in bars.factors(["test:AAA"]).items()},
        bars.empties(),
        bars.universes(),
        [runs.record(one.run) for one in runs.runs()],
        [store.house.log.read(one.run, 0, 10_000) for one in runs.runs()],
        sorted(store.house.trials.counts(), key=repr),
    ]


def test_all_of_a_store_is_on_a_server_and_comes_back(copy: Path, any_postgres: str, tmp_path: Path) -> None:
    back = tmp_path / "back"
    with open_store(copy) as source:
        expected, facts = past(source), told(source)
        assert len(expected) > 2
        done = promote_to(source, any_postgres, verify="")
        assert done.is_equal
        assert done.verification is not None
        assert done.verification.verdict == "identical"
        assert done.promotion.compared["runs"] == done.promotion.runs == 3
        again = promote_to(source, any_postgres).promotion
        assert (again.segments, again.rows, again.runs, again.trials) == (0, 0, 0, 0)
        assert past(source) == expected
    with open_store(any_postgres) as server:
        assert past(server) == expected
        assert told(server) == facts
        assert [one.path for one in server.house.bars.quarantined()] == ["a\u2400b.csv"]
        # What it goes on with has numbers of its own, and the way back takes it along.
        head = server.house.bars.head()
        assert server.house.bars.commit([sample_draft("CCC", rows=9)], note="on the server").number == head + 1
        server.undo(head)
        newer = server.backtest("SmaCross", universe="demo", fee="20bps").wait()
        assert promote_to(server, back).is_equal
        with open_store(back) as folder:
            assert past(folder) == past(server)
            assert folder.verify(newer.id).verdict == "identical"
            assert not list(folder.check(rows=True))
        # The first one is an earlier state of this now, and becomes it.
        assert foresee_store(server.house, copy).state == "older"
        assert promote_to(server, copy).is_equal
        assert not list(server.check(rows=True))
    with open_store(copy) as source, open_store(back) as folder:
        assert past(source) == past(folder)


def test_rows_for_sql_follow_what_comes_and_their_edits_go_along(
    copy: Path, postgres_server: PostgresServer, postgres: str, tmp_path: Path
) -> None:
    with open_store(copy) as source, open_store(postgres) as server:
        assert promote_to(source, postgres).is_equal
        assert server.rows_on(["test:AAA", "test:BBB"]) > 900
        source.house.bars.commit([sample_draft("BBB", rows=330, seed=9)], note="later")
        source.house.bars.append([later(9, 900)])
        assert promote_to(source, postgres).is_equal
        with psycopg.connect(postgres, options="-c search_path=tapehead") as link:
            link.execute("DELETE FROM bars WHERE series = series_of('BBB', '1h') AND ts < '2021-01-02Z'")
        back = tmp_path / "back"
        with psycopg.connect(postgres_server.admin_url(name_of(postgres)), autocommit=True) as link:
            link.execute("CREATE ROLE onlooker LOGIN PASSWORD 'x'")
            link.execute("GRANT USAGE ON SCHEMA tapehead TO onlooker")
            link.execute("GRANT SELECT ON ALL TABLES IN SCHEMA tapehead TO onlooker")
            with (
                open_store(f"postgresql://onlooker:x@{postgres.partition('@')[2]}") as looked_at,
                pytest.raises(RowsError, match="edited that no segment holds yet"),
            ):
                foresee_store(looked_at.house, back)
            link.execute("DROP OWNED BY onlooker")
            link.execute("DROP ROLE onlooker")
        assert promote_to(server, back).is_equal
        with open_store(back) as folder:
            assert [one.rows for one in folder.house.bars.coverage()][-1] == 330 - 24
            assert past(folder) == past(server)
        with pytest.raises(PromoteError, match="is not one of"):
            promote_to(source, postgres)


@pytest.mark.parametrize("kind", ["server", "folder"])
def test_killed_at_any_write_it_goes_on_and_nothing_is_torn(
    kind: str, rich: Path, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    chance = random.Random(f"promote to a {kind}")
    to = [str(tmp_path / f"target{n}") if kind == "folder" else postgres_server.make() for n in range(3)]
    writes = promote_until(rich, to[0], NEVER)
    assert writes is not None
    for target in to[1:]:
        cuts = 0
        while promote_until(rich, target, chance.randint(1, writes // 2)) is None:
            cuts += 1
            with open_store(rich) as source, open_store(target) as there:
                assert there.house.bars.head() in (0, source.house.bars.head())
                assert faults_of(source, there) == []
        assert cuts
        with open_store(rich) as source, open_store(target) as there:
            assert told(there) == told(source)
            assert not [one for one in there.check(rows=True) if one.what != "orphan"]
    if kind == "server":
        for target in to:
            postgres_server.drop(target)


def test_a_server_killed_in_the_midst_is_told_and_gone_on_with(
    rich: Path, own_postgres: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_POOL", "4,outage=0")
    with open_store(rich) as source:
        forecast = foresee_store(source.house, own_postgres.url)

        def kill(what: str, done: int, total: int) -> None:
            if (what, done) == ("copying runs", 1):
                own_postgres.kill()

        with pytest.raises(SurroundingsError, match="cannot be used"):
            promote_store(source.house, own_postgres.url, forecast=forecast, progress=kill)
        own_postgres.start()
        assert foresee_store(source.house, own_postgres.url).held_runs == 1
        assert promote_to(source, own_postgres.url).is_equal


def test_a_target_that_holds_something_else_is_refused_and_left_alone(rich: Path, copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with open_store(rich) as source, open_store(other) as target:
        with pytest.raises(PromoteError, match="it holds nothing"):
            foresee_store(target.house, tmp_path / "third")
        assert not (tmp_path / "third").exists()
        with pytest.raises(PromoteError, match="it is the same store"):
            foresee_store(source.house, rich)
        with pytest.raises(ParameterError, match="to must be a folder, or postgresql"):
            foresee_store(source.house, "")
        with pytest.raises(ParameterError, match=r"to=mysql://.*: to must be a folder, or postgresql"):
            foresee_store(source.house, "mysql://here/x")
        target.house.bars.commit([sample_draft(rows=9)], note="its own")
        with pytest.raises(PromoteError, match="its commit 1, 'its own', is not one of"):
            promote_to(source, other)
        assert target.house.bars.head() == 1
    with open_store(rich) as source, open_store(copy) as target:
        # A run that differs in both, a universe of the same name, and a snapshot that only the target can read.
        target.house.bars.save_universe(Universe("mine", ("test:BBB",)))
        with pytest.raises(PromoteError, match="its universe 'mine' is another one"):
            promote_to(source, copy)
        target.delete_universe("mine")
        target.house.bars.save_universe(Universe("theirs", ("test:BBB",)))
        assert promote_to(source, copy).is_equal
        assert {one.name for one in target.house.bars.universes()} >= {"mine", "theirs"}
        target.gc("0d")
        with pytest.raises(PromoteError, match=r"would be lost: .*store gc --keep 0d"):
            promote_to(target, rich)


def test_a_full_disk_is_told_before_or_in_the_midst_and_gone_on_with(rich: Path, tmp_path: Path) -> None:
    code = """
    import subprocess, sys
    from pathlib import Path
    from tapehead.errors import DiskFullError
    from tapehead.library.promotion import foresee_store, promote_store
    from tapehead.library.store import open as open_store

    source, disk = sys.argv[1:]
    target = Path(disk) / "target"
    with open_store(source) as store:
        for size in ("40k", "700k", "20m"):
            subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)
            try:
                forecast = foresee_store(store.house, target)
                print(promote_store(store.house, target, forecast=forecast, verify="none").is_equal)
            except DiskFullError as error:
                print("bytes of a store" in str(error), target.exists())
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    out = run_mounted(f"mount -t tmpfs -o size=40k tmpfs {disk}", code, rich, disk)
    assert out.splitlines() == ["True False", "False True", "True"]


def test_nothing_is_promoted_from_a_store_that_is_not_whole(copy: Path, tmp_path: Path) -> None:
    file = max((copy / "segments").rglob("*.parquet"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with open_store(copy) as source:
        with pytest.raises(DamagedSegmentError, match=file.name):
            promote_to(source, tmp_path / "target")
        with open_store(tmp_path / "target") as target:
            assert target.house.bars.head() == 0
        file.write_bytes(whole)
        assert promote_to(source, tmp_path / "target").is_equal


def test_what_is_in_the_way_of_a_target_is_named(
    rich: Path, postgres_server: PostgresServer, postgres: str, tmp_path: Path
) -> None:
    with open_store(rich) as source:
        wrong = postgres.replace("tapehead:", "tapehead:no")
        with pytest.raises(DatabaseAwayError, match="password authentication failed") as away:
            foresee_store(source.house, wrong)
        assert wrong.partition("://tapehead:")[2].partition("@")[0] not in str(away.value)
        with psycopg.connect(postgres_server.admin_url(name_of(postgres)), autocommit=True) as link:
            link.execute("DROP ROLE IF EXISTS stranger")
            link.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
            stranger = f"postgresql://stranger:x@{postgres.partition('@')[2]}"
            with pytest.raises(DatabaseRefusedError, match="permission denied"):
                promote_to(source, stranger)
            promote_to(source, postgres)
            link.execute("GRANT USAGE ON SCHEMA tapehead TO stranger")
            link.execute("GRANT SELECT ON ALL TABLES IN SCHEMA tapehead TO stranger")
            source.house.bars.save_universe(Universe("mine", ("test:AAA", "test:BBB")))
            with pytest.raises(PromoteError, match="it can only be read"):
                promote_to(source, stranger)
            link.execute("DROP OWNED BY stranger")
            link.execute("DROP ROLE stranger")
        for found, error in (("0000", OlderSchemaError), ("9999", NewerSchemaError)):
            with psycopg.connect(postgres) as link:
                link.execute("UPDATE tapehead.alembic_version SET version_num = %s", (found,))
            with pytest.raises(error):
                foresee_store(source.house, postgres)
        shutil.copytree(rich, tmp_path / "newer")
        import sqlite3

        newer = sqlite3.connect(tmp_path / "newer" / "runs.db")
        newer.execute("PRAGMA user_version = 99")
        newer.close()
        with pytest.raises(NewerFormatError):
            foresee_store(source.house, tmp_path / "newer")


def test_the_command_tells_before_and_after(rich: Path, postgres: str, tmp_path: Path) -> None:
    word = postgres.partition("://")[2].partition("@")[0].partition(":")[2]

    def tapehead(home: str | Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tapehead", "--home", str(home), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
        assert word not in done.stdout + done.stderr
        return done

    foreseen = tapehead(rich, "--json", "store", "promote", "--to", postgres, "--dry-run")
    body = json.loads(foreseen.stdout)["promote"]
    assert (body["target"], body["runs"], body["segments"] > 0) == ("absent", 3, True)
    with psycopg.connect(postgres) as link:
        assert link.execute("SELECT to_regnamespace('tapehead')").fetchone() == (None,)
    done = tapehead(rich, "store", "promote", "--to", postgres)
    assert done.returncode == 0, done.stderr
    assert "hash by hash, read back from there" in done.stdout
    assert "made again there: identical" in done.stdout
    assert "no store there yet; it is made" in done.stderr
    assert max(map(len, (done.stdout + done.stderr).splitlines())) <= 120
