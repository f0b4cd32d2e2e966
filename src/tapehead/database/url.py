"""DatabaseUrl: where a PostgreSQL is; its password is for the server alone."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tapehead.errors import ParameterError

_SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A checked `postgresql://user:password@host:port/database`.

    `text` is what the server is asked with and stands in no message; `shown` is the same without a password.
    """

    text: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        """Return the URL without a password."""
        return self.shown


def parse_url(text: str) -> DatabaseUrl:
    """Check a URL; raises ParameterError, which never holds a password."""
    try:
        parts = urlsplit(text)
        port = parts.port
        conninfo_to_dict(text)
    except (ValueError, psycopg.Error):
        # Its text may hold the password, and where it begins cannot be told.
        raise ParameterError(name="url", value="that text", bound=_BOUND) from None
    if "@" in parts.path + parts.query + parts.fragment or parts.fragment:
        raise ParameterError(name="url", value="that text", bound=_BOUND)
    shown = _shown(parts, port)
    if parts.scheme not in _SCHEMES:
        raise ParameterError(name="url", value=shown, bound=_BOUND)
    if not parts.path.strip("/"):
        raise ParameterError(name="url", value=shown, bound=f"of one database: {shown.rstrip('/')}/DATABASE")
    return DatabaseUrl(text, shown)


_BOUND = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, signs such as @ in a password written as %40"


def _shown(parts: SplitResult, port: int | None) -> str:
    """Return a URL without its password, and without what a query may hold of one."""
    host = parts.hostname or ""
    place = f"[{host}]" if ":" in host else host
    where = f"{place}:{port}" if port else place
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit((parts.scheme, user + where, parts.path, "", ""))
