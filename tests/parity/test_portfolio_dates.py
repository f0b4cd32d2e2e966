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
from tests.oracles.portfolio import Instrument, equal_weights, given_weights, rebalancing, whole
from tests.oracles.weighing import day_of
from tests.parity.legs import walked_weights
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


@settings(max_examples=60, derandomize=True, deadline=None)
@given(seed=seeds)
def test_given_weights_are_the_twin_s(seed: int) -> None:
    rng = random.Random(seed)
    every = rng.choice(["", "day", "week"])
    chosen = sorted(map(whole, make_portfolio(seed).instruments), key=lambda one: one.symbol)
    clock = [ts + rng.choice([0, 0, -1, HOUR_US // 2]) for one in chosen for ts in one.table.ts]
    times = sorted(set(rng.sample(clock, min(len(clock), rng.randint(1, 12)))))
    some = [[one.symbol for one in chosen if rng.random() < 0.7] for _ in times]
    rows = [
        (time, {name: rng.choice([0.0, 0.1, 0.2]) for name in names}) for time, names in zip(times, some, strict=True)
    ]
    want = given_weights(chosen, rows, every or None)
    for one, made in zip(chosen, walked_weights(chosen, every, None, rows), strict=True):
        np.testing.assert_array_equal(made.target, want[one.symbol][0])
        np.testing.assert_array_equal(made.decides, want[one.symbol][1])


def ranked(rng: random.Random, one: Instrument, *, moved: bool) -> Instrument:
    """The same with, often, a rank; `moved`, its bars may begin inside those of the others."""
    late = rng.choice([0, one.table.interval // 2, one.table.interval * 11 // 12]) if moved else 0
    one = whole(one)
    one = replace(one, table=replace(one.table, ts=[ts + late for ts in one.table.ts]))
    rank = [rng.choice([1.0, 2.0, -1.0, nan]) for _ in one.table.ts] if rng.random() < 0.8 else ()
    return replace(one, rank=rank)


@pytest.mark.parametrize("most", [None, 1, 2])
@settings(max_examples=100, derandomize=True, deadline=None)
@given(seed=seeds, moved=st.booleans())
def test_equal_weights_are_the_twin_s_and_never_sum_beyond_one(most: int | None, seed: int, moved: bool) -> None:
    """The sum is that of what stands at each date, wherever bars miss."""
    rng = random.Random(seed)
    every = rng.choice(["bar", "day", "week"])
    chosen = sorted(
        (ranked(rng, one, moved=moved) for one in make_portfolio(seed).instruments), key=lambda one: one.symbol
    )
    rules = chosen[0].settings
    want = equal_weights(chosen, every, most)
    got = walked_weights(chosen, every, most)
    for one, made in zip(chosen, got, strict=True):
        np.testing.assert_array_equal(made.target, want[one.symbol][0])
        np.testing.assert_array_equal(made.decides, want[one.symbol][1])
    if rules.fill == "close" or len({one.table.ts[0] % one.table.interval for one in chosen}) > 1:
        return
    clock = sorted({ts for one in chosen for ts in one.table.ts[one.table.warm :]})
    for date in [ts for ts, ends in zip(clock, rebalancing(clock, every), strict=True) if ends]:
        stands = []
        for one, made in zip(chosen, got, strict=True):
            k = sum(ts <= date for ts in one.table.ts) - 1
            over = one.settings.delisted and k == len(one.table.ts) - 1
            stands.append(0.0 if k < 0 or over else np.nan_to_num(made.target[k]))
        assert sum(stands) <= min(1.0, rules.leverage) * (1.0 + 1e-9)
        assert most is None or sum(weight > 0.0 for weight in stands) <= most
