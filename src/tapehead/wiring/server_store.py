"""open_parts: a store in PostgreSQL, and what is asked of its database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tapehead.errors import MissingPackageError
from tapehead.ports.bars import Codec
from tapehead.settings import Settings

try:
    from tapehead.database.pool import Pool
    from tapehead.database.schema import SchemaState, check_schema, downgrade, schema_state, upgrade
    from tapehead.database.sessions import look_at_sessions
    from tapehead.database.url import parse_url
    from tapehead.database.use import Use
    from tapehead.stores.postgres.claims import SessionClaims
    from tapehead.stores.postgres.events import PostgresEvents
    from tapehead.stores.postgres.replicas import ReplicatedBars
    from tapehead.stores.postgres.rows_bars import RowedBars
    from tapehead.stores.postgres.rows_choice import RowChoice
    from tapehead.stores.postgres.runs import PostgresRuns, PostgresTrials, open_access, open_runs
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("psycopg", "psycopg_pool", "psycopg_binary"):
        raise
    raise MissingPackageError(call="A store in PostgreSQL", package="'tapehead[postgres]'") from error

from tapehead.stores.codec import ParquetCodec
from tapehead.stores.tables.lines import LineTable
from tapehead.wiring.parts import Parts
from tapehead.wiring.readiness import Readiness

__all__ = ["SchemaState", "downgrade_schema", "look_at_schema", "look_at_server", "open_parts", "upgrade_schema"]


def open_parts(settings: Settings, codec: Codec) -> Parts:
    """Open the store of a URL; an empty database gets its tables.

    Raises
    ------
    DatabaseAwayError, OlderSchemaError, NewerSchemaError, DatabaseRefusedError, ParameterError
    """
    pool = _pool(settings)
    try:
        check_schema(pool)
    except BaseException:
        pool.close()
        raise
    database = open_runs(pool)
    claims = SessionClaims(pool, database)
    runs, log = PostgresRuns(database, claims), PostgresEvents(database, pool, claims)
    bars = _bars(pool, codec, settings)
    return Parts(
        pool.url.shown,
        bars,
        runs,
        log,
        PostgresTrials(database),
        LineTable(database),
        open_access(pool),
        _hot_files(settings.home / "hot"),
        lambda: (pool.figures(), *bars.figures()),
        pool.alerts,
        (log, runs, bars, pool),
        writable=pool.writable,
        rows=RowChoice(bars),
        get_ready=Readiness(pool, claims.get_ready).begin,
        planning=bars.planning,
    )


class TeamBars(RowedBars, ReplicatedBars):
    """Bars with rows by choice, read from replicas where there are any."""


def _bars(pool: Pool, codec: Codec, settings: Settings) -> TeamBars:
    """Open the bars, and ask the replicas that the settings name."""
    try:
        bars = TeamBars(pool, codec)
        bars.follow(settings.replicas)
    except BaseException:
        pool.close()
        raise
    return bars


def look_at_schema(settings: Settings) -> tuple[str, str, SchemaState]:
    """Return the URL without a password, what the server is, and how its schema stands."""
    with _opened(settings) as pool:
        with pool.connection() as link:
            version = link.info.parameter_status("server_version") or "unknown"
        return pool.url.shown, f"PostgreSQL {version}", schema_state(pool)


def look_at_server(settings: Settings) -> Use:
    """Return who has the database open, and how its replicas stand."""
    with _opened(settings) as pool:
        use = look_at_sessions(pool)
        bars = ReplicatedBars(pool, ParquetCodec())
        bars.follow(settings.replicas, look_every_s=0)
        try:
            bars.look()
            return replace(use, replicas=tuple(bars.figures()))
        finally:
            bars.close()


def upgrade_schema(settings: Settings) -> tuple[str, SchemaState]:
    """Bring the schema to the newest step; return the URL without a password, and how it stood before."""
    with _opened(settings) as pool:
        return pool.url.shown, upgrade(pool)


def downgrade_schema(settings: Settings, step: str) -> tuple[str, SchemaState]:
    """Take the steps above one back; return the URL without a password, and how the schema stood before."""
    with _opened(settings) as pool:
        return pool.url.shown, downgrade(pool, step)


@contextmanager
def _opened(settings: Settings) -> Iterator[Pool]:
    """Open a pool for one question."""
    pool = _pool(settings)
    try:
        yield pool
    finally:
        pool.close()


def _pool(settings: Settings) -> Pool:
    """Open the pool of a URL."""
    return Pool(parse_url(settings.url), settings.pool)


def _hot_files(folder: Path) -> Path | None:
    """Return a folder for hot files, None where none can be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None
