"""open_parts: a store in PostgreSQL, and what is asked of its database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tapehead.errors import MissingPackageError
from tapehead.ports.bars import Codec
from tapehead.settings import Settings

try:
    from tapehead.database.pool import Pool, PoolSettings
    from tapehead.database.schema import SchemaState, check_schema, schema_state, upgrade
    from tapehead.database.url import parse_url
    from tapehead.stores.postgres.bars import PostgresBars
    from tapehead.stores.postgres.events import PostgresEvents
    from tapehead.stores.postgres.runs import PostgresRuns, PostgresTrials, open_access, open_runs
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("psycopg", "psycopg_pool", "psycopg_binary"):
        raise
    raise MissingPackageError(call="A store in PostgreSQL", package="'tapehead[postgres]'") from error

from tapehead.wiring.parts import Parts

__all__ = ["SchemaState", "look_at_schema", "open_parts", "upgrade_schema"]


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
    runs, log = PostgresRuns(database, pool), PostgresEvents(database, pool)
    return Parts(
        pool.url.shown,
        PostgresBars(pool, codec),
        runs,
        log,
        PostgresTrials(database),
        open_access(pool),
        _hot_files(settings.home / "hot"),
        (log, runs, pool),
        writable=pool.writable,
    )


def look_at_schema(settings: Settings) -> tuple[str, str, SchemaState]:
    """Return the URL without a password, what the server is, and how its schema stands."""
    with _opened(settings) as pool:
        with pool.connection() as link:
            version = link.info.parameter_status("server_version") or "unknown"
        return pool.url.shown, f"PostgreSQL {version}", schema_state(pool)


def upgrade_schema(settings: Settings) -> tuple[str, SchemaState]:
    """Bring the schema to the newest step; return the URL without a password, and how it stood before."""
    with _opened(settings) as pool:
        return pool.url.shown, upgrade(pool)


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
    return Pool(parse_url(settings.url), PoolSettings(largest=max(settings.connections, 2)))


def _hot_files(folder: Path) -> Path | None:
    """Return a folder for hot files, None where none can be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None
