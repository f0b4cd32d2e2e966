"""Random bars with volume: ties, flat stretches, prices of few decimals and of all a float has."""

from __future__ import annotations

import random
from typing import NamedTuple

from hypothesis import strategies as st

from tests.parity.markets import closes


class Candles(NamedTuple):
    """Columns as lists, oldest first."""

    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]


def make_candles(seed: int, most: int = 120) -> Candles:
    """Up to `most` bars; the close lies within each."""
    rng = random.Random(seed)
    n = rng.randint(1, most)
    close = closes(rng, n)
    reach = rng.choice([0.0, 0.0, 0.02])
    still = rng.choice([0.0, 0.3, 1.0])
    opens = [close[0], *close[:-1]] if rng.random() < 0.7 else close
    return Candles(
        high=[max(pair) * (1 + rng.uniform(0, reach)) for pair in zip(opens, close, strict=True)],
        low=[min(pair) * (1 - rng.uniform(0, reach)) for pair in zip(opens, close, strict=True)],
        close=close,
        volume=[0.0 if rng.random() < still else round(rng.expovariate(0.01), 3) for _ in range(n)],
    )


candles = st.integers(0, 2**40).map(make_candles)
