"""BarTailContract: appending and folding, as every store of bars must do it."""
# ruff: noqa: D102 - a test's name is its sentence

import threading
from pathlib import Path
from typing import Any

from tapehead.errors import ParameterError
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.model.segment import TAIL, Commit, Draft, SegmentRef
from tapehead.ports.bars import BarStore
from tapehead.testing.bar_store import ALWAYS, BarContract, check_equal, lay_plainly, read_columns
from tapehead.testing.bar_twin import BarTwin
from tapehead.testing.samples import HOUR, YEAR_2021, Columns, sample_bars, sample_columns, sample_draft, sample_series

_MOST_BLOCKS = 16
_YEAR_2022 = 1_640_995_200_000_000


def part(columns: Columns, lo: int, hi: int) -> Columns:
    """Return rows [lo, hi)."""
    return {name: values[lo:hi] for name, values in columns.items()}


def refs_of(store: BarStore, symbol: str = "AAA", snapshot: int | None = None) -> tuple[SegmentRef, ...]:
    """Return all refs of a sample series."""
    return store.manifest([sample_series(symbol)], *ALWAYS, snapshot=snapshot).refs.get(sample_series(symbol), ())


class BarTailContract(BarContract):
    """The tail. Subclass it as `Test…`."""

    def test_no_bars_appended_change_nothing(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        assert store.append([]) == Commit(0, 0, 0)
        assert store.append([sample_bars(sample_columns(0))]) == Commit(0, 0, 0)
        assert refs_of(store) == ()
        assert list(store.coverage()) == []

    def test_one_append_is_one_commit_for_every_series(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        symbols = [f"S{number}" for number in range(20)]
        bars = [sample_bars(sample_columns(3, seed=seed), symbol) for seed, symbol in enumerate(symbols)]
        assert store.append(bars) == Commit(1, 20, 0)
        for seed, symbol in enumerate(symbols):
            check_equal(self.at(store, symbol=symbol), sample_columns(3, seed=seed))
        assert [(one.series.symbol, one.rows) for one in store.coverage()] == [(each, 3) for each in sorted(symbols)]

    def test_many_appends_leave_few_blocks_and_every_snapshot_exact(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns = sample_columns(120)
        for at in range(120):
            assert store.append([sample_bars(part(columns, at, at + 1))]).number == at + 1
            assert len(refs_of(store)) <= _MOST_BLOCKS
        for snapshot in range(1, 121):
            check_equal(self.at(store, snapshot), part(columns, 0, snapshot))
        assert [ref.layer for ref in refs_of(store)] == [TAIL] * len(refs_of(store))
        assert store.coverage()[0].rows == 120

    def test_bars_out_of_order_and_over_others_supersede(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns, other = sample_columns(60), sample_columns(60, seed=9)
        pieces = [part(columns, 20, 40), part(columns, 0, 10), part(other, 5, 25), part(columns, 30, 60)]
        for number, piece in enumerate(pieces, 1):
            assert store.append([sample_bars(piece)]).number == number
            expected = lay_plainly(*pieces[:number])
            check_equal(self.at(store), expected)
            (covered,) = store.coverage()
            assert (covered.first, covered.last) == (expected["ts"][0], expected["ts"][-1])
            assert covered.rows == len(expected["ts"])
        for number in range(1, 5):
            check_equal(self.at(store, number), lay_plainly(*pieces[:number]))

    def test_bars_that_are_held_just_so_are_not_written_again(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns = sample_columns(50)
        store.append([sample_bars(part(columns, 0, 30))])
        store.append([sample_bars(part(columns, 30, 40))])
        assert store.append([sample_bars(part(columns, 10, 40))]) == Commit(2, 0, 1)
        changed = {name: values.copy() for name, values in part(columns, 35, 45).items()}
        changed["close"][1] += 0.25
        assert store.append([sample_bars(changed)]).number == 3
        # The bar that differs and the five new ones.
        assert refs_of(store)[-1].rows == 6
        check_equal(self.at(store), lay_plainly(part(columns, 0, 40), changed))

    def test_a_series_that_comes_twice_is_refused_whole(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        bars = [sample_bars(sample_columns(5), "BBB"), sample_bars(sample_columns(5)), sample_bars(sample_columns(9))]
        with pytest.raises(ParameterError, match="once"):
            store.append(bars)
        assert store.head() == 0
        assert refs_of(store, "BBB") == ()

    def test_warm_bars_before_the_tail_are_held_by_the_refs(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns = sample_columns(300, start=_YEAR_2022 - 100 * HOUR.us)
        for year, lo, hi in ((2021, 0, 90), (2022, 110, 200)):
            ts = columns["ts"][lo:hi]
            store.commit([Draft(sample_series(), year, part(columns, lo, hi))], note=f"{len(ts)} bars")
        for lo, hi in ((90, 98), (98, 110), (200, 240), (240, 300), (150, 160)):
            store.append([sample_bars(part(columns, lo, hi))])
        every = columns["ts"]
        for place in (0, 50, 95, 100, 115, 199, 200, 230, 260, 299):
            for warm in (0, 1, 15, 60, 120, 500):
                start = int(every[place])
                refs = store.manifest([sample_series()], start, start + 1, warm=warm).refs[sample_series()]
                held = read_columns(store, self.codec(), refs)["ts"].tolist()
                # Whatever of the series the refs hold, the wanted bars are among it, none left out.
                assert set(every[max(place - warm, 0) : place + 1].tolist()) <= set(held)

    def test_a_draft_takes_the_place_of_the_tail(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        base, later = sample_columns(100), sample_columns(30, start=YEAR_2021 + 90 * HOUR.us, seed=1)
        store.commit([Draft(sample_series(), 2021, base)], note="base")
        store.append([sample_bars(later)])
        whole = lay_plainly(base, later)
        assert store.commit([Draft(sample_series(), 2021, whole)], note="equal") == Commit(2, 0, 1)
        other = {**whole, "close": whole["close"] + 0.25}
        assert store.commit([Draft(sample_series(), 2021, other)], note="other").number == 3
        assert [ref.layer for ref in refs_of(store)] == [0]
        check_equal(self.at(store), other)
        check_equal(self.at(store, 2), whole)
        assert (store.coverage()[0].rows, store.coverage()[0].segments) == (len(whole["ts"]), 1)

    def test_folding_changes_no_bar_and_no_old_snapshot(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        base, later = sample_columns(100), sample_columns(30, start=YEAR_2021 + 90 * HOUR.us, seed=1)
        store.commit([Draft(sample_series(), 2021, base)], note="base")
        store.append([sample_bars(later), sample_bars(later, "BBB")])
        assert store.fold() == Commit(2, 0, 0)
        before, covered = refs_of(store), [one.rows for one in store.coverage()]
        assert store.fold(whole=True) == Commit(3, 2, 0)
        assert store.log(limit=1)[0].kind == "fold"
        assert [ref.layer for symbol in ("AAA", "BBB") for ref in refs_of(store, symbol)] == [0, 0]
        check_equal(self.at(store), lay_plainly(base, later))
        check_equal(self.at(store, symbol="BBB"), later)
        assert [ref._replace(until=None) for ref in refs_of(store, snapshot=2)] == list(before)
        check_equal(self.at(store, 2), lay_plainly(base, later))
        check_equal(self.at(store, 1), base)
        assert [one.rows for one in store.coverage()] == covered
        assert store.fold(whole=True) == Commit(3, 0, 0)

    def test_a_period_is_folded_when_it_has_closed(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns = sample_columns(20, start=_YEAR_2022 - 10 * HOUR.us)
        store.append([sample_bars(part(columns, 0, 10))])
        assert store.fold().segments == 0
        store.append([sample_bars(part(columns, 10, 20)), sample_bars(sample_columns(5), "BBB")])
        assert store.fold().segments == 1
        assert [(ref.period, ref.layer) for ref in refs_of(store)] == [(2021, 0), (2022, TAIL)]
        assert [ref.layer for ref in refs_of(store, "BBB")] == [TAIL]
        check_equal(self.at(store), columns)

    def test_a_tail_that_is_long_is_folded_before_its_period_closes(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns = sample_columns(5000)
        store.append([sample_bars(columns)])
        assert store.fold().segments == 1
        assert [ref.layer for ref in refs_of(store)] == [0]
        check_equal(self.at(store), columns)

    def test_readers_beside_an_appender_see_whole_snapshots(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        symbols, columns, last = ("AAA", "BBB"), sample_columns(60), 62
        over, faults, seen = threading.Event(), list[str](), set[int]()

        def read() -> None:
            while not over.is_set():
                self._check_prefix(store, symbols, columns, faults, seen)

        store.append([sample_bars(part(columns, 0, 1), symbol) for symbol in symbols])
        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for at in range(1, 60):
            store.append([sample_bars(part(columns, at, at + 1), symbol) for symbol in symbols])
            if at in (20, 40):
                store.fold(whole=True)
        over.set()
        for reader in readers:
            reader.join()
        self._check_prefix(store, symbols, columns, faults, seen)
        assert faults == []
        assert last in seen

    def _check_prefix(
        self, store: BarStore, symbols: tuple[str, ...], columns: Columns, faults: list[str], seen: set[int]
    ) -> None:
        """Read the head; the first bars of every series must be there, as many as of its snapshot, none torn."""
        manifest = store.manifest([sample_series(symbol) for symbol in symbols], *ALWAYS)
        # Commits 22 and 43 are the folds.
        rows = manifest.snapshot - sum(manifest.snapshot >= fold for fold in (22, 43))
        for refs in manifest.refs.values():
            found, expected = read_columns(store, self.codec(), refs), part(columns, 0, rows)
            if any(found[name].tobytes() != expected[name].tobytes() for name in BAR_COLUMNS):
                faults.append(f"snapshot {manifest.snapshot}: {len(found['ts'])} of {rows} bars")
        if len(manifest.refs) != len(symbols):
            faults.append(f"snapshot {manifest.snapshot}: {len(manifest.refs)} series")
        seen.add(manifest.snapshot)

    def test_any_order_of_writes_equals_a_plain_dict_at_every_snapshot(self, tmp_path_factory: Any) -> None:
        from hypothesis import HealthCheck, given, settings
        from hypothesis import strategies as st

        piece = st.tuples(
            st.sampled_from(["append"] * 6 + ["commit", "fold", "fold whole"]),
            st.sampled_from(["AAA", "BBB"]),
            st.integers(-15, 30),
            st.integers(0, 12),
            st.integers(0, 3),
        )

        checks = list(HealthCheck)

        @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=checks)
        @given(st.lists(piece, min_size=1, max_size=25))
        def every_snapshot_is_the_twins(pieces: list[tuple[str, str, int, int, int]]) -> None:
            store, twin = self.make(tmp_path_factory.mktemp("any")), BarTwin()
            for verb, symbol, start, rows, seed in pieces:
                self._write(store, twin, verb, symbol, start, rows, seed)
                assert store.head() == twin.head()
            self._check_twin(store, twin)

        every_snapshot_is_the_twins()

    def _write(self, store: BarStore, twin: BarTwin, verb: str, symbol: str, start: int, rows: int, seed: int) -> None:
        """Write the same into the store and into its twin."""
        columns = sample_columns(rows, start=_YEAR_2022 + start * HOUR.us, seed=seed)
        if verb == "append":
            store.append([sample_bars(columns, symbol)])
            twin.append(symbol, columns)
        elif verb == "commit":
            draft = sample_draft(symbol, year=2021 + seed % 2, rows=rows, seed=seed)
            store.commit([draft], note="draft")
            twin.replace(symbol, draft.period, dict(draft.columns))
        elif store.fold(whole=verb == "fold whole").segments:
            twin.keep()

    def _check_twin(self, store: BarStore, twin: BarTwin) -> None:
        """Compare every bar of every snapshot, the coverage of the head, and the newest bars."""
        for snapshot in range(1, twin.head() + 1):
            for symbol in ("AAA", "BBB"):
                refs = refs_of(store, symbol, snapshot)
                expected = twin.columns(symbol, snapshot)
                assert bool(refs) == bool(len(expected["ts"]))
                if refs:
                    check_equal(read_columns(store, self.codec(), refs), expected)
        held = {one.series.symbol: (one.first, one.last, one.rows) for one in store.coverage()}
        assert held == twin.coverage()
        kept = store.newest([sample_series(symbol) for symbol in ("AAA", "BBB", "ZZZ")], store.head())
        assert {one.symbol: bar for one, bar in kept.items()} == twin.newest()
