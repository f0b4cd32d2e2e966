"""log_rooms: every room that logs, and whose level each logger follows."""

ROOMS = {
    "access": "Keys that are refused, and the upkeep of keys and of the audit log.",
    "database": "Connections that are waited for or do not come back, and replicas that are not asked.",
    "caches": "What cached functions returned and is too large to be kept.",
    "events": "The event log: listeners that failed.",
    "imports": "What came in over HTTP: files, instruments, the snapshot made.",
    "requests": "A line a request: method, path, status, how long.",
    "runs": "Runs begun, resumed, ended, broken.",
    "server": "The server below: start, end, connections; what asyncio and uvicorn say.",
}
FOREIGN = {"asyncio": "server", "uvicorn": "server"}
"""Loggers of others, by the first part of their names."""


def room_of(logger: str) -> str:
    """Return the room of a logger's name; what nobody placed belongs to `server`."""
    first, _, rest = logger.partition(".")
    return rest.partition(".")[0] if first == "tapehead" and rest else FOREIGN.get(first, "server")
