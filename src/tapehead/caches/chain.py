"""Chain: tiers one above the other over a way to load a segment."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.segment import TAIL, Digest, SegmentRef
from tapehead.ports.bars import ChunkCache, TierStats

Array = NDArray[Any]
Load = Callable[[SegmentRef, Sequence[Column], Mapping[Column, Array]], None]


class Chain:
    """`ports.bars.ChunkCache` that always finds: a segment that no tier has is loaded, once.

    Parameters
    ----------
    tiers : sequence of ChunkCache
        Fastest first.
    load : callable
        Decodes the asked columns of a segment out of the store, straight into the arrays it is given.
    locks : Path, optional
        Folder for the files by which processes wait for each other; None, or a folder that cannot be written, lets
        each process load for itself.

    Notes
    -----
    Safe from many threads. Threads that want the same segment wait for the one that loads it, and so do processes;
    whoever waited finds it in a tier. What a lower tier has is written into those above it. Blocks of the tail are
    small, lie raw in the store and are soon merged: they are loaded each time, and no tier keeps them.
    """

    def __init__(self, tiers: Sequence[ChunkCache], load: Load, *, locks: Path | None = None) -> None:
        self._tiers = tuple(tiers)
        self._load = load
        self._locks = locks
        self._guard = threading.Lock()
        self._loading: dict[Digest, tuple[threading.Lock, int]] = {}
        self._hits = 0
        self._loads = 0

    def read(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> bool:
        """Fill `into` from the first tier that has the columns, else by loading; raises what loading raises."""
        if ref.layer == TAIL:
            self._load(ref, columns, into)
            return True
        if not self._tiers:
            self._loads += 1
            self._load(ref, columns, into)
            return True
        if self._read_tiers(ref, columns, into):
            return True
        with self._alone(ref.data), self._alone_among_processes(ref.data):
            # Another may have loaded it while this one waited.
            if self._read_tiers(ref, columns, into):
                return True
            self._loads += 1
            self._load_all(ref, columns, into)
        return True

    def write(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Write into every tier."""
        if ref.layer == TAIL:
            return
        for tier in self._tiers:
            tier.write(ref, columns)

    def has(self, ref: SegmentRef, columns: Sequence[Column]) -> bool:
        """Say whether a tier has the columns, so that nothing need be decoded."""
        return ref.layer == TAIL or any(tier.has(ref, columns) for tier in self._tiers)

    def stats(self) -> TierStats:
        """Return the figures of the chain; a miss is a load. Its tiers speak for themselves in `tiers`."""
        every = self.tiers()
        degraded = "; ".join(one.degraded for one in every if one.degraded)
        size, limit = sum(one.size_bytes for one in every), sum(one.limit_bytes for one in every)
        return TierStats("chain", self._hits, self._loads, size, limit, degraded)

    def tiers(self) -> Sequence[TierStats]:
        """Return the figures of each tier, fastest first."""
        return [tier.stats() for tier in self._tiers]

    def _load_all(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> None:
        """Load every column and hand them to the tiers, through `into` where all are asked for."""
        if all(name in columns for name in BAR_COLUMNS):
            self._load(ref, BAR_COLUMNS, into)
            self.write(ref, into)
            return
        whole = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        self._load(ref, BAR_COLUMNS, whole)
        self.write(ref, whole)
        for name in columns:
            np.copyto(into[name], whole[name])

    def _read_tiers(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> bool:
        """Read from the first tier that has the columns and hand them to those above."""
        for at, tier in enumerate(self._tiers):
            if tier.read(ref, columns, into):
                for above in self._tiers[:at]:
                    above.write(ref, {name: into[name] for name in columns})
                self._hits += 1
                return True
        return False

    @contextmanager
    def _alone(self, data: Digest) -> Iterator[None]:
        """Hold the lock of one segment among threads; it goes with the last who wants it."""
        with self._guard:
            lock, users = self._loading.get(data, (threading.Lock(), 0))
            self._loading[data] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._loading.pop(data)
                if users > 1:
                    self._loading[data] = lock, users - 1

    @contextmanager
    def _alone_among_processes(self, data: Digest) -> Iterator[None]:
        """Hold one of 256 lock files; two segments of one file wait for each other, which costs time, never truth."""
        descriptor = -1
        if self._locks is not None:
            with suppress(OSError):
                self._locks.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self._locks / f"{data[0]:02x}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if descriptor >= 0:
                os.close(descriptor)
