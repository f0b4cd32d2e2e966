"""Step 0003: numbers of claims, and of transactions whose COMMIT got no answer."""

from tapehead.database.migrations.steps import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the number to runs, and the table of clients."""
    run_sql("0003_outages.sql")


def downgrade() -> None:
    """Drop both; nothing is lost, as nobody works on a run while its schema moves."""
    run_sql("0003_no_outages.sql")
