"""run_sql: the SQL of one step, from its file."""

from pathlib import Path

from alembic import op

_HERE = Path(__file__).parent / "sql"


def run_sql(name: str) -> None:
    """Run a file of SQL, statement by statement; each ends with a line that ends in a semicolon."""
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    plain = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    for statement in plain.split(";\n"):
        if statement.strip():
            op.execute(statement.strip().rstrip(";"))
