"""BarFactsContract: what a store of bars keeps beside bars, by commit and by snapshot."""
# ruff: noqa: D102 - a test's name is its sentence

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tapehead.errors import ParameterError
from tapehead.model.factors import Factors
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Instrument
from tapehead.model.preset import Preset
from tapehead.model.segment import Commit, Moved, Quarantined, Universe
from tapehead.testing.bar_store import BarContract
from tapehead.testing.samples import (
    HOUR,
    YEAR_2021,
    sample_bars,
    sample_columns,
    sample_draft,
    sample_series,
)

AAA = "test:AAA"


def sample_factors(*split: float, instrument: str = AAA, source: str = "Adj Close") -> Factors:
    """Return one step an hour."""
    ts = YEAR_2021 + np.arange(len(split)) * HOUR.us
    return Factors(instrument, ts, np.array(split, np.float64), np.array(split, np.float64) * 0.5, source)


def sample_aside(row: int, symbol: str = "AAA") -> Quarantined:
    """Return a row that was set aside."""
    return Quarantined(sample_series(symbol), None, "a.csv", row, "null open", f"{row},,1,1")


def sample_empty(first: int, end: int, symbol: str = "AAA") -> EmptyRange:
    """Return a range between two hours of 2021."""
    return EmptyRange(sample_series(symbol), YEAR_2021 + first * HOUR.us, YEAR_2021 + end * HOUR.us)


class BarFactsContract(BarContract):
    """Log, reports, instruments, factors, empty ranges, rows set aside. Subclass it as `Test…`."""

    def test_the_log_tells_what_each_commit_did(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first", report=lambda number: b'{"snapshot":%d}' % number)
        store.commit([sample_draft(), sample_draft(year=2022)], note="second", kind="market")
        rows = [(one.number, one.kind, one.note, one.segments, one.unchanged) for one in store.log(limit=9)]
        assert rows == [(2, "market", "second", 1, 1), (1, "import", "first", 1, 0)]
        first = store.log(limit=1, before=2)[0]
        assert (first.number, first.has_report, first.swept) == (1, True, False)
        assert (first.undoes, first.undone_by) == (None, None)
        assert first.at > 0
        assert store.log(limit=9, before=1) == []
        assert len(store.log(limit=10**30, before=10**30)) == 2

    def test_the_report_of_a_commit_is_kept_with_it(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        content = b'{"files":[' + b'"\xc3\xa9",' * 5000 + b"0]}"
        store.commit([sample_draft()], note="first", report=lambda number: b"%d " % number + content)
        store.commit([sample_draft(seed=1)], note="second")
        assert store.report(1) == b"1 " + content
        assert store.report(2) == b""
        for number in (0, 3, 10**30):
            with pytest.raises(ParameterError, match="commit"):
                store.report(number)

    def test_no_report_is_asked_for_where_nothing_changes(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        asked: list[int] = []

        def report(number: int) -> bytes:
            asked.append(number)
            return b"{}"

        assert store.commit([sample_draft()], note="again", report=report).number == 1
        assert asked == []

    def test_facts_are_asked_for_after_the_last_draft(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        order: list[str] = []

        def drafts() -> Iterator[object]:
            for seed in range(2):
                order.append("draft")
                yield sample_draft(f"S{seed}", seed=seed)
            order.append("last")

        def aside() -> Iterator[Quarantined]:
            order.append("quarantine")
            yield sample_aside(1)

        def instruments() -> list[Instrument]:
            order.append("instruments")
            return [Instrument("test", "S0")]

        def report(number: int) -> bytes:
            order.append(f"report {number}")
            return b"{}"

        commit = store.commit(
            drafts(),  # type: ignore[arg-type]  # a generator of drafts
            note="all",
            instruments=instruments,
            quarantine=aside(),
            report=report,
        )
        assert commit == Commit(1, 2, 0)
        assert order[:3] == ["draft", "draft", "last"]
        assert sorted(order[3:]) == ["instruments", "quarantine", "report 1"]
        assert order[-1] == "report 1"

    def test_facts_that_fail_commit_nothing(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)

        def failing() -> Iterator[Quarantined]:
            yield sample_aside(1)
            raise ValueError("the rest cannot be read")

        def report(number: int) -> bytes:
            raise ValueError(f"no report for {number}")

        with pytest.raises(ValueError, match="the rest"):
            store.commit([sample_draft()], note="half", quarantine=failing())
        with pytest.raises(ValueError, match="no report for 1"):
            store.commit([sample_draft()], note="half", report=report)
        with pytest.raises(ParameterError):
            store.commit([sample_draft()], note="half", factors=[sample_factors(1.0, -2.0)])
        with pytest.raises(ParameterError):
            store.commit([sample_draft()], note="half", empties=[sample_empty(5, 5)])
        assert store.head() == 0
        assert list(store.coverage()) == []
        assert list(store.quarantined()) == []

    def test_a_commit_of_facts_alone_is_a_commit(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        again = [sample_draft()]
        assert store.commit(again, note="factors", factors=[sample_factors(2.0, 1.0)]) == Commit(2, 0, 1)
        assert store.commit(again, note="empty", empties=[sample_empty(0, 3)]) == Commit(3, 0, 1)
        assert store.commit(again, note="aside", quarantine=[sample_aside(3)]) == Commit(4, 0, 1)
        assert store.commit(again, note="instrument", instruments=[Instrument("test", "AAA")]) == Commit(5, 0, 1)
        every = store.commit(
            again,
            note="nothing new",
            factors=[sample_factors(2.0, 1.0)],
            empties=[sample_empty(1, 2)],
            quarantine=[sample_aside(3)],
            instruments=[Instrument("test", "AAA")],
        )
        assert every == Commit(5, 0, 1)

    def test_instruments_are_seen_as_they_were(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        old, ended = Instrument("test", "AAA", tick=0.01), Instrument("test", "AAA", tick=0.01, delisted_at=9)
        store.commit([sample_draft()], note="none")
        store.commit([], note="one", instruments=[old])
        split = Instrument("test", "BBB", basis="split")
        store.commit([], note="ended", instruments=[ended, split])
        assert list(store.instruments(1)) == []
        assert list(store.instruments(2)) == [old]
        assert list(store.instruments()) == list(store.instruments(3)) == [ended, split]
        with pytest.raises(ParameterError, match="snapshot"):
            store.instruments(4)

    def test_factors_are_seen_as_they_were(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([], note="one", factors=[sample_factors(2.0, 1.0), sample_factors(3.0, instrument="test:BBB")])
        store.commit([], note="other", factors=[sample_factors(4.0, 2.0, 1.0)])
        store.commit([], note="none", factors=[sample_factors(instrument="test:BBB")])
        assert store.factors([AAA, "test:CCC"], 1)[AAA].split.tolist() == [2.0, 1.0]
        assert store.factors([AAA], 1)[AAA].dividend.tolist() == [1.0, 0.5]
        newest = store.factors([AAA, "test:BBB", "test:CCC"])
        assert list(newest) == [AAA]
        assert newest[AAA].split.tolist() == [4.0, 2.0, 1.0]
        assert (newest[AAA].ts - YEAR_2021).tolist() == [0, HOUR.us, 2 * HOUR.us]
        assert (newest[AAA].instrument, newest[AAA].source) == (AAA, "Adj Close")
        assert list(store.factors(["test:BBB"], 2)) == ["test:BBB"]

    def test_empty_ranges_join_and_are_seen_as_they_were(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([], note="two", empties=[sample_empty(5, 7), sample_empty(0, 2), sample_empty(1, 2, "BBB")])
        store.commit([], note="between", empties=[sample_empty(2, 4), sample_empty(4, 5), sample_empty(9, 10)])
        assert list(store.empties(snapshot=1)) == [sample_empty(0, 2), sample_empty(5, 7), sample_empty(1, 2, "BBB")]
        joined = [sample_empty(0, 7), sample_empty(9, 10)]
        assert list(store.empties()) == [*joined, sample_empty(1, 2, "BBB")]
        assert list(store.empties([sample_series("AAA"), sample_series("ZZZ")])) == joined

    def test_rows_set_aside_are_listed_oldest_first(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        rows = [sample_aside(9), sample_aside(3, ""), sample_aside(4, "BBB")]
        store.commit([], note="three", quarantine=rows)
        store.commit([], note="more", quarantine=[sample_aside(1), sample_aside(9)])
        every = [*rows, sample_aside(1)]
        assert list(store.quarantined()) == every
        assert list(store.quarantined(limit=2)) == every[:2]
        assert list(store.quarantined([sample_series("AAA")])) == [every[0], every[3]]
        assert list(store.quarantined([sample_series("BBB"), sample_series("AAA")], limit=2)) == [every[0], every[2]]

    def test_a_universe_may_be_a_filter(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        liquid = Universe("liquid", (), where="median(volume, 20) > 1e6")
        store.save_universe(liquid)
        store.commit([], note="with one", universes=[Universe("other", (), where="close > 1")])
        assert list(store.universes()) == [liquid, Universe("other", (), where="close > 1")]

    def test_presets_are_kept_replaced_and_removed(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        head = store.head()
        quick = Preset("quick", "SmaCross", {"slow": 20, "fast": 5, "word": "1h"}, "ab" * 32, 7)
        store.save_preset(Preset("quick", "EmaCross", {}, "", 1))
        store.save_preset(quick)
        store.save_preset(Preset("calm", "BuyAndHold", {}, "cd" * 32, 8))
        assert [one.name for one in store.presets()] == ["calm", "quick"]
        assert store.presets()[1] == quick
        assert list(store.presets()[1].parameters) == ["slow", "fast", "word"]
        assert store.head() == head
        assert store.delete_preset("quick")
        assert not store.delete_preset("quick")
        assert [one.name for one in store.presets()] == ["calm"]

    def test_the_series_of_a_snapshot_are_named(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.commit([sample_draft("BBB"), sample_draft("AAA")], note="two")
        store.commit([sample_draft("BBB", rows=0)], note="one gone")
        assert list(store.series(1)) == [sample_series("AAA"), sample_series("BBB")]
        assert list(store.series()) == list(store.series(2)) == [sample_series("AAA")]
        assert list(store.series(0)) == []

    def test_a_lease_of_a_snapshot_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        import pytest

        store = self.make(tmp_path)
        store.commit([sample_draft()], note="first")
        with pytest.raises(ParameterError, match="snapshot"), store.lease(2, 60):
            pass

    def test_what_moved_between_two_snapshots_is_told_and_nothing_else(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        both = [Instrument("test", symbol) for symbol in ("AAA", "BBB")]
        store.commit([sample_draft("AAA"), sample_draft("BBB", seed=1)], note="both", instruments=both)
        late = sample_columns(1, start=YEAR_2021 + 2000 * HOUR.us)
        store.append([sample_bars(late, "BBB")])
        facts = Instrument("test", "AAA", quote="USDT")
        store.commit([], note="facts", instruments=[facts])
        store.commit([sample_draft("CCC")], note="third", instruments=[Instrument("test", "CCC")])
        store.undo(4)
        assert store.moved(1, 1) == Moved((), {})
        assert store.moved(1, 2) == Moved([sample_series("BBB")], {})
        assert store.moved(2, 3) == Moved([], {facts.name: facts})
        assert store.moved(3, 4) == Moved([sample_series("CCC")], {"test:CCC": Instrument("test", "CCC")})
        assert store.moved(4, 5) == Moved([sample_series("CCC")], {"test:CCC": None})
        found = store.moved(1, 5)
        assert found is not None
        assert sorted(one.symbol for one in found.series) == ["BBB", "CCC"]
        assert found.instruments == {facts.name: facts, "test:CCC": None}
        assert [store.moved(*span) for span in ((5, 1), (9, 10), (0, 5))] == [None] * 3

    def test_a_snapshot_has_a_stamp_of_its_own(self, tmp_path: Path) -> None:
        here = self.make(tmp_path)
        assert here.stamp(1) == ""
        here.commit([sample_draft()], note="one")
        here.commit([sample_draft(year=2022)], note="two")
        stamps = [here.stamp(number) for number in (1, 2, 3)]
        assert len(set(stamps)) == 3
        assert stamps == [here.stamp(number) for number in (1, 2, 3)]
        assert [one.text for one in here.intervals()] == ["1h"]
        assert list(here.intervals("test")) == []
