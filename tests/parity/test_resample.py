"""Coarser bars equal those of the slow oracle, on every calendar, with holes, odd stamps and changes of the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.jobs.resample import divides, resample, thin
from tapehead.layout.columns import AFTER_HOLE, FLAG_WORDS, PARTIAL
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.calendar import calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tests.oracles import resample as slow
from tests.parity.sessions import MARKETS, calendar_of, moments, us

BITS = {word: bit for bit, word in FLAG_WORDS.items()}


PAIRS = [
    *[("30m", "1h"), ("15m", "4h"), ("1h", "1d"), ("1h", "2h"), ("30m", "1d")],
    *[("1h", "1w"), ("1d", "1w"), ("4h", "1d"), ("45m", "90m"), ("25m", "50m")],
]


def bars_of(rows: Sequence[slow.Bar], interval: str) -> Bars:
    columns: dict[str, Any] = {
        name: np.array([row[name] for row in rows], np.float64) for name in ("open", "high", "low", "close", "volume")
    }
    columns["ts"] = np.array([us(row["ts"]) for row in rows], np.int64)
    columns["flags"] = np.array([sum(BITS[word] for word in row["flags"]) for row in rows], np.uint8)
    return frozen_bars(Series("v", "S", Interval.parse(interval)), columns)


def rows_of(bars: Bars) -> list[slow.Bar]:
    rows = []
    for place in range(len(bars)):
        row: slow.Bar = {name: float(getattr(bars, name)[place]) for name in ("open", "high", "low", "close", "volume")}
        row["ts"] = datetime.fromtimestamp(int(bars.ts[place]) / 1e6, UTC)
        row["flags"] = {word for bit, word in FLAG_WORDS.items() if bars.flags[place] & bit}
        rows.append(row)
    return rows


PRICES = st.floats(0.01, 1e6, allow_nan=False)
VOLUMES = st.one_of(
    st.integers(0, 10**9).map(lambda n: n / 10**8),
    st.integers(0, 10**15).map(lambda n: n / 10**2),
    st.floats(0, 1e9, allow_nan=False),
    st.just(0.1),
)
SETS = st.sets(st.sampled_from(["traded", "suspect", "repaired", "synthetic", "after_hole", "partial"]), max_size=3)


@dataclass
class Market:
    name: str
    fine: str
    coarse: str
    rows: list[slow.Bar] = field(repr=False)
    empty: list[tuple[datetime, datetime]]

    @property
    def ranges(self) -> list[EmptyRange]:
        series = Series("v", "S", Interval.parse(self.fine))
        return [EmptyRange(series, *(us(at) for at in bounds)) for bounds in self.empty]


@st.composite
def markets(draw: st.DrawFn) -> Market:
    name = draw(st.sampled_from(sorted(MARKETS)))
    fine, coarse = draw(st.sampled_from(PAIRS))
    step = timedelta(microseconds=Interval.parse(fine).us)
    keep = draw(st.lists(st.booleans(), min_size=1, max_size=40).filter(any))
    shift = draw(st.sampled_from([timedelta(0)] * 4 + [timedelta(minutes=30), timedelta(hours=-1)]))
    times = moments(name, step, keep, shift if step < slow.DAY and name != "24/7" else timedelta(0))
    first = draw(st.integers(0, len(times) - 1))
    times = times[first : first + draw(st.integers(1, 400))]
    volumes = draw(st.lists(VOLUMES, min_size=1, max_size=8))
    prices = draw(st.lists(PRICES, min_size=4, max_size=12))
    sets = draw(st.lists(SETS, min_size=1, max_size=6))
    rows = [
        {
            "ts": at,
            **{word: prices[(place + n) % len(prices)] for n, word in enumerate(("open", "high", "low", "close"))},
            "volume": volumes[place % len(volumes)],
            "flags": sets[place % len(sets)],
        }
        for place, at in enumerate(times)
    ]
    empty = []
    for _ in range(draw(st.integers(0, 3))):
        start = times[0] + draw(st.integers(-3, 60)) * timedelta(minutes=50)
        empty.append((start, start + draw(st.integers(1, 40)) * timedelta(minutes=45)))
    return Market(name, fine, coarse, rows, empty)


@settings(max_examples=250, deadline=None)
@given(markets())
def test_coarse_bars_are_those_of_the_oracle(market: Market) -> None:
    steps = [timedelta(microseconds=Interval.parse(text).us) for text in (market.fine, market.coarse)]
    expected, outside = slow.resample(market.rows, *steps, MARKETS[market.name], market.empty)
    bars = bars_of(market.rows, market.fine)
    made = resample(bars, Interval.parse(market.coarse), calendar(calendar_of(market.name)), market.ranges)
    assert made.outside == outside
    assert rows_of(made.bars) == expected
    assert made.bars.series.interval == Interval.parse(market.coarse)


@settings(max_examples=120, deadline=None)
@given(markets(), st.integers(1, 200))
def test_a_thinned_series_loses_no_extreme_no_volume_and_no_hole(market: Market, points: int) -> None:
    rows, bars, days = market.rows, bars_of(market.rows, market.fine), calendar(calendar_of(market.name))
    few = thin(bars, points, days)
    assert 0 < len(few) <= points
    if len(bars) <= points:
        assert few is bars
        return
    at = np.searchsorted(bars.ts, few.ts)
    assert np.array_equal(bars.ts[at], few.ts)
    assert at[0] == 0
    groups = np.split(np.arange(len(bars)), at[1:])
    for place, group in enumerate(groups):
        own = [rows[row] for row in group]
        assert few.open[place] == own[0]["open"]
        assert few.close[place] == own[-1]["close"]
        assert few.high[place] == max(row["high"] for row in own)
        assert few.low[place] == min(row["low"] for row in own)
        assert few.volume[place] == slow.total([row["volume"] for row in own])
        held = days.steps(bars.ts[group], bars.series.interval)
        if np.any(np.diff(held) > 1) or any("partial" in row["flags"] for row in own):
            assert few.flags[place] & PARTIAL
        assert bool(few.flags[place] & AFTER_HOLE) == ("after_hole" in own[0]["flags"])


def test_what_divides() -> None:
    def able(name: str, *intervals: str) -> bool:
        return divides(calendar(name), *map(Interval.parse, intervals))

    assert able("24/7", "5m", "15m")
    assert not able("24/7", "5m", "7m")
    assert not able("24/7", "1h", "30m")
    assert not able("24/7", "1h", "1h")
    assert able("24/7", "7m", "14m")
    assert not able("24/7", "7h", "1w")
    assert not able("24/7", "9h", "36h")
    assert not able("24/7", "2d", "2w")
    assert able("24/7", "1w", "2w")
    assert able("XNYS", "1d", "1w")
    assert not able("XNYS", "1h", "36h")
    assert not able("XNYS", "2d", "2w")


@pytest.mark.parametrize("name", sorted(MARKETS))
def test_the_sessions_of_the_oracle_are_those_of_the_calendar(name: str) -> None:
    """Else equal mistakes on both sides could hide."""
    own = MARKETS[name]
    opens, closes = calendar(calendar_of(name)).sessions(us(own[0].opened), us(own[-1].opened))
    known = dict(zip(opens.tolist(), closes.tolist(), strict=True))
    for session in own:
        assert known[us(session.opened)] == us(session.closed)
