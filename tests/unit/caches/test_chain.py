"""The chain of tiers: one load among threads and processes, and what a lost tier says."""

import threading
import time
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tapehead.caches.chain import Chain, Decode
from tapehead.caches.hot import HotTier
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.testing.chunk_cache import empty, sample_ref
from tapehead.testing.samples import sample_columns
from tests.unit.caches.segment_memory import SegmentMemory
from tests.unit.stores.processes import finish, start

BLOCKS = {sample_ref(sample_columns(300, seed=seed), seed).data: sample_columns(300, seed=seed) for seed in range(8)}
REFS = [sample_ref(sample_columns(300, seed=seed), seed) for seed in range(8)]
LIMIT = 1 << 24


class Loads:
    """Loads from memory and counts; slowly enough that others come meanwhile."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.looks = 0

    def __call__(self, refs: Sequence[SegmentRef]) -> Generator[Decode, None, None]:
        self.looks += 1
        for ref in refs:
            self.asked.append(ref.data)
            time.sleep(0.01)
            yield partial(self.decode, ref)

    @staticmethod
    def decode(ref: SegmentRef, columns: Sequence[Any], into: Mapping[Any, Any]) -> None:
        for name in columns:
            into[name][:] = BLOCKS[ref.data][name]


def read(chain: Chain, ref: SegmentRef) -> None:
    into = empty(300)
    assert chain.read(ref, BAR_COLUMNS, into)
    assert all(into[name].tobytes() == BLOCKS[ref.data][name].tobytes() for name in BAR_COLUMNS)


def test_a_segment_is_loaded_once_and_then_found(tmp_path: Path) -> None:
    loads = Loads()
    memory, hot = SegmentMemory(LIMIT), HotTier(tmp_path / "hot", LIMIT)
    chain = Chain([memory, hot], loads, locks=tmp_path / "locks")
    assert not chain.has(REFS[0], BAR_COLUMNS)
    read(chain, REFS[0])
    assert memory.has(REFS[0], BAR_COLUMNS)
    assert hot.has(REFS[0], BAR_COLUMNS)
    assert chain.has(REFS[0], BAR_COLUMNS)
    read(chain, REFS[0])
    assert loads.asked == [REFS[0].data]
    assert (chain.stats().hits, chain.stats().misses) == (1, 1)
    assert [one.name for one in chain.tiers()] == ["memory", "hot"]


def test_blocks_of_the_tail_are_loaded_each_time_and_kept_nowhere(tmp_path: Path) -> None:
    loads = Loads()
    memory, hot = SegmentMemory(LIMIT), HotTier(tmp_path / "hot", LIMIT)
    chain = Chain([memory, hot], loads, locks=tmp_path / "locks")
    block = REFS[0]._replace(layer=TAIL)
    assert chain.has(block, BAR_COLUMNS)
    read(chain, block)
    read(chain, block)
    chain.write(block, BLOCKS[block.data])
    assert loads.asked == [block.data, block.data]
    assert not memory.has(block, BAR_COLUMNS)
    assert not hot.has(block, BAR_COLUMNS)
    assert list(tmp_path.iterdir()) == []


def test_what_a_lower_tier_has_goes_up(tmp_path: Path) -> None:
    hot = HotTier(tmp_path / "hot", LIMIT)
    hot.write(REFS[0], BLOCKS[REFS[0].data])
    memory, loads = SegmentMemory(LIMIT), Loads()
    read(Chain([memory, hot], loads), REFS[0])
    assert memory.has(REFS[0], BAR_COLUMNS)
    assert loads.asked == []


def test_threads_that_want_one_segment_load_it_once(tmp_path: Path) -> None:
    loads = Loads()
    chain = Chain([SegmentMemory(LIMIT), HotTier(tmp_path / "hot", LIMIT)], loads, locks=tmp_path / "locks")
    gate = threading.Barrier(8)
    faults: list[BaseException] = []

    def work(first: int) -> None:
        try:
            gate.wait()
            for turn in range(8):
                read(chain, REFS[(first + turn) % 8 if first % 2 else turn])
        except BaseException as error:
            faults.append(error)
            raise

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(loads.asked) == sorted(BLOCKS)


def test_processes_that_want_one_segment_load_it_once(tmp_path: Path) -> None:
    code = """
    import sys, time
    from pathlib import Path
    from tapehead.caches.chain import Chain
    from tapehead.caches.hot import HotTier
    from tapehead.layout.columns import BAR_COLUMNS
    from tapehead.testing.chunk_cache import empty, sample_ref
    from tapehead.testing.samples import sample_columns

    columns = sample_columns(300)
    loads = []
    def decode(names, into):
        for name in names:
            into[name][:] = columns[name]
    def load(refs):
        loads.extend(refs)
        time.sleep(0.5)
        for _ in refs:
            yield decode
    folder = Path(sys.argv[1])
    chain = Chain([HotTier(folder / "hot", 1 << 24)], load, locks=folder / "locks")
    print("ready", flush=True)
    sys.stdin.readline()
    into = empty(300)
    chain.read(sample_ref(columns), BAR_COLUMNS, into)
    print(len(loads), into["close"].tobytes() == columns["close"].tobytes())
    """
    processes = [start(code, tmp_path) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sorted(finish(process) for process in processes) == ["0 True\n", "0 True\n", "1 True\n"]


def test_a_load_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    loads, fails = Loads(), [True, False]

    def load(refs: Sequence[SegmentRef]) -> Generator[Decode, None, None]:
        if fails.pop(0):
            raise OSError("the disk is away")
        yield from loads(refs)

    chain = Chain([SegmentMemory(LIMIT)], load, locks=tmp_path / "locks")
    with pytest.raises(OSError, match="away"):
        chain.read(REFS[0], BAR_COLUMNS, empty(300))
    read(chain, REFS[0])


def test_some_columns_asked_for_first_leave_all_in_the_tiers(tmp_path: Path) -> None:
    loads = Loads()
    chain = Chain([SegmentMemory(LIMIT), HotTier(tmp_path / "hot", LIMIT)], loads, locks=tmp_path / "locks")
    into = empty(300)
    assert chain.read(REFS[0], ["close"], {"close": into["close"]})
    assert into["close"].tobytes() == BLOCKS[REFS[0].data]["close"].tobytes()
    read(chain, REFS[0])
    assert loads.asked == [REFS[0].data]


def test_many_segments_take_one_look_at_the_store_and_only_for_those_that_no_tier_has(tmp_path: Path) -> None:
    loads = Loads()
    chain = Chain([HotTier(tmp_path / "hot", LIMIT)], loads, locks=tmp_path / "locks")
    read(chain, REFS[2])
    block = REFS[3]._replace(layer=TAIL)
    wanted: list[Any] = [(ref, empty(300)) for ref in (*REFS[:3], block)] + [(REFS[4], {"close": empty(300)["close"]})]
    chain.read_many(wanted)
    assert (loads.looks, sorted(loads.asked[1:])) == (2, sorted(ref.data for ref in (*REFS[:2], block, REFS[4])))
    for ref, into in wanted:
        assert all(values.tobytes() == BLOCKS[ref.data][name].tobytes() for name, values in into.items())
    assert chain.has(REFS[4], BAR_COLUMNS)
    chain.read_many(wanted[:3])
    assert loads.looks == 2


def test_without_a_tier_and_without_locks_it_still_reads(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    loads = Loads()
    chain = Chain([], loads, locks=tmp_path / "file" / "locks")
    read(chain, REFS[0])
    read(chain, REFS[0])
    assert len(loads.asked) == 2


def test_a_lost_tier_shows_in_the_figures_of_the_chain(tmp_path: Path) -> None:
    (tmp_path / "hot").write_text("in the way")
    chain = Chain([SegmentMemory(LIMIT), HotTier(tmp_path / "hot", LIMIT)], Loads())
    read(chain, REFS[0])
    assert "cannot write" in chain.stats().degraded
