"""DatabaseUrl: where a PostgreSQL is; its password is for the server alone."""

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tapehead.errors import ParameterError

_SCHEMES: Final = ("postgresql", "postgres")
_BOUND: Final = (
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, signs such as @ in a password written as %40, and after a ? only "
    "words that libpq knows, such as sslmode=require"
)
_SECRET: Final = b"*"
"""How libpq marks the words that nobody may see."""
_KEYS: Final = frozenset({"scram_client_key", "scram_server_key"})
"""As good as a password, though libpq does not mark them as one."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A checked `postgresql://user:password@host:port/database`, of one host or of several with commas between.

    `text` is what the server is asked with and stands in no message; `shown` is the same without a password, also
    without one in its query.
    """

    text: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        """Return the URL without a password."""
        return self.shown


def parse_url(text: str, name_in_errors: str = "url") -> DatabaseUrl:
    """Check a URL; raises ParameterError, which never holds a password."""
    scheme, _, rest = text.partition("://")
    place, question, query = rest.partition("?")
    place, slash, name = place.partition("/")
    who, at, hosts = place.rpartition("@")
    told = _told(text) if scheme in _SCHEMES else None
    # Where a password ends cannot be told if it holds such a sign itself: then no part of the text is shown.
    if told is None or "@" in who + name + query or "#" in text or not _are_ports(str(told.get("port") or "")):
        raise ParameterError(name=name_in_errors, value="that text", bound=_BOUND)
    plain = "&".join(part for part in query.split("&") if unquote(part.partition("=")[0]) not in _secrets())
    shown = f"{scheme}://{who.partition(':')[0]}{at}{hosts}"
    if not told.get("dbname"):
        raise ParameterError(name=name_in_errors, value=shown + slash, bound=f"of one database: {shown}/DATABASE")
    return DatabaseUrl(text, f"{shown}{slash}{name}{question if plain else ''}{plain}")


def _told(text: str) -> dict[str, Any] | None:
    """Return what libpq reads in a URL, None where it reads none; its own words for that may hold the password."""
    try:
        return conninfo_to_dict(text)
    except (ValueError, psycopg.Error):
        return None


def _are_ports(ports: str) -> bool:
    """Say whether ports are numbers, one a host; an empty one is the usual one."""
    return all(not port or (re.fullmatch(r"\d{1,5}", port) and 0 < int(port) < 65_536) for port in ports.split(","))


def _secrets() -> frozenset[str]:
    """Return the words of a query that hold secrets."""
    return _KEYS | {one.keyword.decode() for one in psycopg.pq.Conninfo.get_defaults() if one.dispchar == _SECRET}
