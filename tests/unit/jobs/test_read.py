"""read_bars: segments, layers, ranges, warm-up, unfinished bars, and memory that is never taken from its reader."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tapehead.jobs.read import read_bars
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, PARTIAL
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.testing.samples import HOUR, YEAR_2021, Columns
from tapehead.wiring.assemble import House
from tests.unit.library.market import HOUR_US, columns_of, house_of, put

ALWAYS = (-(2**62), 2**62)
ONE = Series("test", "ONE", HOUR)


@pytest.fixture(params=["memory", "no memory"])
def house(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A store whose memory keeps whole series, and one that reads into memory of its own each time."""
    monkeypatch.setenv("TAPEHEAD_MEMORY_MB", "64" if request.param == "memory" else "0")
    with open_store(tmp_path / "home") as store:
        yield house_of(store)


def held(house: House, series: Series = ONE) -> tuple[SegmentRef, ...]:
    return house.bars.manifest([series], *ALWAYS).refs[series]


def read(house: House, start: int | None = None, end: int | None = None, warm: int = 0, series: Series = ONE) -> Bars:
    return read_bars(house.shelf, series, held(house, series), start, end, warm)


def put_one(house: House, columns: Columns, symbol: str = "ONE") -> Columns:
    put(house, [(Instrument("test", symbol), columns)])
    return columns


def check_equal(bars: Bars, columns: Columns, at: slice = slice(None)) -> None:
    for name in BAR_COLUMNS:
        found = getattr(bars, name)
        assert found.tobytes() == columns[name][at].tobytes(), name
        assert found.flags.c_contiguous
        assert not found.flags.writeable


def test_several_segments_become_one_series(house: House) -> None:
    columns = put_one(house, columns_of(20_000, holes=True))
    assert len(held(house)) == 3
    bars = read(house)
    check_equal(bars, columns)
    assert bars.warm == 0
    assert bars.segments == tuple(ref.data for ref in held(house))


def test_what_the_tiers_keep_is_the_same_again(house: House) -> None:
    columns = put_one(house, columns_of(9_000))
    for _ in range(3):
        check_equal(read(house), columns)
    check_equal(read_bars(house.direct, ONE, held(house), None, None, 0), columns)


def test_a_higher_layer_supersedes_bar_by_bar(house: House) -> None:
    base = put_one(house, columns_of(9_000))
    over = columns_of(40, first=8_740, seed=5)
    house.bars.append([frozen_bars(ONE, {name: values.copy() for name, values in over.items()})])
    again = columns_of(3, first=8_745, seed=6)
    house.bars.append([frozen_bars(ONE, {name: values.copy() for name, values in again.items()})])
    layers = [(ref.period, ref.layer) for ref in held(house)]
    assert layers == [(2021, 0), (2021, TAIL), (2021, TAIL), (2022, 0), (2022, TAIL)]
    want = {name: values.copy() for name, values in base.items()}
    for name in BAR_COLUMNS:
        want[name][8_740:8_780] = over[name]
        want[name][8_745:8_748] = again[name]
    check_equal(read(house), want)
    check_equal(read(house, YEAR_2021 + 8_744 * HOUR_US, YEAR_2021 + 8_750 * HOUR_US, 2), want, slice(8_742, 8_750))


def test_ranges_are_half_open_and_warm_bars_stand_before_them(house: House) -> None:
    columns = put_one(house, columns_of(9_000))
    ts = columns["ts"]
    for lo, hi, warm in [(0, 10, 5), (3, 10, 5), (100, 200, 7), (8_758, 8_762, 30), (8_999, 9_000, 1), (500, 500, 3)]:
        end = int(ts[hi]) if hi < 9_000 else int(ts[-1]) + HOUR_US
        bars = read(house, int(ts[lo]), end, warm)
        lead = min(warm, lo)
        assert bars.warm == lead
        check_equal(bars, columns, slice(lo - lead, hi))
    inside = read(house, int(ts[50]) - 1, int(ts[60]) + 1, 4)
    check_equal(inside, columns, slice(46, 61))
    assert inside.warm == 4
    assert read(house, None, int(ts[10]), 4).warm == 0


def test_a_range_outside_the_bars_is_empty(house: House) -> None:
    columns = put_one(house, columns_of(100))
    after = int(columns["ts"][-1]) + 1
    bars = read(house, after, after + HOUR_US, 5)
    assert len(bars) == bars.warm == 5
    assert len(read(house, YEAR_2021 - 9 * HOUR_US, YEAR_2021, 5)) == 0


def test_an_unfinished_bar_is_no_bar(house: House) -> None:
    columns = columns_of(100)
    columns["flags"][[3, 20, 99]] |= PARTIAL
    columns["flags"][21] |= AFTER_HOLE
    put_one(house, columns)
    whole = np.delete(np.arange(100), [3, 20, 99])
    want = {name: np.ascontiguousarray(values[whole]) for name, values in columns.items()}
    check_equal(read(house), want)
    bars = read(house, int(columns["ts"][25]), None, 10)
    assert bars.warm == 9
    check_equal(bars, {name: columns[name][[*range(15, 20), *range(21, 99)]] for name in BAR_COLUMNS})


def test_a_kept_column_is_never_written_over(house: House) -> None:
    first = put_one(house, columns_of(3_000, seed=1))
    second = put_one(house, columns_of(3_000, seed=2), "TWO")
    other = Series("test", "TWO", HOUR)
    for name in BAR_COLUMNS:
        kept = getattr(read(house), name)[7:]
        for _ in range(3):
            check_equal(read(house, series=other), second)
        assert kept.tobytes() == first[name][7:].tobytes(), name


@pytest.mark.parametrize("keep", [memoryview, np.ravel, lambda a: a[::2], lambda a: a.view(np.uint8), lambda a: [a]])
def test_however_it_is_kept(house: House, keep: object) -> None:
    first = put_one(house, columns_of(3_000, seed=1))
    put_one(house, columns_of(3_000, seed=2), "TWO")
    assert callable(keep)
    kept = keep(read(house).close)
    before = bytes(np.asarray(kept).tobytes())
    read(house, series=Series("test", "TWO", HOUR))
    assert np.asarray(kept).tobytes() == before
    assert before == np.asarray(keep(first["close"])).tobytes()


def test_memory_is_used_again_once_nobody_looks(house: House) -> None:
    put_one(house, columns_of(3_000, seed=1))
    places = set()
    for _ in range(4):
        bars = read(house)
        places.add(bars.ts.__array_interface__["data"][0])
        del bars
    assert len(places) == 1


def test_nobody_can_write_into_what_others_read(house: House) -> None:
    columns = put_one(house, columns_of(300))
    bars = read(house)
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 1.0
    assert read(house).close.tobytes() == columns["close"].tobytes()


def test_many_threads_each_keep_what_they_read(house: House) -> None:
    want = {f"T{k}": put_one(house, columns_of(2_000 + 100 * k, seed=k), f"T{k}") for k in range(6)}
    wrong: list[str] = []

    def work(seed: int) -> None:
        random = np.random.default_rng(seed)
        kept: list[tuple[str, Bars]] = []
        for _ in range(60):
            symbol = f"T{random.integers(6)}"
            kept.append((symbol, read(house, series=Series("test", symbol, HOUR))))
            if random.random() < 0.6:
                kept.pop(int(random.integers(len(kept))))
        for symbol, bars in kept:
            wrong.extend(
                symbol for name in BAR_COLUMNS if getattr(bars, name).tobytes() != want[symbol][name].tobytes()
            )

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
