"""Calendars against published sessions, real bars and their own algebra."""

import csv
import gzip
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.errors import ParameterError
from tapehead.model import sessions_xnys
from tapehead.model.calendar import CALENDARS, Calendar, calendar
from tapehead.model.easter import easter
from tapehead.model.interval import Interval
from tapehead.model.sessions import SessionTable

SharedData = Callable[[str], Path]

MINUTE, HOUR, DAY, WEEK = (Interval.parse(text) for text in ("1m", "1h", "1d", "1w"))
NEW_YORK, KOLKATA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")


def us(year: int, month: int, day: int, hour: int = 0, minute: int = 0, zone: ZoneInfo | None = None) -> int:
    """Give the instant of a wall clock, UTC unless a zone is named."""
    return round(datetime(year, month, day, hour, minute, tzinfo=zone or UTC).timestamp()) * 1_000_000


def us_of(text: str) -> int:
    """Give the instant of an ISO stamp."""
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


def dates(opens: Iterable[int]) -> set[date]:
    """Give the UTC dates on which sessions open."""
    return {datetime.fromtimestamp(int(ts) // 1_000_000, UTC).date() for ts in opens}


def sessions_of(name: str, first: date, last: date) -> dict[date, tuple[int, int]]:
    """Give open and close of each session of whole years of dates."""
    opens, closes = calendar(name).sessions(
        us(first.year, first.month, first.day), us(last.year, last.month, last.day, 23)
    )
    return {
        datetime.fromtimestamp(int(opened) // 1_000_000, UTC).date(): (int(opened), int(closed))
        for opened, closed in zip(opens, closes, strict=True)
    }


def published(path: Path) -> dict[date, tuple[int, int]]:
    """Read a table of an exchange's opens and closes."""
    with gzip.open(path, "rt") as lines:
        rows = [(us_of(row["open"]), us_of(row["close"])) for row in csv.DictReader(lines)]
    return {datetime.fromtimestamp(opened // 1_000_000, UTC).date(): (opened, closed) for opened, closed in rows}


# The names


def test_an_unknown_calendar_is_refused_with_the_four_names() -> None:
    with pytest.raises(ParameterError, match=r"calendar=LSE: calendar must be one of 24/7, XNYS, NSE, FX"):
        calendar("LSE")


def test_calendars_are_kept_hashable_and_frozen() -> None:
    assert calendar("NSE") is calendar("NSE")
    assert len({calendar(name) for name in CALENDARS}) == 4
    with pytest.raises(AttributeError):
        calendar("NSE").name = "BSE"  # type: ignore[misc]  # frozen


# Periods a year


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("24/7", {"1m": 525_960, "1h": 8_766, "4h": 2_191.5, "1d": 365.25, "1w": 365.25 / 7}),
        ("XNYS", {"1m": 98_280, "5m": 19_656, "30m": 3_276, "1h": 1_764, "4h": 504, "12h": 252, "1d": 252, "1w": 52}),
        ("NSE", {"1m": 93_000, "15m": 6_200, "1h": 1_736, "4h": 496, "1d": 248, "1w": 52}),
        ("FX", {"1m": 374_400, "1h": 6_240, "4h": 1_560, "1d": 260, "1w": 52}),
    ],
)
def test_periods_a_year_are_the_declared_constants(name: str, figures: dict[str, float]) -> None:
    assert {text: calendar(name).periods_a_year(Interval.parse(text)) for text in figures} == figures


@pytest.mark.parametrize(("name", "years", "within"), [("XNYS", (1990, 2030), 0.5), ("NSE", (2010, 2026), 0.5)])
def test_sessions_a_year_are_those_of_the_table_on_average(name: str, years: tuple[int, int], within: float) -> None:
    opens, _ = calendar(name).sessions(us(years[0], 1, 1), us(years[1], 12, 31, 23))
    assert len(opens) / (years[1] - years[0] + 1) == pytest.approx(calendar(name).sessions_a_year, abs=within)


# XNYS


def test_every_xnys_session_since_1990_has_its_published_open_and_close(shared_data: SharedData) -> None:
    expected = published(shared_data("oracles/exchange_sessions/xnys.csv.gz"))
    assert sessions_of("XNYS", min(expected), max(expected)) == expected


def test_one_wrong_holiday_is_noticed(shared_data: SharedData, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = published(shared_data("oracles/exchange_sessions/xnys.csv.gz"))
    monkeypatch.setitem(sessions_xnys.EXTRAORDINARY_CLOSINGS, date(2010, 3, 10), "planted")
    wrong: SessionTable = sessions_xnys.xnys_sessions()
    missing = set(expected) - dates(wrong.session_opens)
    assert missing == {date(2010, 3, 10)}


def test_xnys_full_day_holidays_are_those_of_the_exchanges_list(shared_data: SharedData) -> None:
    rows = shared_data("oracles/exchange_sessions/nyse_all_full_day_holidays_since_1928.csv").read_text().split()
    days = [date(int(y), int(m), int(d)) for m, d, y in (row.split("/") for row in rows)]
    listed = {day for day in days if date(1990, 1, 1) <= day <= date(2021, 7, 5)}
    held = {day for year in range(1990, 2022) for day in sessions_xnys.holidays(year) if day <= date(2021, 7, 5)}
    assert held == listed


# NYSE, "Holidays & Trading Hours", as published for 2024 to 2028; 2025 with the day of mourning of 9 January.
PUBLISHED_HOLIDAYS = """
2024 01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25
2025 01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25
2026 01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25
2027 01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24
2028 01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25
"""
PUBLISHED_HALF_DAYS = """
2023 07-03 11-24
2024 07-03 11-29 12-24
2025 07-03 11-28 12-24
2026 11-27 12-24
2027 11-26
2028 07-03 11-24
"""


def _rows(text: str) -> dict[int, set[date]]:
    rows = [line.split() for line in text.strip().splitlines()]
    return {int(row[0]): {date.fromisoformat(f"{row[0]}-{day}") for day in row[1:]} for row in rows}


def test_xnys_follows_the_published_lists_of_later_years() -> None:
    assert {year: set(sessions_xnys.holidays(year)) for year in range(2024, 2029)} == _rows(PUBLISHED_HOLIDAYS)
    assert {year: set(sessions_xnys.half_days(year)) for year in range(2023, 2029)} == _rows(PUBLISHED_HALF_DAYS)


def test_daily_bars_of_the_sp500_take_every_step(shared_data: SharedData) -> None:
    with gzip.open(shared_data("equities/sp500_all_stocks_5yr_2013-2018.csv.gz"), "rt") as lines:
        days = sorted({line.split(",", 1)[0] for line in lines} - {"date"})
    ts = np.array([us_of(f"{day}T00:00:00+00:00") for day in days], np.int64)
    assert (np.diff(calendar("XNYS").steps(ts, DAY)) == 1).all()
    assert calendar("XNYS").step_count(int(ts[0]), int(ts[-1]), DAY) == len(ts) == 1259


def test_xnys_opens_an_hour_earlier_in_utc_in_summer() -> None:
    spring = sessions_of("XNYS", date(2024, 3, 8), date(2024, 3, 11))
    assert [spring[day][0] for day in (date(2024, 3, 8), date(2024, 3, 11))] == [
        us(2024, 3, 8, 14, 30),
        us(2024, 3, 11, 13, 30),
    ]
    hours = calendar("XNYS").grid(us(2024, 3, 8, 14, 30), us(2024, 3, 11, 19, 30), HOUR)
    assert [(ts // 60_000_000) % 1440 for ts in hours] == [870 + 60 * i for i in range(7)] + [
        810 + 60 * i for i in range(7)
    ]


def test_a_half_day_is_four_hours_and_its_last_bar_is_short() -> None:
    xnys = calendar("XNYS")
    hours = xnys.grid(us(2024, 11, 29, 9, 30, NEW_YORK), us(2024, 12, 2, 9, 30, NEW_YORK), HOUR)
    assert list(hours) == [us(2024, 11, 29, hour, 30, NEW_YORK) for hour in (9, 10, 11, 12)] + [
        us(2024, 12, 2, 9, 30, NEW_YORK)
    ]
    assert xnys.bar_end(int(hours[3]), HOUR) == us(2024, 11, 29, 13, 0, NEW_YORK)
    assert xnys.bar_end(int(hours[2]), HOUR) == int(hours[3])
    assert xnys.bar_end(us(2024, 11, 29), DAY) == us(2024, 11, 29, 13, 0, NEW_YORK)
    assert xnys.bar_end(us(2024, 12, 2), DAY) == us(2024, 12, 2, 16, 0, NEW_YORK)


def test_midnight_and_open_name_the_same_session_and_a_weekend_the_friday_before() -> None:
    stamps = np.array(
        [us(2024, 7, 3), us(2024, 7, 3, 13, 30), us(2024, 7, 4), us(2024, 7, 5), us(2024, 7, 6)], np.int64
    )
    for interval in (DAY, Interval.parse("1h")):
        steps = calendar("XNYS").steps(stamps[1:], interval)
        assert steps[1] >= steps[0]
    steps = calendar("XNYS").steps(stamps, DAY)
    assert list(steps - steps[0]) == [0, 0, 0, 1, 1]


# NSE


# Muhurat sessions, weekend sessions and 2013-11-14, none of which the Bombay table holds.
ONLY_NSE = """
2010-02-06 2012-01-07 2012-03-03 2012-04-28 2012-09-08 2013-05-11 2013-11-03 2013-11-14 2014-03-22 2014-10-23
2015-02-28 2015-11-11 2016-10-30 2017-10-19 2018-11-07 2019-10-27 2020-02-01 2020-11-14 2021-11-04 2022-10-24
2023-11-12 2024-03-02 2024-05-18 2024-11-01 2025-10-21 2026-02-01 2026-11-08
"""


def test_nse_sessions_are_those_of_bombay_save_where_the_exchanges_differ(shared_data: SharedData) -> None:
    bombay = published(shared_data("oracles/exchange_sessions/xbom.csv.gz"))
    nse = sessions_of("NSE", date(2010, 1, 1), max(bombay))
    bombay = {day: hours for day, hours in bombay.items() if day >= date(2010, 1, 1)}
    assert set(bombay) - set(nse) == {date(2013, 11, 15)}
    assert set(nse) - set(bombay) == {date.fromisoformat(day) for day in ONLY_NSE.split()}
    since = date(2010, 10, 18)
    differing = {day for day in set(nse) & set(bombay) if day >= since and nse[day] != bombay[day]}
    assert differing == {date(2010, 11, 5), date(2011, 10, 26), date(2012, 11, 13), date(2021, 2, 24)}


def test_minute_bars_of_the_nifty_take_every_step(shared_data: SharedData) -> None:
    """156 days of 2024, the split Saturdays and 20 January among them; five days that the vendor lacks are found."""
    with gzip.open(shared_data("intraday/nse_index_1m/NIFTY_2024.csv.gz"), "rt") as lines:
        rows = [(row["Date"], row["Time"]) for row in csv.DictReader(lines)]
    # The vendor's file goes on after the close of that one day.
    rows = [row for row in rows if row[0] != "20240120" or row[1] < "15:30"]
    ts = np.array([us(int(d[:4]), int(d[4:6]), int(d[6:]), int(t[:2]), int(t[3:]), KOLKATA) for d, t in rows], np.int64)
    grid = calendar("NSE").grid(int(ts[0]), int(ts[-1]), MINUTE)
    missing = np.setdiff1d(grid, ts)
    assert len(missing) == 5 * 375
    # Bombay's published table has a session on each of them.
    lacking = {date(2024, 2, 1), date(2024, 3, 4), date(2024, 4, 5), date(2024, 5, 7), date(2024, 7, 10)}
    assert dates(missing) == lacking
    assert np.setdiff1d(ts, grid).size == 0
    assert (np.diff(calendar("NSE").steps(ts, MINUTE)) - 1).sum() == len(missing)


def test_the_trading_days_of_the_official_files_are_sessions(shared_data: SharedData) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = shared_data("options/nse_fo_bhavcopy_2026-01_2026-02.parquet")
    traded = {
        date.fromisoformat(str(day)) for day in parquet.read_table(path, columns=["TradDt"])["TradDt"].to_pylist()
    }
    # The file lacks the special Sunday of the Union budget, which NSE held at regular hours (CMTR72349).
    assert set(sessions_of("NSE", date(2026, 1, 1), date(2026, 2, 28))) == traded | {date(2026, 2, 1)}


def test_the_budget_sunday_counts_as_a_session() -> None:
    days = np.array([us(2026, 1, 30), us(2026, 2, 1), us(2026, 2, 2)], np.int64)
    assert list(np.diff(calendar("NSE").steps(days, DAY))) == [1, 1]
    assert calendar("NSE").bar_end(us(2026, 2, 1), DAY) == us(2026, 2, 1, 15, 30, KOLKATA)


def test_muhurat_is_one_hour_in_the_evening() -> None:
    friday, monday = us(2023, 11, 10, 15, 15, KOLKATA), us(2023, 11, 13, 9, 15, KOLKATA)
    grid = calendar("NSE").grid(friday, monday, Interval.parse("15m"))
    assert list(grid[1:5]) == [us(2023, 11, 12, 18, minute, KOLKATA) for minute in (15, 30, 45)] + [
        us(2023, 11, 12, 19, 0, KOLKATA)
    ]
    assert list(grid[5:]) == [monday]


def test_a_session_that_was_broken_off_is_one_day_and_two_stretches() -> None:
    nse = calendar("NSE")
    opened, resumed = us(2021, 2, 24, 9, 15, KOLKATA), us(2021, 2, 24, 15, 45, KOLKATA)
    assert list(nse.grid(opened, us(2021, 2, 24, 16, 50, KOLKATA), HOUR)) == [
        opened,
        opened + HOUR.us,
        opened + 2 * HOUR.us,
        resumed,
        resumed + HOUR.us,
    ]
    assert nse.bar_end(opened + 2 * HOUR.us, HOUR) == us(2021, 2, 24, 11, 40, KOLKATA)
    assert nse.bar_end(us(2021, 2, 24), DAY) == us(2021, 2, 24, 17, 0, KOLKATA)
    assert nse.step_count(opened, resumed, DAY) == 1


# FX


def test_the_fx_week_runs_from_sunday_to_friday_at_five_in_new_york() -> None:
    fx = calendar("FX")
    opens, closes = fx.sessions(us(2024, 3, 3, 12), us(2024, 3, 15, 23))
    assert len(opens) == 10
    assert (closes - opens == DAY.us).all()
    # The clock changes on the Sunday between: 22:00 UTC in winter, 21:00 in summer.
    assert [int(opens[0]), int(closes[4]), int(opens[5]), int(closes[9])] == [
        us(2024, 3, 3, 22),
        us(2024, 3, 8, 22),
        us(2024, 3, 10, 21),
        us(2024, 3, 15, 21),
    ]
    assert fx.step_count(us(2024, 3, 8, 21), us(2024, 3, 10, 21), HOUR) == 2
    assert fx.bar_end(us(2024, 3, 8, 20), Interval.parse("4h")) == us(2024, 3, 8, 22)
    assert fx.bar_end(us(2024, 3, 7, 20), Interval.parse("4h")) == us(2024, 3, 8, 0)


def test_fx_rests_on_christmas_and_new_year() -> None:
    opens, _ = calendar("FX").sessions(us(2024, 12, 22), us(2025, 1, 3))
    assert [datetime.fromtimestamp(int(ts) // 1_000_000, NEW_YORK).strftime("%m-%d") for ts in opens] == (
        ["12-22", "12-23", "12-25", "12-26", "12-29", "12-30", "01-01", "01-02"]
    )


def test_hourly_quotes_of_a_broker_lie_on_the_fx_grid(shared_data: SharedData) -> None:
    """OANDA NZDUSD 2010-2018: one step a bar, none in a closed hour, 99 % of the grid present.

    The vendor lacks 97 hours of December 2016; with the two holidays open 98.8 % would be left.
    """
    with ZipFile(shared_data("intraday/lean/forex/oanda/hour/nzdusd.zip")) as archive:
        stamps = [line.split(b",")[0].decode() for line in archive.read(archive.namelist()[0]).splitlines()]
    ts = np.array([us_of(f"{s[:4]}-{s[4:6]}-{s[6:8]}T{s[9:]}:00+00:00") for s in stamps if s >= "2010"], np.int64)
    fx = calendar("FX")
    steps = fx.steps(ts, HOUR)
    assert (np.diff(steps) >= 1).all()
    assert np.isin(ts, fx.grid(int(ts[0]), int(ts[-1]), HOUR)).mean() > 0.9999
    assert len(ts) / fx.step_count(int(ts[0]), int(ts[-1]), HOUR) > 0.99


# 24/7


def test_24_7_counts_from_utc_midnight_and_weeks_from_monday() -> None:
    always = calendar("24/7")
    ts = np.array([us(1969, 12, 31, 23), us(2024, 2, 28, 23), us(2024, 2, 29), us(2024, 2, 29, 0, 59)], np.int64)
    assert np.array_equal(always.steps(ts, HOUR), ts // HOUR.us)
    assert list(always.grid(us(2024, 1, 1), us(2024, 1, 15), WEEK)) == [us(2024, 1, day) for day in (1, 8, 15)]
    assert always.bar_end(us(2024, 2, 28, 23), HOUR) == us(2024, 2, 29)
    assert len(always.sessions(us(2024, 1, 1), us(2024, 1, 31))[0]) == 31


# Algebra

INTERVALS = st.sampled_from(["1m", "7m", "15m", "1h", "2h", "4h", "6h", "12h", "1d", "3d", "1w", "2w"]).map(
    Interval.parse
)
ANY_CALENDAR = st.sampled_from(CALENDARS).map(calendar)
INSTANTS = st.integers(us(1991, 1, 1), us(2030, 12, 1))


@settings(max_examples=300, deadline=None)
@given(ANY_CALENDAR, INTERVALS, INSTANTS, st.integers(0, 3000))
def test_steps_of_the_grid_are_consecutive(of: Calendar, interval: Interval, first: int, count: int) -> None:
    last = first + count * interval.us
    grid = of.grid(first, last, interval)
    steps = of.steps(grid, interval)
    assert (np.diff(grid) > 0).all()
    assert np.array_equal(steps, np.arange(len(grid)) + steps[0])
    assert of.step_count(first, last, interval) == len(grid)
    assert steps[0] == of.steps(np.array([first], np.int64), interval)[0]


@settings(max_examples=200, deadline=None)
@given(ANY_CALENDAR, st.sampled_from(["1m", "15m", "1h", "4h", "1d", "1w"]).map(Interval.parse), INSTANTS)
def test_a_bar_ends_after_its_open_and_before_the_next(of: Calendar, interval: Interval, ts: int) -> None:
    opened, following = of.grid(ts, ts + 10 * max(interval.us, DAY.us), interval)[:2]
    end = of.bar_end(int(opened), interval)
    assert opened < end <= following
    assert end - opened <= interval.us


@settings(max_examples=100, deadline=None)
@given(ANY_CALENDAR, INTERVALS, st.lists(INSTANTS, min_size=2, max_size=30))
def test_later_stamps_never_have_earlier_steps(of: Calendar, interval: Interval, stamps: list[int]) -> None:
    ts = np.array(sorted(stamps), np.int64)
    steps = of.steps(ts, interval)
    assert (np.diff(steps) >= 0).all()
    order = np.argsort(np.array(stamps))
    assert np.array_equal(of.steps(np.array(stamps, np.int64), interval)[order], steps)


@pytest.mark.parametrize("name", CALENDARS)
def test_no_date_raises(name: str) -> None:
    of = calendar(name)
    for year in (1, 1850, 1965, 2045, 2099, 2150, 9999):
        for interval in (HOUR, DAY, WEEK):
            ts = us(year, 6, 15, 15)
            assert len(of.steps(np.array([ts], np.int64), interval)) == 1
            assert of.bar_end(ts, interval) is not None
            assert of.step_count(ts, ts, interval) == 1
            assert len(of.grid(ts, ts, interval)) == 1


def test_years_outside_the_lists_follow_the_rules() -> None:
    assert date(2050, 7, 4) not in sessions_of("XNYS", date(2050, 6, 1), date(2050, 7, 31))
    assert date(2050, 7, 5) in sessions_of("XNYS", date(2050, 6, 1), date(2050, 7, 31))
    republic_day = date(2035, 1, 26)
    assert republic_day.weekday() == 4
    assert republic_day not in sessions_of("NSE", date(2035, 1, 1), date(2035, 1, 31))
    assert republic_day + timedelta(days=3) in sessions_of("NSE", date(2035, 1, 1), date(2035, 1, 31))


def test_easter_falls_where_the_almanac_has_it() -> None:
    """Astronomical Almanac: the extremes 22 March 1818 and 25 April 1943, and three of our years."""
    expected = [date(1818, 3, 22), date(1943, 4, 25), date(2000, 4, 23), date(2024, 3, 31), date(2038, 4, 25)]
    assert [easter(day.year) for day in expected] == expected


@settings(max_examples=150, deadline=None)
@given(ANY_CALENDAR, INTERVALS, INSTANTS, st.integers(0, 300))
def test_the_open_of_a_step_is_undone_by_steps(of: Calendar, interval: Interval, first: int, count: int) -> None:
    ordinals = of.steps(np.array([first], np.int64), interval) + np.arange(count + 1)
    opens = of.opens(ordinals, interval)
    assert np.array_equal(of.steps(opens, interval), ordinals)
    assert np.array_equal(of.grid(int(opens[0]), int(opens[-1]), interval), opens)
    assert np.array_equal(of.opens(ordinals[::-1], interval), opens[::-1])


def test_a_day_that_an_interval_does_not_divide_ends_with_a_short_step() -> None:
    of, every = calendar("24/7"), Interval.parse("7h")
    grid = of.grid(us(2024, 3, 1), us(2024, 3, 2, 8), every)
    hours = [0, 7, 14, 21, 24, 31]
    assert grid.tolist() == [us(2024, 3, 1) + hour * HOUR.us for hour in hours]
    assert of.step_count(us(2024, 3, 1), us(2024, 3, 2, 8), every) == len(hours)
    assert of.bar_end(us(2024, 3, 1, 21), every) == us(2024, 3, 2)
    assert of.bar_end(us(2024, 3, 1, 14), every) == us(2024, 3, 1, 21)
    assert of.periods_a_year(every) == 365.25 * 4
