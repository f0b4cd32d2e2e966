"""The demo's market in a store: one commit, once, and a new one when it differs."""

from functools import partial

import numpy as np

from tapehead.jobs.make_market import make_market
from tapehead.layout.columns import AFTER_HOLE, SYNTHETIC, TRADED
from tapehead.model.segment import Commit
from tapehead.sources.synthetic import synthetic_market
from tests.unit.jobs.memory_store import MemoryStore


def make(store: MemoryStore, instruments: int = 6, years: int = 1, seed: int = 7) -> Commit | None:
    market = partial(synthetic_market, instruments, years, seed)
    return make_market(store, market, instruments=instruments, years=years, seed=seed)


def test_it_is_one_commit_with_facts_and_universe() -> None:
    store = MemoryStore()
    assert make(store) == Commit(1, 6, 0)
    assert store.notes == ["synthetic market: 6 instruments, 1 years, seed 7"]
    assert sorted(store.sets["demo"].symbols) == sorted(store.known)
    held = store.bars("demo:BTCUSDT")
    assert np.all(held.flags & SYNTHETIC)
    assert np.count_nonzero(held.flags & TRADED) == np.count_nonzero(held.volume > 0)
    assert (held.flags[1:] & AFTER_HOLE > 0).tolist() == (np.diff(held.ts) > held.series.interval.us).tolist()


def test_it_is_made_once() -> None:
    store = MemoryStore()
    make(store)
    assert make(store) is None
    assert store.number == 1


def test_another_seed_takes_its_place_and_leaves_nothing_of_the_first() -> None:
    store, fresh = MemoryStore(), MemoryStore()
    make(store, years=3, seed=7)
    make(store, years=2, seed=8)
    make(fresh, years=2, seed=8)
    assert {key: ref.data for key, ref in store.refs.items()} == {key: ref.data for key, ref in fresh.refs.items()}
    assert make(store, years=2, seed=8) is None


def test_fewer_instruments_make_a_smaller_universe() -> None:
    store = MemoryStore()
    make(store, 6)
    assert make(store, 2) == Commit(1, 0, 2)
    assert sorted(store.sets["demo"].symbols) == ["demo:BTCUSDT", "demo:ETHUSDT"]


def test_bars_are_counted_as_they_are_made() -> None:
    told: list[int] = []
    market = partial(synthetic_market, 3, 1, 7)
    make_market(MemoryStore(), market, instruments=3, years=1, seed=7, progress=lambda _what, bars: told.append(bars))
    assert told == sorted(told)
    assert told[-1] == sum(one.rows for one in market().coverage())
