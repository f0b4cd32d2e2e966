"""liveness_words: how a client, and the server, notice that the network between them is gone."""

from typing import Final

from psycopg.conninfo import conninfo_to_dict

from tapehead.database.url import DatabaseUrl

_CLIENT: Final = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Seconds, and ms: after 15 s without a sign of the other side, asked or not, the connection is lost."""
SERVER_OPTIONS: Final = (
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30s"
    " -c client_connection_check_interval=10s"
)
"""The same for the other side, so that locks of a client that is cut off are free after half a minute."""


def liveness_words(url: DatabaseUrl) -> dict[str, int]:
    """Return keywords for libpq; what a URL says of them itself is left as it is."""
    told = conninfo_to_dict(url.text)
    return {name: value for name, value in _CLIENT.items() if name not in told}
