"""Run by Alembic: one transaction for all steps, under a lock that lets one process at a time move the schema."""

from alembic import context
from sqlalchemy import Connection, text

from tapehead.database.pool import SCHEMA

_LOCK = 0x7461_7065
"""Of an advisory lock: "tape"."""


def run(connection: Connection) -> None:
    """Move the schema within a transaction."""
    context.configure(connection=connection, version_table_schema=SCHEMA, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        # For every step, also for one that does not say so: who waits for a table keeps all others from it.
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        # Not IF NOT EXISTS, which wants the right to make schemas also where an administrator made this one.
        if connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": SCHEMA}) is None:
            connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        context.run_migrations()


run(context.config.attributes["connection"])
