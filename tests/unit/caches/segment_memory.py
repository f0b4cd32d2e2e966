"""SegmentMemory: the plainest tier, for tests of chains."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import Column
from tapehead.model.segment import Digest, SegmentRef
from tapehead.ports.bars import TierStats

Array = NDArray[Any]


class SegmentMemory:
    """`ports.bars.ChunkCache` that keeps copies and hands out copies, least recently used out first.

    Parameters
    ----------
    limit_bytes : int
        Bound of the columns kept; 0 keeps nothing.

    Notes
    -----
    Safe from many threads: the lock is held for the look-up, never for a copy; columns kept are never changed.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._columns: OrderedDict[tuple[Digest, Column], Array] = OrderedDict()
        self._size = 0
        self._hits = 0
        self._misses = 0
        self._hit_s = self._miss_s = 0.0

    def read(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> bool:
        """Fill `into` when every asked column is kept."""
        began = time.perf_counter()
        found: list[tuple[Column, Array]] = []
        with self._lock:
            for name in columns:
                kept = self._columns.get((ref.data, name))
                if kept is None:
                    self._misses += 1
                    self._miss_s += time.perf_counter() - began
                    return False
                found.append((name, kept))
            for name in columns:
                self._columns.move_to_end((ref.data, name))
            self._hits += 1
        for name, kept in found:
            np.copyto(into[name], kept)
        self._hit_s += time.perf_counter() - began
        return True

    def write(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Keep copies; columns larger than the whole tier are not kept."""
        if sum(values.nbytes for values in columns.values()) > self._limit:
            return
        copies = {(ref.data, name): values.copy() for name, values in columns.items()}
        with self._lock:
            for key, values in copies.items():
                if key not in self._columns:
                    self._size += values.nbytes
                    self._columns[key] = values
                self._columns.move_to_end(key)
            while self._size > self._limit:
                self._size -= self._columns.popitem(last=False)[1].nbytes

    def has(self, ref: SegmentRef, columns: Sequence[Column]) -> bool:
        """Say whether every asked column is kept."""
        return all((ref.data, name) in self._columns for name in columns)

    def clear(self) -> int:
        """Forget everything."""
        with self._lock:
            gone = len({data for data, _ in self._columns})
            self._columns.clear()
            self._size = 0
        return gone

    def stats(self) -> TierStats:
        """Return counts since the tier was made."""
        times = self._hit_s, self._miss_s
        return TierStats("memory", self._hits, self._misses, self._size, self._limit, "", *times)
