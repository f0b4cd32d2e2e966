"""The contract of a cache tier, kept by memory and by hot files."""

from pathlib import Path

from tapehead.caches.hot import HotTier
from tapehead.caches.memory import MemoryTier
from tapehead.ports.bars import ChunkCache
from tapehead.testing.chunk_cache import ChunkCacheContract


class TestMemoryTier(ChunkCacheContract):
    def make(self, tmp_path: Path, limit_bytes: int) -> ChunkCache:
        assert tmp_path.is_dir()
        return MemoryTier(limit_bytes)


class TestHotTier(ChunkCacheContract):
    def make(self, tmp_path: Path, limit_bytes: int) -> ChunkCache:
        return HotTier(tmp_path / "hot", limit_bytes)
