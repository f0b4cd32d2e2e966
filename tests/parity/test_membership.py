"""Filters: day by day equal to the plain walk, and deaf to what comes later."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.jobs.days import daily
from tapehead.jobs.membership import _membership
from tapehead.model.bars import Bars
from tapehead.model.filter import read_filter
from tapehead.model.instrument import Instrument
from tapehead.model.membership import Membership
from tests.oracles.membership import DAY_US, Bar, Known, Verdict, above, both, either, member_days, opposite

HOUR_US = 3_600_000_000
FIRST_DAY = 18_628
CRYPTO = Instrument("v", "X")

FILTERS: dict[str, Callable[[Known], Verdict]] = {
    "close > 50": lambda k: above(k.close(), 50),
    "not close > 50 and bars >= 30": lambda k: both(opposite(above(k.close(), 50)), len(k.bars) >= 30),
    "4 <= age_days < 20": lambda k: 4 <= k.age_days() < 20,
    "dollar_volume(3) > 30e3": lambda k: above(k.dollar_volume(3), 30e3),
    "not dollar_volume(5) > 60e3": lambda k: opposite(above(k.dollar_volume(5), 60e3)),
    "volume < 200 or change(4) > 0": lambda k: either(k.volume() < 200, above(k.change(4), 0)),
    'kind == "crypto" and volatility(3) > 0.2': lambda k: above(k.volatility(3), 0.2),
    'not (venue in ["w", "u"] or change(2) > 0.1)': lambda k: opposite(above(k.change(2), 0.1)),
    'quote == "" and not symbol != "X"': lambda k: True,
    "change(1) > change(2)": lambda k: None if k.change(2) is None else k.change(1) > k.change(2),  # type: ignore[operator]  # None is out
}


@st.composite
def hourly(draw: st.DrawFn) -> list[tuple[int, float, float]]:
    """Hours since the first day, closes, volumes: some days whole, some with a bar, some missing, long gaps."""
    hours, at = [], draw(st.integers(0, 30))
    for _ in range(draw(st.integers(1, 14))):
        hours += range(at, at + draw(st.sampled_from([1, 3, 8, 24, 30])))
        at = hours[-1] + draw(st.sampled_from([1, 2, 5, 24, 49, 24 * 33]))
    cents = draw(st.lists(st.integers(100, 10_000), min_size=len(hours), max_size=len(hours)))
    volumes = draw(st.lists(st.integers(0, 90), min_size=len(hours), max_size=len(hours)))
    return [(hour, cent / 100, float(volume)) for hour, cent, volume in zip(hours, cents, volumes, strict=True)]


def bars_of(rows: list[tuple[int, float, float]], interval_us: int = HOUR_US) -> Bars:
    ts = np.array([FIRST_DAY * DAY_US + hour * HOUR_US for hour, _, _ in rows], np.int64)
    close, volume = (np.array([row[k] for row in rows]) for k in (1, 2))
    return Bars.from_arrays(ts, close, close, close, close, volume, interval="1h", has_volume=True)


def plain(rows: list[tuple[int, float, float]]) -> list[Bar]:
    opens = [FIRST_DAY * DAY_US + hour * HOUR_US for hour, _, _ in rows]
    return [Bar(at, at + HOUR_US, close, volume) for at, (_, close, volume) in zip(opens, rows, strict=True)]


def days_of(membership: Membership, first: int, last: int) -> list[int]:
    grid = np.arange(first, last + 1)
    return grid[membership.holds(grid * DAY_US)].tolist()


def judged(text: str, rows: list[tuple[int, float, float]]) -> Membership:
    return _membership(read_filter(text), CRYPTO, daily(bars_of(rows), CRYPTO, None))


@pytest.mark.parametrize("text", FILTERS)
@settings(max_examples=20, derandomize=True, deadline=None)
@given(rows=hourly())
def test_every_day_is_that_of_the_plain_walk(text: str, rows: list[tuple[int, float, float]]) -> None:
    last = FIRST_DAY + rows[-1][0] // 24 + 40
    found = days_of(judged(text, rows), FIRST_DAY - 2, last)
    assert found == member_days(plain(rows), FILTERS[text], FIRST_DAY - 2, last)


@pytest.mark.parametrize("text", FILTERS)
@settings(max_examples=20, derandomize=True, deadline=None)
@given(rows=hourly(), share=st.floats(0, 1))
def test_bars_that_come_after_a_day_change_nothing_up_to_it(
    text: str, rows: list[tuple[int, float, float]], share: float
) -> None:
    day = FIRST_DAY + int(share * (rows[-1][0] // 24 + 2))
    before = [row for row in rows if FIRST_DAY * DAY_US + row[0] * HOUR_US < day * DAY_US]
    if before:
        assert days_of(judged(text, before), FIRST_DAY, day) == days_of(judged(text, rows), FIRST_DAY, day)


def test_the_filters_say_yes_and_no() -> None:
    """The comparison above would be empty if a filter never held, or always."""
    rows = [(hour, 20.0 + hour % 50 + hour / 10, float(hour % 60)) for hour in range(24 * 40)]
    for text in FILTERS:
        held = days_of(judged(text, rows), FIRST_DAY, FIRST_DAY + 40)
        assert held, text
        assert len(held) < 41, text


def test_a_daily_bar_of_an_exchange_is_known_when_its_session_has_closed() -> None:
    """Stamped at midnight of New York, it would seem to end after the next day has begun."""
    fridays = [18_635, 18_638, 18_639]  # Friday 2021-01-08, Monday, Tuesday
    ts = np.array([day * DAY_US + 5 * HOUR_US for day in fridays], np.int64)
    line = np.array([1.0, 2.0, 3.0])
    bars = Bars.from_arrays(ts, line, line, line, line, line, interval="1d")
    share = Instrument("xnys", "X", kind="equity", calendar="XNYS")
    assert daily(bars, share, None).known.tolist() == [18_636, 18_639, 18_640]


def test_without_volume_there_is_no_dollar_volume() -> None:
    index = Instrument("v", "X", kind="index", has_volume=False)
    rows = [(hour, 10.0, 0.0) for hour in range(24 * 5)]
    for text in ("dollar_volume(2) < 1e9", "not dollar_volume(2) < 1e9", "volume >= 0"):
        assert not _membership(read_filter(text), index, daily(bars_of(rows), index, None))


def test_membership_ends_with_the_listing() -> None:
    gone = Instrument("v", "X", delisted_at=(FIRST_DAY + 3) * DAY_US)
    rows = [(hour, 10.0, 1.0) for hour in range(24 * 5)]
    found = _membership(read_filter("close > 1"), gone, daily(bars_of(rows), gone, None))
    assert days_of(found, FIRST_DAY, FIRST_DAY + 9) == [FIRST_DAY + 1, FIRST_DAY + 2]
