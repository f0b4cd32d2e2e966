"""AccessTables: keys and the audit log."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tapehead.errors import ParameterError
from tapehead.ports.access import AuditEntry, Key
from tapehead.stores.tables.database import Database

_AFTER_ALL = 2**62


class AccessTables:
    """`ports.access.AccessStore` over named statements. Safe from many threads and processes.

    `database` opens it at the first use: a store that is never served has none.
    """

    def __init__(self, database: Callable[[], Database]) -> None:
        self._open = database
        self._lock = threading.Lock()
        self._opened: Database | None = None

    @property
    def _database(self) -> Database:
        """The database, opened at first use."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def add_key(self, key: Key) -> None:
        """Keep a new key; raises ParameterError where a usable one has its name or any its prefix."""
        row = (key.prefix, key.name, ",".join(key.scopes), key.digest)
        with self._database.transaction(f"key {key.prefix}"):
            # First, so that of two at once one waits here and sees the key of the other.
            self._run("changed")
            asked = {"prefix": key.prefix, "name": key.name, "at": key.created_at}
            taken = self._run("taken", asked).fetchone()
            if taken is not None:
                text = f"A usable key is called '{taken[1]}': {taken[0]}. Take it back: tapehead keys revoke {taken[0]}"
                raise ParameterError(text, name="name", value=key.name)
            self._run("add_key", (*row, key.created_at, key.expires_at, key.revoked_at, key.used_at))

    def all_keys(self) -> Sequence[Key]:
        """Return every key, oldest first."""
        return [Key(row[0], row[1], tuple(row[2].split(",")), *row[3:]) for row in self._run("keys")]

    def generation(self) -> int:
        """Return a number that rises whenever a key is added or revoked."""
        return int(self._run("generation").fetchone()[0])

    def revoke(self, prefix: str, at: int) -> bool:
        """Take a key back; False where there is none or it was revoked before."""
        with self._database.transaction(f"key {prefix}"):
            done = bool(self._run("revoke", (at, prefix)).rowcount)
            if done:
                self._run("changed")
        return done

    def note_use(self, used: Mapping[str, int]) -> None:
        """Keep when keys were last used, by prefix (us UTC)."""
        with self._database.transaction("the last use of keys"):
            rows = [{"prefix": prefix, "at": at} for prefix, at in sorted(used.items())]
            self._database.execute_many("note_use", rows)

    def add_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Keep entries in the order given."""
        rows = [(e.at, e.who, e.address, e.method, e.path, e.status, e.request) for e in entries]
        with self._database.transaction("the audit log"):
            self._database.execute_many("add_audit", rows)

    def audit(self, *, before: int | None = None, limit: int = 100, who: str | None = None) -> Sequence[AuditEntry]:
        """Return the newest entries, newest first; with `before` those of a lower number, with `who` of one alone."""
        asked = {"before": _AFTER_ALL if before is None else before, "limit": limit, "who": who}
        return [AuditEntry(*row) for row in self._run("audit", asked)]

    def prune_audit(self, *, before: int, keep: int) -> int:
        """Delete entries older than `before` (us UTC) and all but the newest `keep`; return how many."""
        with self._database.transaction("the audit log"):
            return int(self._run("prune_audit", {"before": before, "keep": keep}).rowcount)

    def close(self) -> None:
        """Close the database connections of every thread."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()

    def _run(self, name: str, values: Any = ()) -> Any:
        """Run a named statement."""
        return self._database.execute(name, values)
