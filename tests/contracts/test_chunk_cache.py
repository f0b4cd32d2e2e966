"""The contract of a cache tier, kept by hot files and by the plain tier of the tests."""

from pathlib import Path

from tapehead.caches.hot import HotTier
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
