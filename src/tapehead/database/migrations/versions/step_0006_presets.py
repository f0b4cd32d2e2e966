"""Step 0006: strategies with their parameters, kept under a name."""

from tapehead.database.migrations.steps import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table of presets."""
    run_sql("0006_presets.sql")


def downgrade() -> None:
    """Drop it; refused while it holds one."""
    run_sql("0006_no_presets.sql")
