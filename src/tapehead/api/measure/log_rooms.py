"""log_rooms: every room that logs, and whose level each logger follows."""

ROOMS = {
    "access": "Keys, scopes, hosts and origins that are refused; keys made and revoked.",
    "audit": "Every change asked for over HTTP, by whom.",
    "events": "The event log: listeners that failed, events let go.",
    "imports": "Files taken in over HTTP.",
    "requests": "A line a request: method, path, status, how long.",
    "runs": "Runs begun, resumed, ended, broken.",
    "server": "The server below: start, end, connections; what asyncio and uvicorn say.",
    "store": "Upkeep that the service does by itself.",
}
FOREIGN = {"asyncio": "server", "uvicorn": "server"}
"""Loggers of others, by the first part of their names."""


def room_of(logger: str) -> str:
    """Return the room of a logger's name; what nobody placed belongs to `server`."""
    first, _, rest = logger.partition(".")
    return rest.partition(".")[0] if first == "tapehead" and rest else FOREIGN.get(first, "server")
