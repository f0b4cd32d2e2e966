"""The contracts of bars, runs, trials and keys, kept by PostgreSQL, 18 and 15."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tapehead.database.pool import Connection, Pool, PoolSettings
from tapehead.database.schema import check_schema
from tapehead.database.url import parse_url
from tapehead.errors import ParameterError
from tapehead.ports.access import AccessStore
from tapehead.ports.bars import BarStore, Codec
from tapehead.ports.runs import EventLog, RunStore
from tapehead.ports.trials import TrialLedger
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.postgres.claims import SessionClaims
from tapehead.stores.postgres.events import PostgresEvents
from tapehead.stores.postgres.rows_bars import RowedBars
from tapehead.stores.postgres.runs import PostgresRuns, PostgresTrials, open_access, open_runs
from tapehead.testing.access_store import AccessStoreContract, sample_key
from tapehead.testing.bar_facts import BarFactsContract
from tapehead.testing.bar_store import BarContract, BarStoreContract
from tapehead.testing.bar_tail import BarTailContract
from tapehead.testing.bar_upkeep import BarUpkeepContract
from tapehead.testing.run_store import RunStoreContract
from tapehead.testing.trial_ledger import TrialLedgerContract
from tests.servers import PostgresServer


def lending(pool: Pool) -> Iterator[Connection]:
    """A connection, for as long as the loop looks at it."""
    with pool.connection() as link:
        yield link


def make_schema(url: str) -> None:
    """Fill a database with the tables of a new store."""
    pool = Pool(parse_url(url), PoolSettings(largest=1))
    check_schema(pool)
    pool.close()


class OnPostgres:
    """Databases by the folder that a test names; pools are closed after it."""

    @pytest.fixture(autouse=True)
    def served(self, any_postgres_server: PostgresServer) -> Iterator[None]:
        self.server = any_postgres_server
        self.urls: dict[Path, str] = {}
        self.closers: list[Pool | PostgresRuns | PostgresEvents] = []
        yield
        for each in reversed(self.closers):
            each.close()
        for url in self.urls.values():
            self.server.drop(url)

    def pool(self, folder: Path) -> Pool:
        """Open the store of a folder, which is a database of its own."""
        if folder not in self.urls:
            self.urls[folder] = self.server.make(make_schema)
        self.closers.append(pool := Pool(parse_url(self.urls[folder])))
        return pool


class Bars(OnPostgres, BarContract):
    def make(self, tmp_path: Path) -> BarStore:
        return RowedBars(self.pool(tmp_path), ParquetCodec())

    def codec(self) -> Codec:
        return ParquetCodec()


class TestPostgresBars(Bars, BarStoreContract):
    def test_a_forked_child_asks_by_connections_of_its_own(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        pool = self.closers[-1]
        assert isinstance(pool, Pool)

        def numbers() -> set[int]:
            """Sessions that answer; each must be the one that was asked."""
            found = set()
            for _ in range(20):
                for link in lending(pool):
                    row = link.execute("SELECT pg_backend_pid()").fetchone()
                    assert row == (link.info.backend_pid,)
                    found.add(link.info.backend_pid)
            return found

        mine = numbers()
        seen, tell = os.pipe()
        child = os.fork()
        if not child:
            try:
                told = numbers()
                os.write(tell, b"own" if told and not told & mine and store.head() == 0 else b"not")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        os.close(tell)
        assert os.read(seen, 3) == b"own"
        assert mine <= numbers()
        os.close(seen)


class TestPostgresTail(Bars, BarTailContract): ...


class TestPostgresFacts(Bars, BarFactsContract): ...


class TestPostgresUpkeep(Bars, BarUpkeepContract): ...


class TestPostgresRuns(OnPostgres, RunStoreContract):
    def make(self, tmp_path: Path) -> tuple[RunStore, EventLog]:
        pool = self.pool(tmp_path)
        database = open_runs(pool)
        claims = SessionClaims(pool, database)
        runs, log = PostgresRuns(database, claims), PostgresEvents(database, pool, claims)
        self.closers += [runs, log]
        return runs, log

    def test_a_claim_is_made_in_a_new_session_where_the_old_one_was_cut(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        with runs.claim("A" * 26) as held:
            assert held
        with psycopg.connect(self.urls[tmp_path], autocommit=True) as link:
            link.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'tapehead claims' AND datname = current_database()"
            )
        with runs.claim("B" * 26) as held:
            assert held


class TestPostgresTrials(OnPostgres, TrialLedgerContract):
    def make(self, tmp_path: Path) -> tuple[RunStore, TrialLedger]:
        pool = self.pool(tmp_path)
        database = open_runs(pool)
        runs = PostgresRuns(database, SessionClaims(pool, database))
        self.closers.append(runs)
        return runs, PostgresTrials(database)


class TestPostgresAccess(OnPostgres, AccessStoreContract):
    def make(self, tmp_path: Path) -> AccessStore:
        return open_access(self.pool(tmp_path))

    def test_of_two_keys_of_one_name_made_at_once_one_is_kept(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        made: list[str] = []

        def add(prefix: str) -> None:
            try:
                store.add_key(replace(sample_key(), prefix=prefix))
            except ParameterError:
                return
            made.append(prefix)

        for turn in range(8):
            pair = [threading.Thread(target=add, args=(f"{turn}{which}aaaaaa",)) for which in "ab"]
            for thread in pair:
                thread.start()
            for thread in pair:
                thread.join()
            assert len(made) == turn + 1
            store.revoke(made[-1], 1)
