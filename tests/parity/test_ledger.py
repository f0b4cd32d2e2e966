"""The ledger of a series equals that of the slow oracle, on every calendar, with any holes and confirmed ranges."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tapehead.jobs.coverage import Axis, make_ledger
from tapehead.layout.columns import PARTIAL, SUSPECT, TRADED
from tapehead.model.calendar import calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tests.oracles import ledger as slow
from tests.oracles.resample import home_of
from tests.parity.sessions import MARKETS, calendar_of, moments, us


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(MARKETS)),
    st.sampled_from(["15m", "1h", "4h", "1d", "25m"]),
    st.lists(st.booleans(), min_size=1, max_size=50).filter(any),
    st.lists(st.tuples(st.integers(-5, 400), st.integers(0, 90)), max_size=5),
    st.sampled_from([0, 0, 0, 30, -60]),
    st.integers(1, 40),
)
def test_the_ledger_is_that_of_the_oracle(
    name: str, text: str, keep: list[bool], ranges: list[tuple[int, int]], shift: int, cells: int
) -> None:
    interval, days = Interval.parse(text), calendar(calendar_of(name))
    step = timedelta(microseconds=interval.us)
    moved = timedelta(minutes=shift if interval.us < Interval.parse("1d").us and days.name != "24/7" else 0)
    stamps = moments(name, step, keep, moved)[:250]
    assume(any(home_of(MARKETS[name], at, step) for at in stamps))
    empty = [(stamps[0] + at * timedelta(minutes=35), size * timedelta(minutes=35)) for at, size in ranges]
    bounds = [(start, start + size) for start, size in empty]
    expected = slow.known(stamps, step, MARKETS[name], bounds)

    series = Series("v", "S", interval)
    ts = np.array([us(at) for at in stamps], np.int64)
    flags = np.resize(np.array([TRADED, TRADED | SUSPECT, 0, TRADED | PARTIAL], np.uint8), len(ts))
    width = 7 * step + timedelta(minutes=11)
    axis = Axis(int(ts[0]), int(ts[0]) + cells * round(width.total_seconds() * 1e6), cells)
    confirmed = [EmptyRange(series, us(start), us(end)) for start, end in bounds]
    made = make_ledger(series, days, ts, flags, confirmed, axis=axis, runs=True)

    assert (made.empty, made.missing, made.outside) == (expected.empty, expected.missing, expected.outside)
    assert (made.bars, made.first, made.last) == (len(ts), int(ts[0]), int(ts[-1]))
    assert made.gaps == sum(not hole.empty for hole in expected.holes)
    found = [(run.start, run.bars, run.empty) for run in made.runs]
    assert found == [(us(hole.first), hole.bars, hole.empty) for hole in expected.holes]
    assert [run.end for run in made.runs] == [days.bar_end(us(hole.last), interval) for hole in expected.holes]
    assert made.strip == slow.strip(expected.places, datetime.fromtimestamp(ts[0] / 1e6, UTC), width, cells)
    odd = [sum(int(bit) for bit in (flags & mask != 0)) for mask in (SUSPECT, PARTIAL, TRADED)]
    assert [made.suspect, made.partial, made.bars - made.untraded] == odd
