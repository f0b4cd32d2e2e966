"""ChunkCacheContract: what every tier of decoded columns must do, as tests for pytest to collect."""
# ruff: noqa: D102 - a test's name is its sentence

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import ChunkCache
from tapehead.testing.samples import Columns, sample_columns, sample_series


def sample_ref(columns: Columns, seed: int = 0) -> SegmentRef:
    """Return a ref that stands for the columns; `seed` names it."""
    name = hashlib.sha256(str(seed).encode()).digest()
    outer = int(columns["ts"][0]), int(columns["ts"][-1])
    return SegmentRef(sample_series(), 2021, 0, name, name, *outer, len(columns["ts"]), 1, None)


def empty(rows: int, columns: Sequence[Column] = BAR_COLUMNS) -> Columns:
    """Return arrays to read into, full of bytes that no test writes."""
    into: Columns = {}
    for name in columns:
        into[name] = np.empty(rows, BAR_DTYPES[name])
        into[name].view(np.uint8)[:] = 0xA5
    return into


class ChunkCacheContract:
    """Subclass it as `Test…` and say how to make an empty tier."""

    def make(self, tmp_path: Path, limit_bytes: int) -> ChunkCache:
        """Return an empty tier that keeps at most `limit_bytes`."""
        raise AssertionError(f"a subclass says how a tier of {limit_bytes} bytes is made below {tmp_path}")

    def bound(self, limit_bytes: int) -> int:
        """Return the most bytes that `stats` may tell of a tier made with a limit."""
        return limit_bytes

    def test_what_was_not_written_is_a_miss(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 1 << 20)
        ref = sample_ref(sample_columns(10))
        assert not tier.has(ref, BAR_COLUMNS)
        assert not tier.read(ref, BAR_COLUMNS, empty(10))
        stats = tier.stats()
        assert (stats.misses, stats.hits, stats.hit_ms) == (1, 0, None)
        assert (stats.miss_ms or 0.0) > 0.0

    def test_what_was_written_is_read_bit_for_bit(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 1 << 20)
        columns = sample_columns(999)
        columns["open"][:3] = [-0.0, 5e-324, 1.7976931348623157e308]
        ref = sample_ref(columns)
        tier.write(ref, columns)
        assert tier.has(ref, BAR_COLUMNS)
        into = empty(999)
        assert tier.read(ref, BAR_COLUMNS, into)
        for name in BAR_COLUMNS:
            assert into[name].tobytes() == columns[name].tobytes()
        stats = tier.stats()
        assert (stats.hits, stats.misses, stats.miss_ms, stats.degraded) == (1, 0, None, "")
        assert (stats.hit_ms or 0.0) > 0.0

    def test_a_cleared_tier_is_empty_and_goes_on(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 1 << 20)
        columns = sample_columns(50)
        for seed in range(3):
            tier.write(sample_ref(columns, seed), columns)
        assert tier.clear() == 3
        assert tier.clear() == 0
        assert not tier.read(sample_ref(columns, 1), BAR_COLUMNS, empty(50))
        tier.write(sample_ref(columns, 1), columns)
        assert tier.read(sample_ref(columns, 1), BAR_COLUMNS, empty(50))

    def test_any_columns_are_read_in_any_order(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 1 << 20)
        columns = sample_columns(77)
        tier.write(sample_ref(columns), columns)
        orders: list[tuple[Column, ...]] = [("close",), ("flags", "ts"), ("volume", "open", "low"), ("high", "flags")]
        for names in orders:
            into = empty(77, names)
            assert tier.read(sample_ref(columns), names, into)
            for name in names:
                assert into[name].tobytes() == columns[name].tobytes()

    def test_segments_do_not_mix(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 1 << 20)
        blocks = {seed: sample_columns(50, seed=seed) for seed in range(5)}
        for seed, columns in blocks.items():
            tier.write(sample_ref(columns, seed), columns)
        for seed, columns in blocks.items():
            into = empty(50)
            assert tier.read(sample_ref(columns, seed), BAR_COLUMNS, into)
            assert into["close"].tobytes() == columns["close"].tobytes()

    def test_what_the_caller_does_to_its_arrays_stays_with_the_caller(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 1 << 20)
        columns = sample_columns(20)
        ref, before = sample_ref(columns), columns["close"].copy()
        tier.write(ref, columns)
        columns["close"][:] = 0
        into = empty(20)
        assert tier.read(ref, BAR_COLUMNS, into)
        into["close"][:] = 1
        again = empty(20)
        assert tier.read(ref, BAR_COLUMNS, again)
        assert again["close"].tobytes() == before.tobytes()

    def test_the_bound_holds_and_the_newest_stay(self, tmp_path: Path) -> None:
        rows, limit = 1000, 500_000
        tier = self.make(tmp_path, limit)
        blocks = {seed: sample_columns(rows, seed=seed) for seed in range(30)}
        for seed, columns in blocks.items():
            tier.write(sample_ref(columns, seed), columns)
            assert tier.stats().size_bytes <= limit
        assert tier.has(sample_ref(blocks[29], 29), BAR_COLUMNS)
        assert not tier.has(sample_ref(blocks[0], 0), BAR_COLUMNS)
        kept = [
            seed for seed, columns in blocks.items() if tier.read(sample_ref(columns, seed), BAR_COLUMNS, empty(rows))
        ]
        assert kept == list(range(kept[0], 30))

    def test_a_segment_larger_than_the_tier_is_not_kept(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 1000)
        columns = sample_columns(1000)
        tier.write(sample_ref(columns), columns)
        assert not tier.read(sample_ref(columns), BAR_COLUMNS, empty(1000))

    def test_threads_read_and_write_at_once(self, tmp_path: Path) -> None:
        tier = self.make(tmp_path, 300_000)
        blocks = {seed: sample_columns(500, seed=seed) for seed in range(20)}
        faults: list[int] = []

        def work(first: int) -> None:
            for turn in range(100):
                seed = (first + turn * 7) % 20
                ref, into = sample_ref(blocks[seed], seed), empty(500)
                if not tier.read(ref, BAR_COLUMNS, into):
                    tier.write(ref, blocks[seed])
                elif any(into[name].tobytes() != blocks[seed][name].tobytes() for name in BAR_COLUMNS):
                    faults.append(seed)

        threads = [threading.Thread(target=work, args=(first,)) for first in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert tier.stats().size_bytes <= self.bound(300_000)
