"""BehindTier: hot files, and what Redis keeps, are written when nobody waits for a read any more."""

import atexit
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.caches.hot import HotTier
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.model.segment import Digest, SegmentRef
from tapehead.ports.bars import ChunkCache, TierStats

Array = NDArray[Any]

QUIET_S = 0.25
"""So long nothing was asked for before writing begins."""
OLDEST_S = 5.0
"""After which the oldest that waits is written, whatever is asked for."""


class _Waiting(NamedTuple):
    """A segment that is to be written, and since when it waits (s)."""

    ref: SegmentRef
    columns: Mapping[Column, Array]
    since: float


class BehindTier:
    """`ports.bars.ChunkCache` over hot files: what is written waits in memory, and is read from there.

    Parameters
    ----------
    tier : HotTier
        Where segments go in the end; one that cannot be written is met at once, not in the end.
    limit_bytes : int
        Of columns that wait; what does not fit is written at once, by who brings it.
    quiet_s, oldest_s : float
        A thread begins to write when nothing was asked for in the last `quiet_s`, or one waits for `oldest_s` (s).
    also : sequence of ChunkCache
        Other tiers that are written at the same time, where they lack it; whoever reads them does so without this one.

    Notes
    -----
    Safe from many threads. Columns are copied, which takes a tenth of the time of a file. `close` writes what waits, as
    does the end of the interpreter; `kill -9` costs a decode. Another process that wants the same segment meanwhile
    loads it for itself, so a process that works for others has no such tier.
    """

    def __init__(
        self,
        tier: HotTier,
        limit_bytes: int,
        *,
        quiet_s: float = QUIET_S,
        oldest_s: float = OLDEST_S,
        also: Sequence[ChunkCache] = (),
    ) -> None:
        self._tier = tier
        self._also = tuple(also)
        self._limit = limit_bytes
        self._quiet_s, self._oldest_s = quiet_s, oldest_s
        self._news = threading.Condition()
        self._waiting: dict[Digest, _Waiting] = {}
        self._size = 0
        self._asked_at = 0.0
        self._hits, self._hit_s = 0, 0.0
        self._thread: threading.Thread | None = None
        self._hurried = self._closed = False
        self._pid = os.getpid()

    def read(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> bool:
        """Fill `into` from what waits, else from the tier."""
        began = self._asked_at = time.monotonic()
        waiting = self._waiting.get(ref.data)
        if waiting is None:
            return self._tier.read(ref, columns, into)
        for name in columns:
            np.copyto(into[name], waiting.columns[name])
        self._hits += 1
        self._hit_s += time.monotonic() - began
        return True

    def write(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Let columns wait, if all of them are given and they fit."""
        self._asked_at = time.monotonic()
        size = sum(values.nbytes for values in columns.values())
        whole = all(name in columns for name in BAR_COLUMNS)
        if not whole or ref.data in self._waiting:
            return
        if self._closed or self._pid != os.getpid() or self._size + size > self._limit:
            self._write(ref, columns)
            return
        if not self._tier.can_write(ref):
            self._write_others(ref, columns)
            return
        copied = {name: np.array(columns[name], copy=True) for name in BAR_COLUMNS}
        with self._news:
            if ref.data not in self._waiting:
                self._waiting[ref.data] = _Waiting(ref, copied, time.monotonic())
                self._size += size
                self._start()

    def has(self, ref: SegmentRef, columns: Sequence[Column]) -> bool:
        """Say whether it waits, or the tier has it."""
        return ref.data in self._waiting or self._tier.has(ref, columns)

    def clear(self) -> int:
        """Forget what waits, and clear the tier."""
        with self._news:
            gone = len(self._waiting)
            self._waiting.clear()
            self._size = 0
            self._news.notify_all()
        return gone + self._tier.clear()

    def stats(self) -> TierStats:
        """Return the figures of the tier, with what was read of what waits, and its bytes."""
        below = self._tier.stats()
        hits, hit_s = below.hits + self._hits, below.hit_s + self._hit_s
        return replace(below, hits=hits, hit_s=hit_s, size_bytes=below.size_bytes + self._size)

    def flush(self) -> None:
        """Write what waits now, and return when it is written."""
        with self._news:
            while self._waiting and self._thread is not None and self._pid == os.getpid():
                self._hurried = True
                self._news.notify_all()
                self._news.wait()
            self._hurried = False

    def close(self) -> None:
        """Write what waits; what comes later is written at once."""
        self._closed = True
        self.flush()
        atexit.unregister(self.close)

    def _start(self) -> None:
        """Have a thread that writes; it ends with the last that waits."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="tapehead-behind", daemon=True)
            atexit.register(self.close)
            self._thread.start()

    def _serve(self) -> None:
        """Write one after the other when it is time."""
        while (waiting := self._next()) is not None:
            try:
                self._write(waiting.ref, waiting.columns)
            except Exception:
                import logging

                logging.getLogger("tapehead.caches").exception("a segment could not be written to a tier")
            self._done(waiting)

    def _write(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Write into the tier, and into the others."""
        self._tier.write(ref, columns)
        self._write_others(ref, columns)

    def _write_others(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Write into those of the others that lack it: what was read from one of them comes here, too."""
        for other in self._also:
            if not other.has(ref, BAR_COLUMNS):
                other.write(ref, columns)

    def _next(self) -> _Waiting | None:
        """Wait for the time of the oldest, and return it; None where nothing waits, and this thread is over."""
        with self._news:
            while self._waiting:
                oldest, now = next(iter(self._waiting.values())), time.monotonic()
                left = min(self._asked_at + self._quiet_s, oldest.since + self._oldest_s) - now
                if self._hurried or left <= 0:
                    return oldest
                self._news.wait(left)
            self._thread = None
            atexit.unregister(self.close)
            self._news.notify_all()
            return None

    def _done(self, waiting: _Waiting) -> None:
        """Take one out of those that wait, unless they were cleared meanwhile."""
        with self._news:
            if self._waiting.get(waiting.ref.data) is waiting:
                del self._waiting[waiting.ref.data]
                self._size -= sum(values.nbytes for values in waiting.columns.values())
