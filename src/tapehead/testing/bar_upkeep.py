"""BarUpkeepContract: undo, gc, check and recount, as every store of bars must do them."""
# ruff: noqa: D102 - a test's name is its sentence

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tapehead.errors import ParameterError, UndoError
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import TAIL, Draft, SegmentRef
from tapehead.ports.bars import BarStore
from tapehead.testing.bar_facts import sample_aside, sample_empty, sample_factors
from tapehead.testing.bar_store import ALWAYS, BarContract, check_equal, lay_plainly, read_columns
from tapehead.testing.bar_tail import part, refs_of
from tapehead.testing.bar_twin import BarTwin, Held
from tapehead.testing.samples import HOUR, YEAR_2021, sample_bars, sample_columns, sample_draft, sample_series

NEVER = 2**62
"""A time (us UTC) after which nothing was committed: no snapshot is young."""
SYMBOLS = ("AAA", "BBB")
_YEAR_2022 = 1_640_995_200_000_000


def blocks(store: BarStore, snapshot: int | None = None) -> dict[Series, list[tuple[int, int, bytes]]]:
    """Return period, layer and data of everything that a snapshot holds."""
    refs = store.manifest(store.series(snapshot), *ALWAYS, snapshot=snapshot).refs
    return {one: [(ref.period, ref.layer, ref.data) for ref in held] for one, held in refs.items()}


def figures(store: BarStore) -> list[tuple[str, int, int, int]]:
    """Return the coverage of the head."""
    return [(one.series.symbol, one.first, one.last, one.rows) for one in store.coverage()]


class UpkeepTwin(BarTwin):
    """A twin that can take back a commit."""

    def touched(self, number: int) -> set[tuple[str, int]]:
        """Return symbol and period of each bar that a commit changed."""
        before, after = self._snapshots[number - 1], self._snapshots[number]
        every = {key for key in {*before, *after} if before.get(key) != after.get(key)}
        return {(symbol, self._interval.period_of(int(ts))) for symbol, ts in every}

    def part(self, snapshot: int, places: set[tuple[str, int]]) -> Held:
        """Return the bars of a snapshot in these periods."""
        held = self._snapshots[snapshot].items()
        return {key: bar for key, bar in held if (key[0], self._interval.period_of(int(key[1]))) in places}

    def undo(self, number: int) -> None:
        """Hold the touched periods as before the commit, and the others as now."""
        places = self.touched(number)
        now = self._snapshots[-1]
        rest = {key: bar for key, bar in now.items() if (key[0], self._interval.period_of(int(key[1]))) not in places}
        self.keep({**rest, **self.part(number - 1, places)})


class BarUpkeepContract(BarContract):
    """Undo, gc, check, recount, facts. Subclass it as `Test…`."""

    def test_an_undo_brings_back_what_was_replaced(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft(), sample_draft(year=2022)], note="first")
        before, covered = blocks(store), figures(store)
        store.commit([sample_draft(seed=1, rows=700), sample_draft("BBB")], note="second")
        after = blocks(store)
        commit = store.undo(2)
        assert (commit.number, commit.segments) == (3, 1)
        assert blocks(store) == before
        assert figures(store) == covered
        check_equal(self.at(store), lay_plainly(dict(sample_draft().columns), dict(sample_draft(year=2022).columns)))
        assert blocks(store, 2) == after
        assert [one.symbol for one in store.series()] == ["AAA"]

    def test_an_undo_is_a_commit_of_its_own_in_the_log(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="import a.csv")
        store.undo(1)
        undo, first = store.log(limit=9)
        assert (undo.number, undo.kind, undo.undoes, undo.undone_by) == (2, "undo", 1, None)
        assert undo.note == "undo 1: import a.csv"
        assert (first.number, first.undoes, first.undone_by) == (1, None, 2)
        assert store.coverage() == ()

    def test_an_undo_can_be_undone_bit_for_bit(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        store.append([sample_bars(sample_columns(50, start=YEAR_2021 + 900 * HOUR.us, seed=3))])
        store.commit([sample_draft(seed=1), sample_draft("BBB")], note="third")
        held, covered = blocks(store), figures(store)
        store.undo(3)
        assert store.undo(4).number == 5
        assert blocks(store) == held
        assert figures(store) == covered
        store.undo(5)
        assert blocks(store) == blocks(store, 2)

    def test_what_is_not_there_or_was_undone_cannot_be_undone(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        with pytest.raises(UndoError, match="no commit yet"):
            store.undo(1)
        store.commit([sample_draft()], note="first")
        store.commit([sample_draft(year=2022)], note="second")
        for number in (0, -1, 3):
            with pytest.raises(UndoError, match="the newest is 2"):
                store.undo(number)
        store.undo(2)
        with pytest.raises(UndoError, match="tapehead undo 3"):
            store.undo(2)
        store.undo(3)
        with pytest.raises(UndoError, match="tapehead undo 4"):
            store.undo(2)
        assert store.head() == 4

    def test_a_later_commit_on_the_same_period_stands_in_the_way_and_is_named(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        store.commit([sample_draft(year=2022)], note="elsewhere")
        store.commit([sample_draft(seed=1)], note="on top")
        store.append([sample_bars(sample_columns(5, seed=2))])
        held = blocks(store)
        with pytest.raises(UndoError, match="tapehead undo 4"):
            store.undo(1)
        assert (store.head(), blocks(store)) == (4, held)
        store.undo(4)
        with pytest.raises(UndoError, match=r"on top.*tapehead undo 3"):
            store.undo(1)
        store.undo(3)
        store.undo(1)
        assert [ref.period for ref in refs_of(store)] == [2022]

    def test_a_commit_that_was_undone_stands_in_nobodys_way(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        store.commit([sample_draft(seed=1)], note="second")
        store.undo(2)
        store.undo(1)
        assert store.series() == []
        assert store.coverage() == ()

    def test_a_fold_is_named_and_then_nothing_stands_in_the_way(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        store.commit([sample_draft()], note="import")
        store.append([sample_bars(sample_columns(40, start=YEAR_2021 + 990 * HOUR.us, seed=2))])
        tail = blocks(store)
        assert store.fold(whole=True).number == 3
        bars = self.at(store)
        for number in (1, 2):
            with pytest.raises(UndoError, match=r"fold.*tapehead undo 3"):
                store.undo(number)
        store.undo(3)
        assert blocks(store) == tail
        check_equal(self.at(store), bars)
        store.undo(2)
        store.undo(1)
        assert store.series() == []

    def test_appends_are_undone_in_turn_whatever_was_merged(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        columns = sample_columns(40)
        for at in range(40):
            store.append([sample_bars(part(columns, at, at + 1))])
        for number in range(40, 20, -1):
            store.undo(number)
            check_equal(self.at(store), part(columns, 0, number - 1))
            assert store.coverage()[0].rows == number - 1
        more = sample_columns(30, start=int(columns["ts"][10]), seed=4)
        store.append([sample_bars(more)])
        check_equal(self.at(store), lay_plainly(part(columns, 0, 20), more))
        assert {ref.layer for ref in refs_of(store)} == {TAIL}

    def test_facts_come_and_go_with_their_commit(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        first = Instrument("test", "AAA", has_volume=False)
        store.commit(
            [sample_draft()],
            note="first",
            instruments=[first],
            factors=[sample_factors(1.0)],
            empties=[sample_empty(0, 3)],
            quarantine=[sample_aside(1)],
        )
        store.commit(
            [sample_draft(seed=1), sample_draft("BBB")],
            note="second",
            instruments=[Instrument("test", "AAA", has_volume=True), Instrument("test", "BBB")],
            factors=[sample_factors(0.5, 1.0)],
            empties=[sample_empty(2, 9), sample_empty(20, 30)],
            quarantine=[sample_aside(2)],
        )
        told = self.told(store)
        store.undo(2)
        assert self.told(store) == self.told(store, 1)
        assert list(store.instruments()) == [first]
        assert [one.row for one in store.quarantined()] == [1]
        store.undo(3)
        assert self.told(store) == told
        assert [one.row for one in store.quarantined()] == [1, 2]
        store.undo(4)
        store.undo(1)
        assert self.told(store) == ([], {}, [])
        assert list(store.quarantined()) == []
        store.commit([], note="the same row again", quarantine=[sample_aside(1)])
        assert [one.row for one in store.quarantined()] == [1]

    def test_an_instrument_that_still_has_bars_stays(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first", instruments=[Instrument("test", "AAA")])
        store.commit([sample_draft(year=2022)], note="second", instruments=[Instrument("test", "AAA")])
        store.undo(1)
        assert [one.name for one in store.instruments()] == ["test:AAA"]
        assert [ref.period for ref in refs_of(store)] == [2022]

    def test_bars_that_come_back_have_their_instrument_again(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first", instruments=[Instrument("test", "AAA", lot=0.5)])
        store.commit([sample_draft(year=2022)], note="second", instruments=[Instrument("test", "AAA", lot=0.5)])
        store.undo(2)
        store.undo(1)
        assert list(store.instruments()) == []
        store.undo(3)
        assert [ref.period for ref in refs_of(store)] == [2022]
        assert list(store.instruments()) == [Instrument("test", "AAA", lot=0.5)]
        assert "no such commit" in str(_refusal(store, 10**30))
        store.undo(4)
        store.undo(5)
        assert list(store.instruments()) == [Instrument("test", "AAA", lot=0.5)]

    def test_factors_that_a_later_commit_joined_are_not_left_behind(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        store.commit([], note="wrong", factors=[sample_factors(100.0)])
        store.commit([], note="joined", factors=[sample_factors(100.0, 1.0)])
        with pytest.raises(UndoError, match=r"the factors of test:AAA\. Take back that one first: tapehead undo 2"):
            store.undo(1)
        store.undo(2)
        store.undo(1)
        assert dict(store.factors(["test:AAA"])) == {}

    def test_gc_gives_back_what_no_kept_snapshot_names(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        for seed in range(5):
            store.commit([sample_draft(seed=seed), sample_draft("BBB", rows=10)], note=str(seed))
        trial = store.sweep(lambda: [2], NEVER, dry_run=True)
        assert (trial.snapshots, trial.segments, trial.orphans) == (3, 3, 0)
        check_equal(self.at(store, 1), dict(sample_draft(seed=0).columns))
        assert store.sweep(lambda: [2], NEVER) == trial
        assert trial.size_bytes > 0
        for snapshot in (1, 3, 4):
            for read in (
                lambda snapshot=snapshot: store.manifest([sample_series()], *ALWAYS, snapshot=snapshot),
                lambda snapshot=snapshot: store.series(snapshot),
                lambda snapshot=snapshot: store.instruments(snapshot),
                lambda snapshot=snapshot: store.lease(snapshot, 60.0).__enter__(),
            ):
                with pytest.raises(ParameterError, match="given back"):
                    read()
        for kept in (2, 5):
            check_equal(self.at(store, kept), dict(sample_draft(seed=kept - 1).columns))
        assert [one.swept for one in store.log(limit=9)] == [False, True, True, False, True]
        assert list(store.check(rows=True)) == []
        assert store.sweep(lambda: [2], NEVER) == type(trial)(0, 0, 0, 0)

    def test_gc_leaves_what_is_leased(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        for seed in range(4):
            store.commit([sample_draft(seed=seed)], note=str(seed))
        with store.lease(2, 60.0):
            assert store.sweep(list, NEVER).snapshots == 2
            check_equal(self.at(store, 2), dict(sample_draft(seed=1).columns))
        assert store.sweep(list, NEVER).snapshots == 1
        check_equal(self.at(store), dict(sample_draft(seed=3).columns))

    def test_what_was_committed_of_late_can_be_undone_after_gc(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        for seed in range(3):
            store.commit([sample_draft(seed=seed)], note=str(seed))
        second = store.log(limit=1, before=3)[0].at
        assert store.sweep(list, second).snapshots == 1
        store.undo(3)
        check_equal(self.at(store), dict(sample_draft(seed=1).columns))
        with pytest.raises(UndoError, match="gave back"):
            store.undo(2)
        with pytest.raises(UndoError, match="gave back"):
            store.undo(1)

    def test_gc_counts_periods_that_were_taken_away(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft(), sample_draft(year=2022)], note="two years")
        store.append([sample_bars(sample_columns(9, start=_YEAR_2022, seed=5))])
        store.undo(2)
        store.commit([sample_draft(rows=0)], note="one less")
        assert store.sweep(list, NEVER).segments == 1
        assert [ref.period for ref in refs_of(store)] == [2022]
        assert store.facts().kept_bytes == 0
        assert list(store.check(rows=True)) == []

    def test_a_whole_store_has_no_findings_and_counts_right(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        assert list(store.check(rows=True)) == []
        assert store.recount() == 0
        self.fill(store)
        looked: list[tuple[str, int, int]] = []
        assert list(store.check(rows=True, progress=lambda *at: looked.append(at))) == []
        assert looked
        assert all(done < total for _, done, total in looked)
        assert store.recount() == 0

    def test_facts_are_those_of_the_head(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        nothing = store.facts()
        assert (nothing.snapshot, nothing.bars, nothing.segments, nothing.oldest_snapshot) == (0, 0, 0, 0)
        self.fill(store)
        facts = store.facts()
        assert (facts.snapshot, facts.commits) == (store.head(), store.head())
        assert facts.bars == sum(one.rows for one in store.coverage())
        assert facts.series == len(store.coverage())
        assert facts.tail_blocks == sum(ref.layer == TAIL for ref in self.every_ref(store))
        assert facts.segments == len(self.every_ref(store)) - facts.tail_blocks
        assert facts.tail_bars == sum(ref.rows for ref in self.every_ref(store) if ref.layer == TAIL)
        assert facts.segment_bytes == sum(
            len(content) for ref, content in store.read(self.every_ref(store)) if ref.layer != TAIL
        )
        assert facts.kept_bytes > 0
        assert facts.quarantined == len(store.quarantined())
        assert facts.oldest_snapshot == 1

    def test_any_order_of_writes_undos_and_sweeps_equals_a_plain_dict(self, tmp_path_factory: Any) -> None:
        from hypothesis import HealthCheck, given, settings
        from hypothesis import strategies as st

        verbs = ["append"] * 4 + ["commit"] * 3 + ["fold", "undo", "undo", "undo", "undo", "sweep"]
        piece = st.tuples(st.sampled_from(verbs), st.sampled_from(SYMBOLS), st.integers(0, 30), st.integers(0, 3))
        checks = list(HealthCheck)

        @settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=checks)
        @given(st.lists(piece, min_size=4, max_size=20))
        def every_kept_snapshot_is_the_twins(pieces: list[tuple[str, str, int, int]]) -> None:
            store, twin, swept = self.make(tmp_path_factory.mktemp("any")), UpkeepTwin(), set[int]()
            for verb, symbol, place, seed in pieces:
                self._write(store, twin, swept, verb, symbol, place, seed)
                assert store.head() == twin.head()
            self._check_twin(store, twin, swept)
            assert list(store.check(rows=True)) == []
            assert store.recount() == 0

        every_kept_snapshot_is_the_twins()

    def _write(
        self, store: BarStore, twin: UpkeepTwin, swept: set[int], verb: str, symbol: str, place: int, seed: int
    ) -> None:
        """Do the same to the store and to its twin."""
        if verb == "append":
            columns = sample_columns(place % 7 + 1, start=_YEAR_2022 + (place - 15) * HOUR.us, seed=seed)
            store.append([sample_bars(columns, symbol)])
            twin.append(symbol, columns)
        elif verb == "commit":
            draft = sample_draft(symbol, year=2021 + seed % 2, rows=place, seed=seed)
            store.commit([draft], note="draft")
            twin.replace(symbol, draft.period, dict(draft.columns))
        elif verb == "fold":
            if store.fold(whole=True).segments:
                twin.keep()
        elif verb == "undo":
            self._undo(store, twin, swept, max(twin.head() - place % 4, 0))
        else:
            store.sweep(lambda: [place], NEVER)
            swept |= set(range(1, twin.head())) - {place}

    def _undo(self, store: BarStore, twin: UpkeepTwin, swept: set[int], number: int) -> None:
        """Undo a commit, or see that there is a reason why not."""
        refusal = _refusal(store, number)
        if refusal is not None:
            record = store.log(limit=1, before=number + 1) if number else ()
            excused = not record or record[0].undone_by is not None or bool({number, number - 1} & swept)
            later = refusal.facts.get("later")
            assert excused or (isinstance(later, int) and number < later <= twin.head()), str(refusal)
            return
        assert twin.part(number, twin.touched(number)) == twin.part(twin.head(), twin.touched(number))
        twin.undo(number)

    def _check_twin(self, store: BarStore, twin: UpkeepTwin, swept: set[int]) -> None:
        """Compare every bar of every snapshot that is kept, the coverage of the head, and the newest bars."""
        for snapshot in set(range(1, twin.head() + 1)) - swept:
            for symbol in SYMBOLS:
                refs = refs_of(store, symbol, snapshot)
                expected = twin.columns(symbol, snapshot)
                assert bool(refs) == bool(len(expected["ts"]))
                if refs:
                    check_equal(read_columns(store, self.codec(), refs), expected)
        held = {one.series.symbol: (one.first, one.last, one.rows) for one in store.coverage()}
        assert held == twin.coverage()
        kept = store.newest([sample_series(symbol) for symbol in ("AAA", "BBB", "ZZZ")], store.head())
        assert {one.symbol: bar for one, bar in kept.items()} == twin.newest()

    def fill(self, store: BarStore) -> None:
        """Commit, supersede, append, undo, and set a row aside."""
        store.commit([sample_draft(), sample_draft("BBB", rows=300)], note="first", quarantine=[sample_aside(1)])
        store.commit([Draft(sample_series(), 2021, sample_columns(900, seed=1))], note="second")
        store.append([sample_bars(sample_columns(30, start=YEAR_2021 + 890 * HOUR.us, seed=2))])
        store.commit([sample_draft("CCC")], note="fourth")
        store.undo(4)

    def every_ref(self, store: BarStore) -> list[SegmentRef]:
        """Return all that the head holds."""
        return [ref for refs in store.manifest(store.series(), *ALWAYS).refs.values() for ref in refs]

    def told(self, store: BarStore, snapshot: int | None = None) -> tuple[Any, ...]:
        """Return the instruments, factors and empty ranges of a snapshot as plain values."""
        factors: Mapping[str, Any] = store.factors(["test:AAA", "test:BBB"], snapshot)
        plain = {name: [np.asarray(each).tolist() for each in one.columns().values()] for name, one in factors.items()}
        return list(store.instruments(snapshot)), plain, list(store.empties(snapshot=snapshot))


def _refusal(store: BarStore, number: int) -> UndoError | None:
    """Undo a commit; return why not, where it is refused."""
    try:
        store.undo(number)
    except UndoError as error:
        return error
    return None
