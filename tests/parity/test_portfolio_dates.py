"""Rebalancing dates and equal weights: the program's are the twin's."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.model.pooling import PERIODS, Pooling
from tapehead.portfolio import weights
from tests.oracles.portfolio import Instrument, equal_weights, rebalancing
from tests.oracles.weighing import day_of
from tests.parity.legs import to_leg
from tests.parity.portfolios import make_portfolio

HOUR_US = 3_600_000_000
seeds = st.integers(0, 2**40)


def stamps(rng: random.Random) -> list[int]:
    """Hours of some months, with holes."""
    at, out = rng.randint(300_000, 400_000), []
    for _ in range(rng.randint(0, 60)):
        out.append(at * HOUR_US)
        at += rng.choice([1, 5, 24, 24, 72, 24 * 31])
    return out


@settings(max_examples=100, derandomize=True, deadline=None)
@given(seeds)
def test_dates_are_the_twin_s(seed: int) -> None:
    ts = stamps(random.Random(seed))
    for every in PERIODS:
        assert weights.rebalancing(np.array(ts, np.int64), Pooling(rebalance=every)).tolist() == rebalancing(ts, every)
    days = sorted({day_of(at) + timedelta(days=random.Random(at).randint(0, 3)) for at in ts[::5]})
    if days:
        asked = Pooling(rebalance=",".join(day.isoformat() for day in days))
        assert weights.rebalancing(np.array(ts, np.int64), asked).tolist() == rebalancing(ts, days)


def ranked(rng: random.Random, one: Instrument, every: str) -> Instrument:
    """The same with dates and, often, a rank."""
    rank = [rng.choice([1.0, 2.0, -1.0, nan]) for _ in one.table.ts] if rng.random() < 0.8 else ()
    return replace(one, decides=rebalancing(one.table.ts, every), rank=rank)


@pytest.mark.parametrize("most", [None, 1, 2])
@settings(max_examples=60, derandomize=True, deadline=None)
@given(seed=seeds)
def test_equal_weights_are_the_twin_s(most: int | None, seed: int) -> None:
    rng = random.Random(seed)
    every = rng.choice(["bar", "day", "week"])
    chosen = [ranked(rng, one, every) for one in make_portfolio(seed).instruments]
    chosen.sort(key=lambda one: one.symbol)
    want = equal_weights(chosen, most)
    legs = [to_leg(one, next_session=False, calendar="24/7") for one in chosen]
    got = weights.equal_weights(
        [leg.bars for leg in legs],
        [leg.signals for leg in legs],
        [np.array(one.decides, bool) for one in chosen],
        [np.array(one.rank, np.float64) if len(one.rank) else None for one in chosen],
        most,
    )
    for one, line in zip(chosen, got, strict=True):
        np.testing.assert_array_equal(line, want[one.symbol])
