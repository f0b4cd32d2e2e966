"""Lines of who has a database open: nothing is cut that says what to do, and nothing is wider than a terminal."""

from tapehead.cli.db_use import use_lines
from tapehead.database.figures import PoolFigures
from tapehead.database.use import Session, Use
from tapehead.library.documents.databases import database_from

BODY = {"where": "x", "server": "y", "found": "0001", "newest": "0001", "sessions_of_server": 3, "sessions_limit": 100}
REPLICA = {"name": "replica 1", "where": "postgresql://ann@one/market", "state": "ok", "text": "", "behind": 0}


def replica(**told: str) -> PoolFigures:
    """Figures of a replica."""
    use = database_from({**BODY, "sessions": [], "replicas": [{**REPLICA, **told}]})[1]
    assert use is not None
    return use.replicas[0]


def test_what_is_wrong_with_a_replica_stands_below_it_where_a_line_is_full() -> None:
    one = Session(7, "tapehead serve", "idle", "127.0.0.1", 0.3, None)
    why = "it follows no other server: name a streaming replica in TAPEHEAD_REPLICAS, or take it out of there"
    lines = list(use_lines(Use((one,), 3, 100, (replica(), replica(state="refused", text=why)))))
    assert lines[0] == "replica 1  postgresql://ann@one/market  ok, 0 commits behind"
    assert lines[1:4] == [
        "replica 1  postgresql://ann@one/market",
        "        refused, 0 commits behind: it follows no other server: name a streaming",
        "        replica in TAPEHEAD_REPLICAS, or take it out of there",
    ]
    assert lines[4] == "used    1 session here, 3 of 100 on the server"
    assert max(len(line) for told in lines for line in told.splitlines()) <= 80
    assert next(use_lines(Use((one, one), 3, 100))).startswith("used    2 sessions here, ")
