"""look_up and latest: ranges, intervals that are made, columns that are read, and one look at the manifest for all."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.errors import EmptyRangeError, NoBarsError, ParameterError, UnknownSymbolError
from tapehead.jobs.latest import latest
from tapehead.jobs.lookup import Reading, look_up
from tapehead.jobs.read import Shelf
from tapehead.jobs.resample import resample
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, PARTIAL, TRADED, Column
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.calendar import calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft, SegmentRef
from tapehead.ports.bars import Tiers, TierStats
from tapehead.testing.samples import HOUR, YEAR_2021
from tapehead.wiring.assemble import House
from tests.unit.library.market import DAY_US, HOUR_US, columns_of, house_of, open_market, put

DAYS = calendar("24/7")
DAY = Interval.parse("1d")
ONE = Series("test", "ONE", HOUR)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_store(tmp_path / "home") as store:
        yield house_of(store)


def ask(house: House, *symbols: str, **options: Any) -> list[Reading]:
    return look_up(house.bars, house.shelf, symbols, **options)


def one(house: House, **options: Any) -> Bars:
    (found,) = ask(house, "ONE", **options)
    return found.bars


def same(found: Bars, expected: Bars) -> None:
    for name in BAR_COLUMNS:
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes(), name


def test_held_bars_come_as_they_are_unfinished_ones_too(house: House) -> None:
    columns = columns_of(100)
    columns["flags"][-1] |= PARTIAL
    put(house, [(Instrument("test", "ONE"), columns)])
    (found,) = ask(house, "ONE", start=YEAR_2021 + 90 * HOUR_US, end=YEAR_2021 + 200 * HOUR_US)
    assert (found.source, found.total, found.outside, found.snapshot) == (HOUR, 10, 0, 1)
    assert np.array_equal(found.bars.ts, columns["ts"][90:])
    assert found.bars.flags[-1] == TRADED | PARTIAL
    assert len(found.segments) == 1


@pytest.mark.parametrize("interval", ["3h", "1d", "1w"])
@pytest.mark.parametrize(("first", "last"), [(0, 5_000), (1_203, 1_377), (2_000, 2_003), (4_990, 5_000)])
def test_a_coarse_bar_does_not_depend_on_where_the_range_cuts(
    house: House, interval: str, first: int, last: int
) -> None:
    columns = columns_of(5_000, holes=True)
    kept = np.ones(5_000, np.bool_)
    kept[1_990:1_999] = kept[2_400:2_700] = False
    columns = {name: values[kept].copy() for name, values in columns.items()}
    put(house, [(Instrument("test", "ONE"), columns)])
    whole = resample(one(house), Interval.parse(interval), DAYS).bars
    start, end = (int(columns_of(5_000)["ts"][0]) + hour * HOUR_US for hour in (first, last))
    lo, hi = np.searchsorted(whole.ts, [start, end])
    if lo == hi:
        with pytest.raises(NoBarsError, match=r"the store holds \[2021-01-01"):
            one(house, interval=interval, start=start, end=end)
        return
    same(one(house, interval=interval, start=start, end=end), whole.slice(int(lo), int(hi)))
    assert (whole.flags & AFTER_HOLE).any() == (interval != "1w")


def test_a_confirmed_hole_leaves_a_coarse_bar_whole(house: House) -> None:
    columns = columns_of(48)
    kept = np.ones(48, np.bool_)
    kept[[5, 6, 30]] = False
    columns = {name: values[kept].copy() for name, values in columns.items()}
    drafts = [Draft(ONE, 2021, columns)]
    empty = [EmptyRange(ONE, YEAR_2021 + 4 * HOUR_US, YEAR_2021 + 7 * HOUR_US)]
    house.bars.commit(drafts, note="test", instruments=[Instrument("test", "ONE")], empties=empty)
    assert [bool(flags & PARTIAL) for flags in one(house, interval="1d").flags] == [False, True]
    assert [bool(flags & PARTIAL) for flags in one(house, points=2).flags] == [False, True]


def test_the_finest_that_divides_is_taken_and_told(house: House) -> None:
    put(house, [(Instrument("test", "ONE"), columns_of(96))])
    hours = one(house)
    halves = {name: getattr(hours, name)[:4].copy() for name in BAR_COLUMNS}
    halves["ts"] = YEAR_2021 + np.arange(4, dtype=np.int64) * (HOUR_US // 2)
    made = {30: halves, 90: {**halves, "ts": YEAR_2021 + np.arange(4, dtype=np.int64) * 90 * 60_000_000}}
    for minutes, columns in made.items():
        house.bars.append([frozen_bars(Series("test", "ONE", Interval.parse(f"{minutes}m")), columns)])
    with pytest.raises(ParameterError, match=r"since the store holds 30m, 1h, 90m of ONE: --interval 30m"):
        ask(house, "ONE")
    assert [ask(house, "ONE", interval=text)[0].source.text for text in ("1h", "90m", "2h", "1d")] == [
        *["1h", "90m", "30m", "30m"]
    ]
    with pytest.raises(
        NoBarsError, match=r"ONE 15m: the store holds 30m, 1h, 90m, and bars are only ever made coarser"
    ):
        ask(house, "ONE", interval="15m")
    with pytest.raises(ParameterError, match=r"interval=40m: .* whole bars of 30m, 1h, 90m, as "):
        ask(house, "ONE", interval="40m")


def test_what_is_wrong_is_a_sentence(house: House) -> None:
    put(house, [(Instrument("test", "ONE"), columns_of(10)), (Instrument("test", "TWO"), columns_of(0))])
    with pytest.raises(UnknownSymbolError, match="Did you mean 'ONE'"):
        ask(house, "ONEE")
    with pytest.raises(EmptyRangeError, match=r"--start 2021-01-01T00:00:00Z --end 2021-01-02T00:00:00Z"):
        ask(house, "ONE", start=YEAR_2021, end=YEAR_2021)
    with pytest.raises(NoBarsError, match="No bars for TWO are held"):
        ask(house, "TWO")
    with pytest.raises(NoBarsError, match=r"\[2031-01-01T00:00:00Z, the last bar\)"):
        ask(house, "ONE", start=YEAR_2021 + 3_652 * DAY_US)
    with pytest.raises(ParameterError, match="points=0"):
        ask(house, "ONE", points=0)
    with pytest.raises(ParameterError, match="snapshot"):
        ask(house, "ONE", snapshot=7)


def test_an_older_snapshot_answers_with_what_it_held(house: House) -> None:
    put(house, [(Instrument("test", "ONE"), columns_of(24))])
    before = one(house, interval="1d")
    put(house, [(Instrument("test", "ONE"), columns_of(48, seed=3)), (Instrument("test", "TWO"), columns_of(5))])
    assert len(one(house, interval="1d")) == 2
    same(one(house, interval="1d", snapshot=1), before)
    with pytest.raises(UnknownSymbolError):
        ask(house, "TWO", snapshot=1)


class Recorded:
    """A tier that remembers which columns were asked of the one below."""

    def __init__(self, below: Tiers) -> None:
        self.below = below
        self.asked: list[tuple[Column, ...]] = []

    def read(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Any]) -> bool:
        self.asked.append(tuple(columns))
        return self.below.read(ref, columns, into)

    def read_many(self, wanted: Sequence[tuple[SegmentRef, Mapping[Column, Any]]]) -> None:
        self.asked += [tuple(into) for _, into in wanted]
        self.below.read_many(wanted)

    def write(self, ref: SegmentRef, columns: Mapping[Column, Any]) -> None:
        self.below.write(ref, columns)

    def has(self, ref: SegmentRef, columns: Sequence[Column]) -> bool:
        return self.below.has(ref, columns)

    def clear(self) -> int:
        return self.below.clear()

    def stats(self) -> TierStats:
        return self.below.stats()


def test_only_the_asked_columns_are_read_of_layers_too(house: House) -> None:
    put(house, [(Instrument("test", "ONE"), columns_of(9_000))])
    tier = Recorded(house.shelf.tiers)
    (found,) = look_up(house.bars, Shelf(tier), ["ONE"], columns=["close"], start=YEAR_2021 + HOUR_US)
    assert set(tier.asked) == {("ts", "close")}
    assert list(found.table) == ["close"]
    assert np.array_equal(found.table.close, one(house).close[1:])
    again = columns_of(3, first=100, seed=9)
    house.bars.append([frozen_bars(ONE, {name: values.copy() for name, values in again.items()})])
    (found,) = look_up(house.bars, Shelf(tier), ["ONE"], columns=["close", "flags"])
    assert set(tier.asked) == {("ts", "close"), ("ts", "close", "flags")}
    assert np.array_equal(found.table["close"], one(house).close)
    assert found.table.close[101] == again["close"][1]


def statements(house: House, act: Any) -> list[str]:
    """Every SQL statement on the database of bars while something is done."""
    seen: list[str] = []
    connection = house.bars._database.connection()  # type: ignore[attr-defined]  # the embedded store
    connection.set_trace_callback(seen.append)
    try:
        act()
    finally:
        connection.set_trace_callback(None)
    return seen


def test_many_instruments_take_as_many_queries_as_few(house: House) -> None:
    names = [f"S{number:03}" for number in range(120)]
    put(house, [(Instrument("test", name), columns_of(30, seed=number)) for number, name in enumerate(names)])
    ask(house, *names)
    few = statements(house, lambda: ask(house, *names[:20], interval="2h"))
    many = statements(house, lambda: ask(house, *names, interval="2h"))
    assert 0 < len(many) == len(few)
    known = house.bars.instruments()
    latest(house.bars, house.shelf, known[:1])
    few = statements(house, lambda: latest(house.bars, house.shelf, known[:20]))
    many = statements(house, lambda: latest(house.bars, house.shelf, known))
    assert 0 < len(many) == len(few)


def test_the_cross_section_is_the_last_bar_at_or_before_a_moment(house: House) -> None:
    late = columns_of(20, first=9_000, seed=2)
    put(
        house,
        [
            (Instrument("test", "ONE"), columns_of(9_000, seed=1)),
            (Instrument("test", "TWO"), late),
            (Instrument("test", "NIL"), columns_of(0)),
        ],
    )
    known = house.bars.instruments()
    newest = latest(house.bars, house.shelf, known)
    assert newest.instrument.tolist() == ["test:ONE", "test:TWO"]
    assert newest.ts.tolist() == [YEAR_2021 + 8_999 * HOUR_US, YEAR_2021 + 9_019 * HOUR_US]
    at = YEAR_2021 + 9_004 * HOUR_US + 17
    then = latest(house.bars, house.shelf, known, at=at, columns=["close", "ts"])
    assert list(then) == ["instrument", "close", "ts"]
    assert then.close[1] == late["close"][4]
    assert then.ts.tolist() == [YEAR_2021 + 8_999 * HOUR_US, YEAR_2021 + 9_004 * HOUR_US]
    for moment, names in ((YEAR_2021, ["test:ONE"]), (YEAR_2021 - 1, [])):
        assert latest(house.bars, house.shelf, known, at=moment).instrument.tolist() == names


def test_what_a_sentence_says_of_no_symbol_and_of_one_that_came_later(tmp_path: Path) -> None:
    with open_market(tmp_path, symbols=1, rows=5) as store:
        with pytest.raises(ParameterError, match="symbols must be at least one instrument"):
            store.bars([])
        with pytest.raises(UnknownSymbolError, match="The snapshot asked for holds none of it, the newest does"):
            store.bars("S00", snapshot=0)
        with pytest.raises(UnknownSymbolError, match=r"No instrument 'S99' in the store\. List them"):
            store.bars("S99", snapshot=1)
