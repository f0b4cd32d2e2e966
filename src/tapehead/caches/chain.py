"""Chain: tiers one above the other over a way to load a segment."""

import fcntl
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.segment import TAIL, Digest, SegmentRef
from tapehead.ports.bars import ChunkCache, TierStats

Array = NDArray[Any]
Decode = Callable[[Sequence[Column], Mapping[Column, Array]], None]
"""Writes the asked columns of one segment into arrays."""
Load = Callable[[Sequence[SegmentRef]], Generator[Decode, None, None]]
"""Asks the store for segments and yields, in their order, what decodes each."""
Wanted = tuple[SegmentRef, Mapping[Column, Array]]


class Chain:
    """`ports.bars.Tiers`: a segment that no tier has is loaded, once.

    Parameters
    ----------
    tiers : sequence of ChunkCache
        Fastest first.
    load : callable
        Asks the store for segments, many at once, and decodes one after the other straight into arrays.
    loaded_into : sequence of ChunkCache, optional
        Those that are given what was loaded, where one of them gives it to others; None means all.
    locks : Path, optional
        Folder for the files by which processes wait for each other; None, or a folder that cannot be written, lets
        each process load for itself.

    Notes
    -----
    Safe from many threads. Threads that want the same segment wait for the one that loads it, and so do processes;
    whoever waited finds it in a tier. What a lower tier has is written into those above it. Blocks of the tail are
    small, lie raw in the store and are soon merged: they are loaded each time, and no tier keeps them.
    """

    def __init__(
        self,
        tiers: Sequence[ChunkCache],
        load: Load,
        *,
        loaded_into: Sequence[ChunkCache] | None = None,
        locks: Path | None = None,
    ) -> None:
        self._tiers = tuple(tiers)
        self._loaded_into = self._tiers if loaded_into is None else tuple(loaded_into)
        self._load = load
        self._locks = locks
        self._guard = threading.Lock()
        self._loading: dict[Digest, tuple[threading.Lock, int]] = {}
        self._hits = 0
        self._loads = 0

    def read(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> bool:
        """Fill `into` from the first tier that has the columns, else by loading; raises what loading raises."""
        self.read_many([(ref, {name: into[name] for name in columns})])
        return True

    def read_many(self, wanted: Sequence[Wanted]) -> None:
        """Fill the arrays of each ref; what no tier has is loaded by one look at the store."""
        tails = [one for one in wanted if one[0].layer == TAIL]
        missing = [one for one in wanted if one[0].layer != TAIL and not (self._tiers and self._read_tiers(*one))]
        if not self._tiers or not missing:
            self._loads += len(missing)
            self._take([*missing, *tails], keep=False)
            return
        # The first stands for all: those who want the same segments mostly want them in the same order.
        first = missing[0][0].data
        with self._alone(first), self._alone_among_processes(first):
            # Another may have loaded them while this one waited.
            missing = [one for one in missing if not self._read_tiers(*one)]
            self._loads += len(missing)
            self._take([*missing, *tails], keep=True)

    def write(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Write into every tier."""
        if ref.layer == TAIL:
            return
        for tier in self._loaded_into:
            tier.write(ref, columns)

    def has(self, ref: SegmentRef, columns: Sequence[Column]) -> bool:
        """Say whether a tier has the columns, so that nothing need be decoded."""
        return ref.layer == TAIL or any(tier.has(ref, columns) for tier in self._tiers)

    def clear(self) -> int:
        """Clear every tier."""
        return sum(tier.clear() for tier in self._tiers)

    def stats(self) -> TierStats:
        """Return the figures of the chain; a miss is a load. Its tiers speak for themselves in `tiers`."""
        every = self.tiers()
        degraded = "; ".join(one.degraded for one in every if one.degraded)
        size, limit = sum(one.size_bytes for one in every), sum(one.limit_bytes for one in every)
        return TierStats("chain", self._hits, self._loads, size, limit, degraded)

    def tiers(self) -> Sequence[TierStats]:
        """Return the figures of each tier, fastest first."""
        return [tier.stats() for tier in self._tiers]

    def _take(self, wanted: Sequence[Wanted], *, keep: bool) -> None:
        """Load every ref by one look; with `keep` segments go to the tiers whole."""
        if not wanted:
            return
        with closing(self._load([ref for ref, _ in wanted])) as decoders:
            for decode, (ref, into) in zip(decoders, wanted, strict=True):
                if keep and ref.layer != TAIL:
                    self._keep(ref, into, decode)
                else:
                    decode(tuple(into), into)

    def _keep(self, ref: SegmentRef, into: Mapping[Column, Array], decode: Decode) -> None:
        """Decode every column and hand them to the tiers, through `into` where all are asked for."""
        whole = into
        if not all(name in into for name in BAR_COLUMNS):
            whole = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        decode(BAR_COLUMNS, whole)
        self.write(ref, whole)
        if whole is not into:
            for name, values in into.items():
                np.copyto(values, whole[name])

    def _read_tiers(self, ref: SegmentRef, into: Mapping[Column, Array]) -> bool:
        """Read from the first tier that has the columns and hand them to those above."""
        for at, tier in enumerate(self._tiers):
            if tier.read(ref, tuple(into), into):
                for above in self._tiers[:at]:
                    above.write(ref, into)
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
