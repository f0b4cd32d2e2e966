"""run_sql: the SQL of one step, from its file."""

from pathlib import Path

from alembic import op

_HERE = Path(__file__).parent / "sql"


def run_sql(name: str) -> None:
    """Run a file of SQL, statement by statement; each ends with a line that ends in a semicolon outside of $$."""
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    plain = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    statement = ""
    for line in plain.splitlines(keepends=True):
        statement += line
        if line.rstrip().endswith(";") and statement.count("$$") % 2 == 0:
            op.execute(statement.strip().rstrip(";"))
            statement = ""
