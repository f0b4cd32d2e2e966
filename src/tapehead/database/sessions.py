"""look_at_sessions: who has a database open, in every process and on every machine, as the server knows it."""

from pathlib import Path

from tapehead.database.pool import Pool
from tapehead.database.statements import read_statements
from tapehead.database.use import Session, Use


def look_at_sessions(pool: Pool) -> Use:
    """Return who has a database open, the longest transaction first; this look is left out."""
    statements = read_statements(Path(__file__).with_name("sessions.sql"))
    with pool.connection() as link:
        found = link.execute(statements["sessions"]).fetchall()
        of_server, limit = link.execute(statements["room"]).fetchone() or (0, 0)
    return Use(tuple(Session(*row) for row in found), of_server, limit)
