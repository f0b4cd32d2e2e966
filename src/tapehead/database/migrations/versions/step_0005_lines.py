"""Step 0005: the newest values of indicators."""

from tapehead.database.migrations.steps import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make their table."""
    run_sql("0005_lines.sql")


def downgrade() -> None:
    """Drop it; nothing is lost, as it is made again from the bars."""
    run_sql("0005_no_lines.sql")
