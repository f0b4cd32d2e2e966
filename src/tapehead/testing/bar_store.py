"""BarStoreContract: what every store of bars must do, as tests for pytest to collect."""
# ruff: noqa: D102 - a test's name is its sentence

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.instrument import Instrument, Series
from tapehead.model.layers import lay_over
from tapehead.model.segment import TAIL, Commit, Draft, Quarantined, SegmentRef, Universe
from tapehead.ports.bars import BarStore, Codec
from tapehead.testing.samples import HOUR, YEAR_2021, Columns, sample_bars, sample_columns, sample_draft, sample_series

ALWAYS = (-(2**62), 2**62)


def read_columns(store: BarStore, codec: Codec, refs: Sequence[SegmentRef]) -> dict[Column, NDArray[Any]]:
    """Return what refs of one series hold, each higher layer laid over those below it."""
    periods: dict[int, list[dict[Column, NDArray[Any]]]] = {}
    for ref, data in store.read(refs):
        columns = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        codec.decode(data, BAR_COLUMNS, columns)
        periods.setdefault(ref.period, []).append(columns)
    parts = [lay_over(layers) for layers in periods.values()]
    return {name: np.concatenate([part[name] for part in parts]) for name in BAR_COLUMNS}


def lay_plainly(*layers: Columns) -> Columns:
    """Return what layers hold together, lowest first, bar by bar in a dict: the slow twin of `model.layers`."""
    bars = {}
    for layer in layers:
        for row in zip(*(layer[name].tolist() for name in BAR_COLUMNS), strict=True):
            bars[row[0]] = row
    held = [bars[ts] for ts in sorted(bars)]
    return {name: np.array([row[at] for row in held], BAR_DTYPES[name]) for at, name in enumerate(BAR_COLUMNS)}


def check_equal(found: dict[Column, NDArray[Any]], expected: dict[Column, NDArray[Any]]) -> None:
    """Raise AssertionError unless two sets of columns are equal bit for bit."""
    for name in BAR_COLUMNS:
        assert found[name].tobytes() == expected[name].tobytes(), f"column {name} differs"


class BarContract:
    """What every part of the contract asks of its subclass: an empty store, and the codec that it writes with."""

    def make(self, tmp_path: Path) -> BarStore:
        """Return an empty store below `tmp_path`."""
        raise AssertionError(f"a subclass says how a store is made below {tmp_path}")

    def codec(self) -> Codec:
        """Return the codec whose bytes the store holds."""
        raise AssertionError("a subclass says which codec it is")

    def at(self, store: BarStore, snapshot: int | None = None, symbol: str = "AAA") -> dict[Column, NDArray[Any]]:
        """Return all that a snapshot holds of a sample series."""
        series = sample_series(symbol)
        manifest = store.manifest([series], *ALWAYS, snapshot=snapshot)
        return read_columns(store, self.codec(), manifest.refs[series])


class BarStoreContract(BarContract):
    """Commits, snapshots and ranges. Subclass it as `Test…`."""

    def test_an_empty_store_holds_nothing(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        assert store.head() == 0
        assert store.manifest([sample_series()], *ALWAYS).refs == {}
        assert list(store.coverage()) == []
        assert list(store.instruments()) == []
        assert list(store.universes()) == []

    def test_what_is_committed_is_read_back_bit_for_bit(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        drafts = [sample_draft("AAA"), sample_draft("BBB", seed=1), sample_draft("AAA", year=2022, seed=2)]
        assert store.commit(drafts, note="first") == Commit(1, 3, 0)
        assert store.head() == 1
        both = [dict(drafts[0].columns), dict(drafts[2].columns)]
        check_equal(self.at(store), {name: np.concatenate([part[name] for part in both]) for name in BAR_COLUMNS})
        check_equal(self.at(store, symbol="BBB"), dict(drafts[1].columns))

    def test_refs_come_by_period_and_say_what_they_hold(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        drafts = [sample_draft(year=year, rows=100) for year in (2023, 2021, 2022)]
        store.commit(drafts, note="three years")
        refs = store.manifest([sample_series()], *ALWAYS).refs[sample_series()]
        assert [ref.period for ref in refs] == [2021, 2022, 2023]
        for ref, draft in zip(refs, (drafts[1], drafts[2], drafts[0]), strict=True):
            ts = draft.columns["ts"]
            assert (ref.first, ref.last, ref.rows) == (ts[0], ts[-1], 100)
            assert (ref.since, ref.until, ref.layer) == (1, None, 0)
            assert ref.data == self.codec().encode(draft.columns)[1]

    def test_an_equal_draft_drops_out_and_the_head_stays(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        assert store.commit([sample_draft()], note="again") == Commit(1, 0, 1)
        assert store.commit([sample_draft(), sample_draft(year=2022)], note="more") == Commit(2, 1, 1)
        assert store.commit([], note="nothing") == Commit(2, 0, 0)

    def test_each_snapshot_goes_on_seeing_what_it_saw(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        versions = [sample_draft(seed=seed, rows=500 + seed) for seed in range(4)]
        for number, draft in enumerate(versions, 1):
            assert store.commit([draft], note=f"version {number}").number == number
        for number, draft in enumerate(versions, 1):
            check_equal(self.at(store, number), dict(draft.columns))
        assert store.manifest([sample_series()], *ALWAYS, snapshot=0).refs == {}

    def test_a_snapshot_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        for snapshot in (2, -1):
            with pytest.raises(ParameterError, match="snapshot"):
                store.manifest([sample_series()], *ALWAYS, snapshot=snapshot)

    def test_drafts_that_fail_midway_commit_nothing(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")

        def failing() -> Iterator[Draft]:
            yield sample_draft(seed=9)
            raise ValueError("the file ends here")

        with pytest.raises(ValueError, match="the file ends here"):
            store.commit(failing(), note="half")
        assert store.head() == 1
        check_equal(self.at(store), dict(sample_draft().columns))

    def test_a_draft_that_is_no_period_of_rising_bars_is_refused(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        good = sample_draft()
        falling = dict(good.columns)
        falling["ts"] = falling["ts"][::-1].copy()
        short = {**good.columns, "close": good.columns["close"][:-1]}
        single = {**good.columns, "close": good.columns["close"].astype(np.float32)}
        for draft in (
            Draft(good.series, 2022, good.columns),
            Draft(good.series, 2021, falling),
            Draft(good.series, 2021, short),
            Draft(good.series, 2021, single),
            Draft(good.series, 2021, {"ts": good.columns["ts"]}),
        ):
            with pytest.raises(ParameterError):
                store.commit([draft], note="bad")
        with pytest.raises(ParameterError, match="once"):
            store.commit([good, sample_draft(seed=1)], note="the period twice")
        assert store.head() == 0

    def test_a_draft_without_bars_takes_its_period_away(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft(), sample_draft(year=2022)], note="two years")
        store.commit([sample_draft(rows=0)], note="less")
        refs = store.manifest([sample_series()], *ALWAYS).refs[sample_series()]
        assert [ref.period for ref in refs] == [2022]
        assert len(store.manifest([sample_series()], *ALWAYS, snapshot=1).refs[sample_series()]) == 2
        assert store.commit([sample_draft(rows=0)], note="nothing to take").number == 2

    def test_a_range_is_half_open(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft(rows=100), sample_draft(year=2022, rows=100)], note="two years")
        one, two = store.manifest([sample_series()], *ALWAYS).refs[sample_series()]

        def periods(start: int, end: int) -> list[int]:
            found = store.manifest([sample_series()], start, end).refs
            return [ref.period for ref in found.get(sample_series(), ())]

        assert periods(one.first, one.first + 1) == [2021]
        assert periods(one.first - 5, one.first) == []
        assert periods(one.last, two.first) == [2021]
        assert periods(one.last + 1, two.first) == []
        assert periods(one.last + 1, two.first + 1) == [2022]
        assert periods(two.last + 1, two.last + 9) == []

    def test_warm_bars_before_the_start_are_held_by_the_refs(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        for year in (2019, 2020, 2021, 2022):
            store.commit([sample_draft(year=year, rows=200, seed=year)], note=str(year))
        every = self.at(store)["ts"]
        for place in (0, 1, 199, 200, 201, 399, 450, 600, 799):
            for warm in (0, 1, 49, 51, 199, 200, 350, 10_000):
                start = int(every[place])
                manifest = store.manifest([sample_series()], start, start + 1, warm=warm)
                held = read_columns(store, self.codec(), manifest.refs[sample_series()])["ts"]
                assert np.array_equal(held, every[np.isin(every, held)])
                assert int((held < start).sum()) >= min(warm, place)
                assert start in held

    def test_appended_bars_lie_over_those_held(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        base = sample_columns(300)
        store.commit([Draft(sample_series(), 2021, base)], note="base")
        later = sample_columns(20, start=int(base["ts"][-5]), seed=5)
        assert store.append([sample_bars(later)]).number == 2
        expected = lay_plainly(base, later)
        check_equal(self.at(store), expected)
        check_equal(self.at(store, 1), base)
        assert [ref.layer for ref in store.manifest([sample_series()], *ALWAYS).refs[sample_series()]] == [0, TAIL]
        assert store.coverage()[0].rows == len(expected["ts"])
        assert store.coverage()[0].last == expected["ts"][-1]

    def test_the_same_bars_appended_twice_are_held_once(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns = sample_columns(10)
        store.append([sample_bars(columns)])
        assert store.append([sample_bars(columns)]) == Commit(1, 0, 1)
        check_equal(self.at(store), columns)

    def test_appended_bars_fall_into_their_periods(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns = sample_columns(48, start=YEAR_2021 - 24 * HOUR.us)
        assert store.append([sample_bars(columns)]).segments == 2
        refs = store.manifest([sample_series()], *ALWAYS).refs[sample_series()]
        assert [(ref.period, ref.layer) for ref in refs] == [(2020, TAIL), (2021, TAIL)]
        check_equal(self.at(store), columns)

    def test_a_draft_takes_the_place_of_every_layer(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        base = sample_columns(100)
        store.append([sample_bars(base)])
        later = sample_columns(30, start=int(base["ts"][-1]) + HOUR.us, seed=1)
        store.append([sample_bars(later)])
        whole = lay_plainly(base, later)
        assert store.commit([Draft(sample_series(), 2021, whole)], note="equal").unchanged == 1
        other = {**whole, "close": whole["close"] + 0.25}
        store.commit([Draft(sample_series(), 2021, other)], note="other")
        assert len(store.manifest([sample_series()], *ALWAYS).refs[sample_series()]) == 1
        check_equal(self.at(store), other)
        check_equal(self.at(store, 2), whole)

    def test_coverage_comes_from_the_manifest_sorted(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        drafts = [sample_draft("BBB", rows=10), sample_draft("AAA", rows=20), sample_draft("AAA", year=2022, rows=5)]
        store.commit(drafts, note="two")
        rows = [(one.series.symbol, one.rows, one.segments) for one in store.coverage()]
        assert rows == [("AAA", 25, 2), ("BBB", 10, 1)]
        assert [one.series.symbol for one in store.coverage([sample_series("BBB"), sample_series("ZZZ")])] == ["BBB"]

    def test_instruments_are_brought_up_to_date(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        first = Instrument("test", "BBB", quote="USDT", tick=0.01, listed_at=5)
        other = Instrument("test", "AAA", kind="equity", calendar="XNYS", has_volume=False)
        assert store.commit([], note="two", instruments=[first, other]).number == 1
        assert list(store.instruments()) == [other, first]
        assert store.commit([], note="same", instruments=[first]).number == 1
        ended = Instrument("test", "BBB", quote="USDT", tick=0.01, listed_at=5, delisted_at=9)
        assert store.commit([], note="ended", instruments=[ended]).number == 2
        assert list(store.instruments()) == [other, ended]

    def test_rows_set_aside_again_do_not_move_the_head(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        rows = [Quarantined(sample_series(), None, "a.csv", 3, "null open", "2021,,1,1")]
        assert store.commit([], note="one", quarantine=rows).number == 1
        assert store.commit([], note="the same file", quarantine=rows).number == 1

    def test_universes_are_kept_replaced_and_removed(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([], note="with it", universes=[Universe("demo", ("test:AAA",), built_in=True)])
        store.save_universe(Universe("mine", ("test:BBB", "test:AAA")))
        store.save_universe(Universe("mine", ("test:AAA",)))
        assert list(store.universes()) == [
            Universe("demo", ("test:AAA",), built_in=True),
            Universe("mine", ("test:AAA",)),
        ]
        assert store.delete_universe("mine")
        assert not store.delete_universe("mine")
        assert [one.name for one in store.universes()] == ["demo"]

    def test_leases_nest_and_do_not_hold_up_a_writer(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        with store.lease(1, 60), store.lease(1, 60):
            assert store.commit([sample_draft(seed=1)], note="second").number == 2
            check_equal(self.at(store, 1), dict(sample_draft().columns))

    def test_readers_beside_a_writer_see_whole_snapshots(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        symbols = ("AAA", "BBB", "CCC")
        series = [sample_series(symbol) for symbol in symbols]
        store.commit([sample_draft(symbol, rows=50, seed=1) for symbol in symbols], note="1")
        over, seen, faults = threading.Event(), set[int](), list[str]()

        def read() -> None:
            while not over.is_set():
                self._check_snapshot(store, series, seen, faults)

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for seed in range(2, 12):
            store.commit([sample_draft(symbol, rows=50, seed=seed) for symbol in symbols], note=str(seed))
        over.set()
        for reader in readers:
            reader.join()
        self._check_snapshot(store, series, seen, faults)
        assert faults == []
        assert 11 in seen

    def _check_snapshot(self, store: BarStore, series: Sequence[Series], seen: set[int], faults: list[str]) -> None:
        """Read the head and note anything that is not wholly the commit it says it is."""
        manifest = store.manifest(series, *ALWAYS)
        expected = sample_columns(50, seed=manifest.snapshot)
        for one in series:
            found = read_columns(store, self.codec(), manifest.refs[one])
            if any(found[name].tobytes() != expected[name].tobytes() for name in BAR_COLUMNS):
                faults.append(f"{one.symbol} at snapshot {manifest.snapshot}")
        seen.add(manifest.snapshot)
