"""What the service and the command line ask of a store of keys and of the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Scope = Literal["read", "run", "write", "admin"]

SCOPES: tuple[Scope, ...] = ("read", "run", "write", "admin")
_INCLUDED: Mapping[str, tuple[Scope, ...]] = {
    "read": ("read",),
    "run": ("read", "run"),
    "write": ("read", "write"),
    "admin": SCOPES,
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept: never its text, which was shown once.

    Times are us UTC.

    Attributes
    ----------
    prefix : str
        8 hexadecimal digits that name it in lists and logs; no part of the secret.
    name : str
        What its maker called it; no two usable keys have the same.
    scopes : tuple of Scope
        As asked for; `allows` knows what they include.
    digest : bytes
        SHA-256 of the whole text of the key.
    created_at : int
    expires_at, revoked_at, used_at : int or None
        End of its time; when it was taken back; when it was last used, to the minute.
    """

    prefix: str
    name: str
    scopes: tuple[Scope, ...]
    digest: bytes
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    used_at: int | None = None

    def allows(self, scope: Scope) -> bool:
        """Say whether a scope is among those of the key or included in one of them."""
        return any(scope in _INCLUDED[each] for each in self.scopes)

    def is_usable(self, at: int) -> bool:
        """Say whether it is neither revoked nor expired at a time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One write over HTTP: who, what, when, how it ended. Holds no query, no header, no body.

    Attributes
    ----------
    number : int
        Rises with every entry; 0 before it is kept.
    at : int
        us UTC.
    who : str
        Prefix of a key, or `loopback` where none was needed.
    address : str
        Of the client.
    method, path : str
        What was asked.
    status : int
        HTTP status of the answer; of a stream the one it began with.
    request : str
        Id of the request, as the log and the answer name it.
    """

    number: int
    at: int
    who: str
    address: str
    method: str
    path: str
    status: int
    request: str


class AccessStore(Protocol):
    """Keys and the audit log. Safe from many threads and processes."""

    def add_key(self, key: Key) -> None:
        """Keep a new key; raises ParameterError where a usable one has its name or any its prefix."""
        ...

    def all_keys(self) -> Sequence[Key]:
        """Return every key, oldest first; those that were revoked too."""
        ...

    def generation(self) -> int:
        """Return a number that rises whenever a key is added or revoked, by whichever process."""
        ...

    def revoke(self, prefix: str, at: int) -> bool:
        """Take a key back; False where there is none or it was revoked before."""
        ...

    def note_use(self, used: Mapping[str, int]) -> None:
        """Keep when keys were last used, by prefix (us UTC); an earlier time never replaces a later one."""
        ...

    def add_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Keep entries in the order given; they get their numbers."""
        ...

    def audit(self, *, before: int | None = None, limit: int = 100, who: str | None = None) -> Sequence[AuditEntry]:
        """Return the newest entries, newest first; with `before` those of a lower number, with `who` of one alone."""
        ...

    def prune_audit(self, *, before: int, keep: int) -> int:
        """Delete entries older than `before` (us UTC) and all but the newest `keep`; return how many."""
        ...
