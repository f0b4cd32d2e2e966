"""Step 0002: rows of bars by choice, marks of what is edited, and instruments that know whether they have data."""

from tapehead.database.migrations.steps import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of rows, their triggers and functions, and the flag."""
    run_sql("0002_rows.sql")


def downgrade() -> None:
    """Drop them; refused while a series has rows, so that nothing which was edited is lost."""
    run_sql("0002_no_rows.sql")
