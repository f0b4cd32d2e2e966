"""Seeded bars for tests: prices with decimals, as exchanges quote them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import AFTER_HOLE, TRADED, Column
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft

HOUR = Interval.parse("1h")
YEAR_2021 = 1_609_459_200_000_000
"""2021-01-01 00:00 UTC in us."""

Columns = dict[Column, NDArray[Any]]


def sample_series(symbol: str = "AAA") -> Series:
    """Return an hourly series of venue `test`."""
    return Series("test", symbol, HOUR)


def sample_columns(rows: int, *, start: int = YEAR_2021, seed: int = 0) -> Columns:
    """Return every column of `rows` hourly bars from `start` (us UTC), with a hole of one bar every 50 bars."""
    random = np.random.default_rng(seed)
    steps = np.ones(rows, np.int64)
    steps[49::50] = 2
    ts = start + (np.cumsum(steps) - steps[:1]) * HOUR.us if rows else np.zeros(0, np.int64)
    close = np.round(100 * np.cumprod(1 + random.normal(0, 0.01, rows)), 2)
    opened = np.round(close * (1 + random.normal(0, 0.001, rows)), 2)
    flags = np.full(rows, TRADED, np.uint8)
    flags[steps > 1] |= AFTER_HOLE
    return {
        "ts": ts,
        "open": opened,
        "high": np.maximum(opened, close) + 0.5,
        "low": np.minimum(opened, close) - 0.5,
        "close": close,
        "volume": np.round(random.lognormal(3, 1, rows), 3),
        "flags": flags,
    }


def sample_draft(symbol: str = "AAA", *, year: int = 2021, rows: int = 1000, seed: int = 0) -> Draft:
    """Return a draft of one year of a series."""
    start = int(np.datetime64(f"{year}-01-01", "us").astype(np.int64))
    return Draft(sample_series(symbol), year, sample_columns(rows, start=start, seed=seed))


def sample_bars(columns: Columns, symbol: str = "AAA") -> Bars:
    """Return bars of copies of the columns."""
    return frozen_bars(sample_series(symbol), {str(name): values.copy() for name, values in columns.items()})
