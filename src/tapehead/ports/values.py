"""ValueStore: where what functions returned is kept for a while, and who of many askers makes it anew."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

Missing = Literal["absent", "expired", "evicted", "changed", "unreadable", "away"]
"""Why a value is not there: nobody made it; its time is over; thrown out for room; made by another version of the
function; other bytes than were written; where it is kept cannot be asked."""
MISSING: tuple[Missing, ...] = ("absent", "expired", "evicted", "changed", "unreadable", "away")


class ValueKey(NamedTuple):
    """A value: its namespace, what was asked (16 bytes), and the version of what answers (16 hex digits)."""

    namespace: str
    digest: bytes
    version: str


class StoreAwayError(Exception):
    """The store cannot be asked now; its text is a sentence for people."""


class Claim(Protocol):
    """The right to make a value, held by one asker of all processes."""

    def release(self) -> None:
        """Let the next one try; never fails."""
        ...


@dataclass(frozen=True, slots=True)
class NamespaceFacts:
    """What a namespace holds, and its counters by name, summed over all processes since it was last cleared."""

    name: str
    items: int
    size_bytes: int
    counts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """A store of values: its name, where it is, its bytes and their bound (0: its server decides), and why it is away.

    `server` are figures of a server that keeps more than this: memory, bound, policy, evictions.
    """

    name: str
    where: str
    size_bytes: int = 0
    limit_bytes: int = 0
    degraded: str = ""
    server: Mapping[str, str | int] = field(default_factory=dict)


class ValueStore(Protocol):
    """Values by key, each good for a time. Safe from many threads; every call may raise StoreAwayError."""

    @property
    def name(self) -> str:
        """One word: `redis`, `local` or `process`."""
        ...

    def read(self, key: ValueKey) -> bytes | Missing:
        """Return the bytes of a value that is good, or why there is none."""
        ...

    def write(self, key: ValueKey, data: bytes, ttl_s: float, max_items: int) -> bool:
        """Keep bytes for a time; False where they are too large for the store."""
        ...

    def claim(self, key: ValueKey) -> Claim | None:
        """Take the right to make a value, or None while somebody who lives has it; does not wait."""
        ...

    def forget(self, key: ValueKey) -> bool:
        """Drop one value; say whether it was there."""
        ...

    def clear(self, namespace: str | None = None) -> int:
        """Drop the values of a namespace, or all that are ours and nobody else's; return how many."""
        ...

    def count(self, counts: Mapping[str, Mapping[str, float]]) -> None:
        """Add to the counters of namespaces."""
        ...

    def namespaces(self) -> Sequence[NamespaceFacts]:
        """Return what each namespace holds, by name."""
        ...

    def facts(self) -> StoreFacts:
        """Return how the store stands; never raises."""
        ...

    def close(self) -> None:
        """Let go of files and connections; a later call opens them again."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, and how it is kept.

    `ttl_s` is called when the value was made: nothing at or below 0 is kept. `write` makes bytes of what the function
    gave, `write_error` of what it raised, None where that is not kept; `read` gives it or raises it again, and raises
    `unreadable` for bytes that are no value.
    """

    key: ValueKey
    ttl_s: Callable[[], float]
    max_items: int
    max_value_bytes: int
    write: Callable[[Any], bytes]
    write_error: Callable[[Exception], bytes | None]
    read: Callable[[bytes], Any]
    unreadable: type[Exception]


class Values(Protocol):
    """Values that are made once however many ask; where they are kept is behind it. Safe from many threads."""

    def get_or_make(self, asked: Asked, make: Callable[[], Any]) -> Any:
        """Return the value, calling `make` where there is none; raises what that raises."""
        ...

    async def get_or_make_async(self, asked: Asked, make: Callable[[], Awaitable[Any]]) -> Any:
        """Return the value, awaiting `make` where there is none."""
        ...

    def look(self, asked: Asked) -> tuple[Any, Missing | None]:
        """Return a value that is there and None, or nothing and why."""
        ...

    def put(self, asked: Asked, value: Any) -> None:
        """Keep a value that somebody has made."""
        ...

    async def put_async(self, asked: Asked, value: Any) -> None:
        """The same, while the event loop goes on."""
        ...

    def forget(self, key: ValueKey) -> bool:
        """Drop one value, wherever it is kept; say whether it was there."""
        ...

    def clear(self, namespace: str | None = None) -> int:
        """Drop the values of a namespace, or all; return how many."""
        ...

    def here(self) -> Mapping[str, Mapping[str, float]]:
        """Return what was counted in this process, by namespace."""
        ...

    def namespaces(self) -> Sequence[tuple[str, NamespaceFacts]]:
        """Return the name of each store with what it holds by namespace, counted over all processes."""
        ...

    def facts(self) -> Sequence[StoreFacts]:
        """Return how each store stands."""
        ...

    def close(self) -> None:
        """Let go of files and connections; a later call opens them again."""
        ...
