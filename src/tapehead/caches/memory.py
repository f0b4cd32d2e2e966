"""MemoryTier: whole series as read-only columns in this process, bounded by bytes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from tapehead.layout.columns import Column
from tapehead.model.segment import Digest
from tapehead.ports.bars import TierStats

Columns = Mapping[Column, NDArray[Any]]
IN_USE_S = 30.0


class _Kept(NamedTuple):
    """Columns, their bytes, and when they were last asked for (s)."""

    columns: Columns
    size_bytes: int
    used_at: float


class MemoryTier:
    """`ports.bars.SeriesCache`: nothing is copied in or out, so a series asked for again costs no read at all.

    Parameters
    ----------
    limit_bytes : int
        Bound of the columns kept; 0 keeps nothing.
    clock : callable
        Seconds, rising.

    Notes
    -----
    Safe from many threads: columns are read-only. The least recently used go first, but none that was asked for in the
    last 30 s: a universe larger than the tier would else throw out each series just before it is asked for again.
    """

    def __init__(self, limit_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Digest, ...], _Kept] = OrderedDict()
        self._size = 0
        self._hits = 0
        self._misses = 0
        self._hit_s = self._miss_s = 0.0

    def get(self, key: tuple[Digest, ...]) -> Columns | None:
        """Return the columns of the segments named by `key`, laid over each other, or None."""
        began = time.perf_counter()
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                self._misses += 1
                self._miss_s += time.perf_counter() - began
                return None
            self._hits += 1
            self._kept[key] = found._replace(used_at=self._clock())
            self._kept.move_to_end(key)
            self._hit_s += time.perf_counter() - began
            return found.columns

    def has(self, key: tuple[Digest, ...]) -> bool:
        """Say whether `get` would find it."""
        return key in self._kept

    def has_room(self, size_bytes: int) -> bool:
        """Say whether columns of this size would be kept."""
        if size_bytes > self._limit:
            return False
        with self._lock:
            free, now = self._limit - self._size, self._clock()
            for kept in self._kept.values():
                if free >= size_bytes or now - kept.used_at < IN_USE_S:
                    break
                free += kept.size_bytes
            return free >= size_bytes

    def put(self, key: tuple[Digest, ...], columns: Columns) -> None:
        """Keep columns that nobody will change, as far as there is room."""
        size = sum(values.nbytes for values in columns.values())
        if not self.has_room(size):
            return
        for values in columns.values():
            values.flags.writeable = False
        with self._lock:
            if key in self._kept:
                return
            while self._size + size > self._limit:
                self._size -= self._kept.popitem(last=False)[1].size_bytes
            self._kept[key] = _Kept(columns, size, self._clock())
            self._size += size

    def stats(self) -> TierStats:
        """Return counts since the tier was made."""
        times = self._hit_s, self._miss_s
        return TierStats("memory", self._hits, self._misses, self._size, self._limit, "", *times)
