"""The schema of a server store: which step it stands at, and how it is brought to the newest."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tapehead.database.pool import SCHEMA, Pool
from tapehead.errors import DatabaseRefusedError, NewerSchemaError, OlderSchemaError, ParameterError
from tapehead.layout.formats import DATABASE_STEP

_STEPS = Path(__file__).parent / "migrations"
_LOOK = """
SELECT to_regclass('alembic_version'), has_schema_privilege(to_regnamespace(%s)::oid, 'USAGE'),
    has_table_privilege(to_regclass('settled')::oid, 'INSERT')
"""
"""Who may not use a schema finds no table in it, as in one that is not there; every write is marked in `settled`."""
_KIND = """
SELECT c.relkind::TEXT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s
"""
_KINDS = {"v": "VIEW", "m": "MATERIALIZED VIEW", "f": "FOREIGN TABLE", "S": "SEQUENCE", "i": "INDEX", "I": "INDEX"}
"""What else than a table has a name, as ALTER calls it."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Which step a database stands at, empty where it holds no store, which is the newest, whether this user writes."""

    found: str
    newest: str
    may_write: bool = True

    @property
    def is_newest(self) -> bool:
        """Whether nothing is to be done."""
        return self.found == self.newest


def schema_state(pool: Pool) -> SchemaState:
    """Return how a database stands; raises DatabaseRefusedError where this user may not see it."""
    try:
        with pool.connection() as link:
            # Every connection looks for names in the schema of Tapehead alone.
            there, may_use, may_write = link.execute(_LOOK, (SCHEMA,)).fetchone() or (None, None, None)
            if may_use is False:
                raise DatabaseRefusedError(url=pool.url, cause=f"permission denied for schema {SCHEMA}", step=RIGHTS)
            if there is None:
                return SchemaState("", DATABASE_STEP)
            found = link.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.Error as error:
        raise DatabaseRefusedError(url=pool.url, cause=_cause(error), step=RIGHTS) from error
    return SchemaState("" if found is None else str(found[0]), DATABASE_STEP, may_write is not False)


def check_schema(pool: Pool) -> None:
    """Make the schema in an empty database; refuse one that is older or newer than this Tapehead.

    Raises
    ------
    OlderSchemaError, NewerSchemaError, DatabaseRefusedError
    """
    state = schema_state(pool)
    pool.writable = pool.writable and state.may_write
    if state.is_newest:
        return
    if not state.found:
        upgrade(pool)
    elif state.found > state.newest:
        raise NewerSchemaError(url=pool.url, found=state.found, newest=state.newest)
    else:
        raise OlderSchemaError(url=pool.url, found=state.found, newest=state.newest)


def upgrade(pool: Pool) -> SchemaState:
    """Bring the schema to the newest step, all steps or none; return how it stood before.

    Raises
    ------
    NewerSchemaError, DatabaseRefusedError
    """
    state = schema_state(pool)
    if state.found > state.newest:
        raise NewerSchemaError(url=pool.url, found=state.found, newest=state.newest)
    _move(pool, "upgrade", "head")
    return state


def downgrade(pool: Pool, step: str) -> SchemaState:
    """Take the steps above one back, all of them or none; return how the schema stood before.

    Raises
    ------
    ParameterError
        There is no such step below the one it stands at.
    DatabaseRefusedError
        A step says what would be lost.
    """
    state = schema_state(pool)
    lower = [f"{number:04}" for number in range(1, int(state.found or 0))]
    if step not in lower:
        bound = f"one of {', '.join(lower)}" if lower else "below the one it stands at, and there is none"
        raise ParameterError(name="step", value=step, bound=bound)
    if state.found > state.newest:
        raise NewerSchemaError(url=pool.url, found=state.found, newest=state.newest)
    _move(pool, "downgrade", step)
    return state


def _move(pool: Pool, way: str, step: str) -> None:
    """Let Alembic run steps in one transaction."""
    # 0.3 s of modules, which nobody needs whose schema is as it should be.
    import alembic.command
    import sqlalchemy
    from alembic.util.exc import CommandError
    from sqlalchemy.exc import DBAPIError

    link = pool.connect("schema", bounded=False)
    try:
        link.autocommit = False
        once = sqlalchemy.StaticPool
        engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: link, poolclass=once)
        with engine.connect() as connection:
            getattr(alembic.command, way)(_config(connection), step)
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.DuplicateTable):
            raise _in_the_way(pool, error.orig) from error
        raise DatabaseRefusedError(url=pool.url, cause=_cause(error.orig), step=_step_after(error.orig)) from error
    except CommandError as error:
        raise DatabaseRefusedError(url=pool.url, cause=_cause(error), step=_OWNER) from error
    finally:
        link.close()


def _in_the_way(pool: Pool, error: psycopg.Error) -> DatabaseRefusedError:
    """Return the error of a name in the schema that something else has already, with how to rename that."""
    found = re.search(r"[\"«„“]([a-z0-9_]+)[\"»“”]", error.diag.message_primary or "")
    name = found[1] if found else ""
    with pool.connection() as link:
        row = link.execute(_KIND, (SCHEMA, name)).fetchone()
    kind = _KINDS.get(row[0], "TABLE") if row else None
    if kind is None:
        return DatabaseRefusedError(url=pool.url, cause=_cause(error), step=_OWNER)
    rename = f"ALTER {kind} {SCHEMA}.{name} RENAME TO old_{name}"
    cause = f"the {kind.lower()} {SCHEMA}.{name} is in the way of the store"
    step = f"Nothing was changed. Let its owner rename it, {rename}, then run: tapehead db upgrade"
    return DatabaseRefusedError(url=pool.url, cause=cause, step=step)


def _step_after(error: BaseException | None) -> str:
    """Return what to do about an error of the server."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return "Nothing was changed. Somebody works on its tables: wait for that, then run it again: tapehead db status"
    # A step that refuses says itself what to do.
    return "Nothing was changed" if isinstance(error, psycopg.errors.RaiseException) else _OWNER


RIGHTS = (
    "Let the owner grant it: GRANT USAGE ON SCHEMA tapehead, and GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN "
    "SCHEMA tapehead, to that user, and for `store promote` UPDATE ON ALL SEQUENCES; then look: tapehead db status"
)
"""What a user of a store must be granted."""
_OWNER = "Nothing was changed. Let the owner of the database run: tapehead db upgrade"


def _cause(error: BaseException | None) -> str:
    """Return what the server says, in one line."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    return str(error).splitlines()[0]


def _config(connection: Any) -> Any:
    """Return Alembic's settings, without a file of them."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
