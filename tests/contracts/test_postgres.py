"""The contracts of bars, runs, trials and keys, kept by PostgreSQL, 18 and 15."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapehead.database.pool import Pool, PoolSettings
from tapehead.database.schema import check_schema
from tapehead.database.url import parse_url
from tapehead.ports.access import AccessStore
from tapehead.ports.bars import BarStore, Codec
from tapehead.ports.runs import EventLog, RunStore
from tapehead.ports.trials import TrialLedger
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.postgres.bars import PostgresBars
from tapehead.stores.postgres.events import PostgresEvents
from tapehead.stores.postgres.runs import PostgresRuns, PostgresTrials, open_access, open_runs
from tapehead.testing.access_store import AccessStoreContract
from tapehead.testing.bar_facts import BarFactsContract
from tapehead.testing.bar_store import BarContract, BarStoreContract
from tapehead.testing.bar_tail import BarTailContract
from tapehead.testing.bar_upkeep import BarUpkeepContract
from tapehead.testing.run_store import RunStoreContract
from tapehead.testing.trial_ledger import TrialLedgerContract
from tests.servers import PostgresServer


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
        return PostgresBars(self.pool(tmp_path), ParquetCodec())

    def codec(self) -> Codec:
        return ParquetCodec()


class TestPostgresBars(Bars, BarStoreContract): ...


class TestPostgresTail(Bars, BarTailContract): ...


class TestPostgresFacts(Bars, BarFactsContract): ...


class TestPostgresUpkeep(Bars, BarUpkeepContract): ...


class TestPostgresRuns(OnPostgres, RunStoreContract):
    def make(self, tmp_path: Path) -> tuple[RunStore, EventLog]:
        pool = self.pool(tmp_path)
        database = open_runs(pool)
        runs, log = PostgresRuns(database, pool), PostgresEvents(database, pool)
        self.closers += [runs, log]
        return runs, log


class TestPostgresTrials(OnPostgres, TrialLedgerContract):
    def make(self, tmp_path: Path) -> tuple[RunStore, TrialLedger]:
        pool = self.pool(tmp_path)
        database = open_runs(pool)
        runs = PostgresRuns(database, pool)
        self.closers.append(runs)
        return runs, PostgresTrials(database)


class TestPostgresAccess(OnPostgres, AccessStoreContract):
    def make(self, tmp_path: Path) -> AccessStore:
        return open_access(self.pool(tmp_path))
