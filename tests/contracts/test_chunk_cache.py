"""The contract of a cache tier, kept by hot files and by the plain tier of the tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tapehead.caches.behind import BehindTier
from tapehead.caches.hot import HotTier
from tapehead.layout.columns import Column
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import ChunkCache
from tapehead.testing.chunk_cache import ChunkCacheContract
from tests.unit.caches.segment_memory import SegmentMemory


class TestSegmentMemory(ChunkCacheContract):
    def make(self, tmp_path: Path, limit_bytes: int) -> ChunkCache:
        assert tmp_path.is_dir()
        return SegmentMemory(limit_bytes)


class TestHotTier(ChunkCacheContract):
    def make(self, tmp_path: Path, limit_bytes: int) -> ChunkCache:
        return HotTier(tmp_path / "hot", limit_bytes)


class WrittenAtOnce(BehindTier):
    """Hot files behind a tier that is told each time to write what waits."""

    def write(self, ref: SegmentRef, columns: Mapping[Column, Any]) -> None:
        super().write(ref, columns)
        self.flush()


class TestBehindTier(ChunkCacheContract):
    def make(self, tmp_path: Path, limit_bytes: int) -> ChunkCache:
        return WrittenAtOnce(HotTier(tmp_path / "hot", limit_bytes), limit_bytes)
