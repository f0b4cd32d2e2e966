"""Step 0004: the newest bar of each series, and bars of coarser intervals that are kept."""

from tapehead.database.migrations.steps import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the bars beside blocks and coverage, and the table of roll-ups."""
    run_sql("0004_newest.sql")


def downgrade() -> None:
    """Drop both; nothing is lost, as all of it is worked out from the segments."""
    run_sql("0004_no_newest.sql")
