"""Database and Cache: a PostgreSQL, with databases on it, and a Valkey of one worker of the torture, to be killed."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tapehead.servers.programs import find_postgres, find_valkey

if TYPE_CHECKING:
    import psycopg

    from tests.servers import Own


_PATIENCE_S = 20.0
_LOOK_S = 0.01


class Database:
    """Started when first asked for; its guard ends it with the process."""

    def __init__(self) -> None:
        self._own: Own | None = None
        self._numbers = itertools.count(1)

    @property
    def own(self) -> Own:
        """The server."""
        if self._own is None:
            # Here: who tortures folders alone needs no server, nor what starts one.
            from tests.servers import Servers

            self._own = Servers().postgres(find_postgres(major=18))
        return self._own

    @contextmanager
    def made(self, template: str = "template1") -> Iterator[str]:
        """Lend the address of a database of its own, a copy of another one."""
        name = f"point{next(self._numbers)}"
        # By files, which ends in a checkpoint: of sequences copied through its log, a server that is killed then gives
        # numbers out a second time.
        self.administer(f"CREATE DATABASE {name} OWNER tapehead TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            self.administer(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return urlsplit(self.own.url)._replace(path=f"/{name}").geturl()

    def kill(self) -> None:
        """End the server as a power cut would, and start it again."""
        with self.away(0):
            pass

    @contextmanager
    def away(self, seconds: float) -> Iterator[None]:
        """End the server as a power cut would, and start it again so long after leaving."""
        self.own.kill()
        yield
        time.sleep(seconds)
        self.own.start()

    def hang(self, seconds: float) -> None:
        """Stop the server for a while; its kernel answers for it meanwhile."""
        with self.own.hanging():
            time.sleep(seconds)

    def end_sessions(self, url: str, named: str) -> None:
        """End the sessions of a database whose names end so, as an administrator may."""
        name = urlsplit(url).path[1:]
        found = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND application_name LIKE %s"
        with self._link() as link:
            link.execute(found, (name, f"%{named}"))

    def sessions(self, url: str) -> int:
        """Return how many sessions of Tapehead a database has; those of who has just gone are waited for."""
        found = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name LIKE 'tapehead%%'"
        end = time.monotonic() + _PATIENCE_S
        with self._link() as link:
            while True:
                (count,) = link.execute(found, (urlsplit(url).path[1:],)).fetchone() or (0,)
                if not count or time.monotonic() > end:
                    return int(str(count))
                time.sleep(_LOOK_S)

    def administer(self, statement: str) -> None:
        """Run a statement as superuser."""
        with self._link() as link:
            # All of it is text of the torture's own.
            link.execute(statement.encode())

    def _link(self) -> psycopg.Connection[tuple[object, ...]]:
        """Connect, for one statement: a child that is forked must find no connection."""
        import psycopg

        return psycopg.connect(self.own.admin_url, autocommit=True)


class Cache:
    """A Valkey, started when first asked for; its guard ends it with the process."""

    def __init__(self) -> None:
        self._own: Own | None = None

    @property
    def own(self) -> Own:
        """The server."""
        if self._own is None:
            from tests.servers import Servers

            self._own = Servers().valkey(find_valkey())
        return self._own


def environ(folder: str) -> None:
    """Let a child keep its hot files in a folder of its own, and wait long for a server that comes back."""
    os.environ |= {"TAPEHEAD_HOME": folder, "TAPEHEAD_POOL": "outage=60,silence=0.2"}
