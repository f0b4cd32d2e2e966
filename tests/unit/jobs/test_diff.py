"""Differences between snapshots, bar by bar."""

from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import ParameterError
from tapehead.jobs.diff import BarChange, diff
from tapehead.jobs.undo import undo
from tapehead.layout.columns import SUSPECT
from tapehead.model.instrument import Instrument
from tapehead.model.segment import Draft, SegmentRef
from tapehead.ports.bars import ChunkCache
from tapehead.settings import read_settings
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_facts import sample_factors
from tapehead.testing.samples import sample_bars, sample_columns, sample_draft, sample_series
from tapehead.wiring.assemble import assemble, dismantle


class Counted:
    """A chain that notes what is read of it."""

    def __init__(self, chain: ChunkCache) -> None:
        self._chain = chain
        self.read_refs: list[SegmentRef] = []

    def read(self, ref: SegmentRef, columns: Any, into: Any) -> bool:
        self.read_refs.append(ref)
        return self._chain.read(ref, columns, into)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


@pytest.fixture
def house(tmp_path: Path) -> Any:
    settings = read_settings(home=tmp_path / "home")
    yield assemble(settings)
    dismantle(settings)


def test_what_was_added_removed_changed_and_reflagged(house: Any) -> None:
    store, base = house.bars, sample_columns(100)
    store.commit([Draft(sample_series(), 2021, base)], note="first")
    other = {name: values.copy() for name, values in base.items()}
    other["close"][[10, 20]] += 0.25
    other["flags"][30] |= SUSPECT
    keep = [at for at in range(100) if at not in (40, 41, 42)]
    store.commit([Draft(sample_series(), 2021, {name: values[keep] for name, values in other.items()})], note="second")
    later = sample_columns(5, start=int(base["ts"][-1]) + 3_600_000_000, seed=1)
    store.append([sample_bars(later)])
    (one,) = diff(store, house.direct.tiers, 1, 3).series
    assert (one.added, one.removed, one.changed, one.reflagged) == (5, 3, 2, 1)
    assert [change.ts for change in one.first] == [base["ts"][at] for at in (10, 20, 30)]
    first = one.first[0]
    assert isinstance(first, BarChange)
    assert (first.before[3], first.after[3]) == (base["close"][10], base["close"][10] + 0.25)
    assert one.first[2].before[:5] == one.first[2].after[:5]
    (back,) = diff(store, house.direct.tiers, 3, 1, shown=1).series
    assert (back.added, back.removed, back.changed, back.reflagged, len(back.first)) == (3, 5, 2, 1, 1)


def test_only_periods_that_differ_are_read(house: Any) -> None:
    store = house.bars
    store.commit([sample_draft(), sample_draft(year=2022), sample_draft("BBB"), sample_draft("CCC", seed=7)], note="1")
    store.commit([sample_draft(year=2022, seed=3), sample_draft("DDD", rows=50, seed=9)], note="2")
    counted = Counted(house.direct.tiers)
    found = diff(store, counted, 1, 2)  # type: ignore[arg-type]  # what it lacks it hands on
    assert [(one.series.symbol, one.added) for one in found.series if one.added] == [("DDD", 50)]
    assert [(ref.series.symbol, ref.period) for ref in counted.read_refs] == [("AAA", 2022)] * 2


def test_a_fold_and_an_undone_undo_are_no_difference(house: Any) -> None:
    store = house.bars
    store.commit([sample_draft()], note="first")
    store.append([sample_bars(sample_columns(30, start=int(sample_draft().columns["ts"][-1]) + 3_600_000_000))])
    store.fold(whole=True)
    assert not diff(store, house.direct.tiers, 2, 3)
    store.undo(3)
    store.undo(4)
    for before, after in ((2, 4), (3, 5), (2, 5)):
        assert not diff(store, house.direct.tiers, before, after)
    assert diff(store, house.direct.tiers, 0, 5).series[0].added == 1030


def test_instruments_and_factors_that_differ_are_named(house: Any) -> None:
    store = house.bars
    first = Instrument("test", "AAA", tick=0.01)
    store.commit([sample_draft()], note="first", instruments=[first, Instrument("test", "BBB")])
    changed = Instrument("test", "AAA", tick=0.05)
    store.commit([], note="second", instruments=[changed], factors=[sample_factors(0.5, 1.0)])
    found = diff(store, house.direct.tiers, 1, 2)
    assert found.series == ()
    assert [(one.instrument, one.before, one.after) for one in found.instruments] == [
        ("test:AAA", {"tick": 0.01}, {"tick": 0.05})
    ]
    assert found.factors == ("test:AAA",)
    gone = diff(store, house.direct.tiers, 2, 0).instruments
    assert [(one.instrument, one.after) for one in gone] == [("test:AAA", None), ("test:BBB", None)]
    assert gone[0].before is not None
    assert gone[0].before["tick"] == 0.05


def test_a_snapshot_that_is_not_there_or_was_given_back_is_refused(house: Any) -> None:
    store: EmbeddedBars = house.bars
    for seed in range(3):
        store.commit([sample_draft(seed=seed)], note=str(seed))
    with pytest.raises(ParameterError, match="between 0 and 3"):
        diff(store, house.direct.tiers, 1, 4)
    store.sweep(list, 2**62)
    with pytest.raises(ParameterError, match="given back"):
        diff(store, house.direct.tiers, 1, 3)


def test_gc_takes_nothing_from_under_a_diff_or_an_undo(house: Any) -> None:
    store = house.bars
    for seed in range(4):
        store.commit([sample_draft(seed=seed)], note=str(seed))

    class SweptBeside:
        """The store with a gc that comes after each undo."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def undo(self, number: int, **how: Any) -> Any:
            commit = store.undo(number, **how)
            store.sweep(list, 2**62)
            return commit

    found = diff(store, house.direct.tiers, 1, 3, progress=lambda *_: store.sweep(list, 2**62))
    assert [one.changed for one in found.series] == [len(sample_draft().columns["ts"])]
    assert [one.swept for one in store.log(limit=9)] == [False, False, True, False]
    assert undo(SweptBeside(), house.direct.tiers, 4).series == (sample_series(),)
    assert [one.swept for one in store.log(limit=9)] == [False, False, True, True, True]
