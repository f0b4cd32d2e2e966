"""ProcessValues: values in this process alone, where neither a Redis nor a folder can be used."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from tapehead.ports.values import Missing, NamespaceFacts, StoreFacts, ValueKey

_REMEMBERED: Final = 10_000
"""Keys of values that are gone, so that it can be said why."""


class _Kept(NamedTuple):
    """Bytes, and when they are good no longer."""

    data: bytes
    until: float


class _Claim:
    """The right to make one value."""

    def __init__(self, claims: "dict[ValueKey, _Claim]", key: ValueKey) -> None:
        self._claims, self._key = claims, key

    def release(self) -> None:
        """Give it back, if it is still this one's."""
        if self._claims.get(self._key) is self:
            del self._claims[self._key]


class ProcessValues:
    """`ports.values.ValueStore` in memory, bounded by bytes.

    Parameters
    ----------
    limit_bytes : int
        Bound of all values; 0 keeps none.
    clock : callable
        Seconds, rising, whatever the clock of the wall does.

    Notes
    -----
    Safe from many threads. The longest unused go first.
    """

    name = "process"

    def __init__(self, limit_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit_bytes, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[ValueKey, _Kept] = OrderedDict()
        self._gone: OrderedDict[ValueKey, None] = OrderedDict()
        self._versions: dict[tuple[str, bytes], set[str]] = {}
        self._claims: dict[ValueKey, _Claim] = {}
        self._counts: dict[str, dict[str, float]] = {}
        self._size = 0

    def read(self, key: ValueKey) -> bytes | Missing:
        """Return the bytes, or why there are none."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and self._clock() < kept.until:
                self._kept.move_to_end(key)
                return kept.data
            if kept is not None:
                return "expired"
            if key in self._gone:
                return "evicted"
            return "changed" if self._versions.get(key[:2]) else "absent"

    def write(self, key: ValueKey, data: bytes, ttl_s: float, max_items: int) -> bool:
        """Keep the bytes, throwing out the longest unused."""
        if len(data) > self._limit:
            return False
        with self._lock:
            self._drop(key)
            self._gone.pop(key, None)
            same = [one for one in self._kept if one.namespace == key.namespace]
            while self._size + len(data) > self._limit or len(same) >= max_items:
                oldest = same.pop(0) if len(same) >= max_items else next(iter(self._kept))
                self._drop(oldest)
                self._gone[oldest] = None
                same = [one for one in same if one != oldest]
            while len(self._gone) > _REMEMBERED:
                self._gone.popitem(last=False)
            self._kept[key] = _Kept(data, self._clock() + ttl_s)
            self._versions.setdefault(key[:2], set()).add(key.version)
            self._size += len(data)
        return True

    def claim(self, key: ValueKey) -> _Claim | None:
        """Take the right to make a value."""
        with self._lock:
            if key in self._claims:
                return None
            claim = self._claims[key] = _Claim(self._claims, key)
            return claim

    def forget(self, key: ValueKey) -> bool:
        """Drop one value."""
        with self._lock:
            self._gone.pop(key, None)
            return self._drop(key)

    def clear(self, namespace: str | None = None) -> int:
        """Drop the values and counters of a namespace, or all."""
        with self._lock:
            ours = [key for key in self._kept if namespace in (None, key.namespace)]
            for key in ours:
                self._drop(key)
            for key in [key for key in self._gone if namespace in (None, key.namespace)]:
                del self._gone[key]
            for name in [name for name in self._counts if namespace in (None, name)]:
                del self._counts[name]
            return len(ours)

    def count(self, counts: Mapping[str, Mapping[str, float]]) -> None:
        """Add to the counters."""
        with self._lock:
            for namespace, added in counts.items():
                held = self._counts.setdefault(namespace, {})
                for name, value in added.items():
                    held[name] = held.get(name, 0.0) + value

    def namespaces(self) -> Sequence[NamespaceFacts]:
        """Return what each namespace holds."""
        with self._lock:
            sizes: dict[str, list[int]] = {name: [] for name in self._counts}
            for key, kept in self._kept.items():
                sizes.setdefault(key.namespace, []).append(len(kept.data))
            return [
                NamespaceFacts(name, len(held), sum(held), dict(self._counts.get(name, {})))
                for name, held in sorted(sizes.items())
            ]

    def facts(self) -> StoreFacts:
        """Return how much is kept."""
        return StoreFacts(self.name, "this process", self._size, self._limit)

    def close(self) -> None:
        """Keep what there is: it ends with the process."""

    def _drop(self, key: ValueKey) -> bool:
        """Take one value out; the lock is held."""
        kept = self._kept.pop(key, None)
        if kept is None:
            return False
        self._size -= len(kept.data)
        versions = self._versions[key[:2]]
        versions.discard(key.version)
        if not versions:
            del self._versions[key[:2]]
        return True
