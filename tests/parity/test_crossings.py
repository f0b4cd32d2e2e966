"""Lazy crossings = the definition bar by bar, whatever the alignment, with values missing inside."""

from __future__ import annotations

import itertools
import random
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.indicators.crossed import crossed_above, crossed_below, event_bars
from tapehead.indicators.sma import sma
from tapehead.library.simulate import simulate
from tapehead.model.signals import Signals
from tests.oracles import indicators as oracle
from tests.parity.markets import Market, markets

WAYS = [(crossed_above, oracle.crossed_above), (crossed_below, oracle.crossed_below)]
line = st.lists(st.sampled_from([nan, 0.0, 1.0, 2.0]), min_size=1, max_size=70)


def agree(a: list[float], b: list[float] | float) -> None:
    """Both directions, as bars and as bool array."""
    other = b if isinstance(b, list) else [b] * len(a)
    for ours, twin in WAYS:
        want = twin(a, other)
        lazy = ours(a, b)
        assert np.asarray(lazy).tolist() == want
        assert event_bars(lazy).tolist() == [t for t, crossed in enumerate(want) if crossed]


@settings(max_examples=500, derandomize=True, deadline=None)
@given(line, st.data())
def test_two_lines(a: list[float], data: st.DataObject) -> None:
    agree(a, data.draw(st.lists(st.sampled_from([nan, 0.0, 1.0, 2.0]), min_size=len(a), max_size=len(a))))


@settings(max_examples=300, derandomize=True, deadline=None)
@given(line, st.sampled_from([-1.0, 0.0, 1.0, 1.5, 2.0, 3.0, nan]))
def test_a_level(a: list[float], level: float) -> None:
    agree(a, level)


def test_every_four_bars_at_every_alignment() -> None:
    """Eight bars are read at a time: each pattern of below, equal, above, unknown at each place in and across words."""
    for pattern in itertools.product([0.0, 1.0, 2.0, nan], repeat=3):
        for offset in range(18):
            for fill in (0.0, 1.0, 2.0, nan):
                agree([fill] * offset + list(pattern) + [fill] * (20 - offset), 1.0)


@pytest.mark.parametrize("n", range(1, 26))
def test_every_length(n: int) -> None:
    rng = random.Random(n)
    for _ in range(20):
        agree(rng.choices([0.0, 1.0, 2.0, nan], k=n), 1.0)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(markets, st.integers(1, 4), st.integers(1, 9))
def test_lazy_and_eager_signals_trade_alike(market: Market, fast: int, slow: int) -> None:
    bars = market.bars()
    short, long = sma(bars.close, fast), sma(bars.close, slow)
    lazy = Signals(enter=crossed_above(short, long), leave=crossed_below(short, long))
    eager = Signals(enter=np.asarray(lazy.enter), leave=np.asarray(lazy.leave))
    assert simulate(bars, lazy).trades.to_bytes() == simulate(bars, eager).trades.to_bytes()


@pytest.mark.parametrize("price", [0.07, 0.1, 1e-8, 123_456.789, 1 / 3, 1e9 / 7, 2e-11 / 3])
@pytest.mark.parametrize(("fast", "slow"), [(10, 30), (7, 200), (1, 3), (50, 4_000)])
def test_a_flat_price_crosses_nothing(price: float, fast: int, slow: int) -> None:
    close = np.full(10_000, price)
    short, long = sma(close, fast), sma(close, slow)
    for ours, _ in WAYS:
        assert event_bars(ours(short, long)).size == 0
        assert event_bars(ours(close, short)).size == 0
