"""Step 0001: the tables of bars, runs and access; nothing goes back before it."""

from tapehead.database.migrations.steps import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    run_sql("0001_begin.sql")


def downgrade() -> None:
    """Refuse: before this step there is no store, so that going back would throw away every bar."""
    raise ValueError("step 0001 makes the store; to be rid of it, drop the schema: DROP SCHEMA tapehead CASCADE")
