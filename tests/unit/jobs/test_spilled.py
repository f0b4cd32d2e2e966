"""Imports through buckets that hold a few rows: bit for bit and count for count what they are in memory."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapehead.errors import ImportConflictError
from tapehead.ports.bars import Hints
from tests.oracles.cleaning import clean_rows
from tests.unit.jobs.listed import ListedSource, Row, held, take
from tests.unit.jobs.memory_store import MemoryStore

HOUR = 3_600_000_000
# The last hours of a year and the first ones of the next: a series has two periods.
YEAR_END = 1_704_067_200_000_000
NAN = float("nan")
LARGE = 64 << 20
HINTS = Hints(kind="crypto", venue="listed", interval="1h")

_ROW = st.tuples(
    st.sampled_from(["AUSDT", "BUSDT", "CUSDT", None]),
    st.one_of(st.none(), *[st.integers(-6, 6).map(lambda hour: YEAR_END + hour * HOUR)] * 9),
    *[st.sampled_from([9.0, 10.0, 10.0, 11.0, NAN])] * 1,
    *[st.sampled_from([9.0, 10.0, 11.0])] * 2,
    st.sampled_from([0.1, 9.0, 10.0]),
    st.sampled_from([0.0, 1.0, NAN]),
)
_FILES = st.lists(st.lists(_ROW, min_size=1, max_size=30), min_size=1, max_size=3)


def everything(report: Any, store: MemoryStore) -> tuple[Any, ...]:
    """All that an import says and leaves behind."""
    body = replace(report, seconds=0.0).to_json()
    facts = sorted(store.known.items())
    return body, held(store), facts, store.aside, store.ranges, store.reports


def has_bars(rows: list[Row]) -> bool:
    return any(row[0] is not None and row[1] is not None and row[2] == row[2] for row in rows)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=_FILES, budget=st.sampled_from([1, 200, 900]), batch=st.integers(1, 9), gapless=st.booleans())
def test_a_small_dirty_market_is_the_same_from_disk(
    tmp_path: Path, files: list[list[Row]], budget: int, batch: int, gapless: bool
) -> None:
    files = [rows for rows in files if has_bars(rows)]
    if not files:
        return
    found = []
    for size in (LARGE, budget):
        sources = [ListedSource(rows, batch, gapless=gapless) for rows in files]
        store = MemoryStore()
        report = take(store, tmp_path, sources, size, HINTS, supersede=True, now=YEAR_END + 3 * HOUR)
        found.append(everything(report, store))
        check_against_twin(report, files)
    assert found[0] == found[1]


def check_against_twin(report: Any, files: list[list[Row]]) -> None:
    """Counts of each file are those of the row-by-row twin."""
    for file, rows in zip(report.files, files, strict=True):
        named = [row for row in rows if row[0] is not None]
        twins = [clean_rows([row[1:] for row in named if row[0] == name]) for name in {row[0] for row in named}]
        assert file.rows == len(rows)
        assert file.kept == sum(len(twin.bars) for twin in twins)
        assert file.duplicates == sum(twin.duplicates for twin in twins)
        assert file.conflicting == sum(twin.conflicting for twin in twins)
        assert file.out_of_order == sum(twin.out_of_order for twin in twins)
        assert file.ohlc_violations == sum(len(twin.suspect) for twin in twins)
        unusable = sum(len(twin.no_time) + len(twin.no_price) for twin in twins) + len(rows) - len(named)
        assert file.nulls == unusable
        assert file.quarantined == unusable + sum(len(twin.lost) + len(twin.won) for twin in twins)
        assert file.added + file.unchanged + file.superseded == file.kept


def panel(rows: int, seed: int = 3) -> list[Row]:
    """A panel of 40 symbols over the end of a year, every row somewhere; some twice, some with another close."""
    rng = np.random.default_rng(seed)
    per = rows // 40
    made: list[Row] = []
    for symbol in range(40):
        close = np.round(100 + np.cumsum(rng.normal(0, 0.1, per)), 2)
        hours = np.sort(rng.choice(per + per // 10, per, replace=False))
        for hour, price in zip(hours.tolist(), close.tolist(), strict=True):
            ts = YEAR_END + (hour - per // 2) * HOUR
            made.append((f"S{symbol:02d}USDT", ts, price, price + 1, price - 1, price, 5.0))
    for at in rng.choice(len(made), 300, replace=False).tolist():
        row = made[at]
        made.append(row if at % 2 else (*row[:5], row[5] + 0.5, row[6]))
    return [made[at] for at in rng.permutation(len(made)).tolist()]


def test_a_shuffled_panel_is_the_same_from_disk_and_its_interval_is_guessed(tmp_path: Path) -> None:
    rows = panel(160_000)
    found = []
    for budget in (LARGE, 1 << 17):
        store = MemoryStore()
        source = ListedSource(rows, 1 << 13)
        hints = Hints(kind="crypto", venue="listed")
        found.append(everything(take(store, tmp_path, [source], budget, hints), store))
    assert found[0] == found[1]
    total = found[0][0]["total"]
    assert (total["symbols"], total["duplicates"] + total["conflicting"]) == (40, 300)
    assert total["kept"] == len(rows) - 300
    assert any(guess.startswith("interval 1h") for guess in total["guesses"])


def test_the_order_of_files_that_do_not_contradict_each_other_does_not_matter(tmp_path: Path) -> None:
    rows = panel(4_000)
    plain = list({(row[0], row[1]): row for row in rows}.values())
    parts = [plain[at::3] for at in range(3)]
    ends = []
    for order in ((0, 1, 2), (2, 0, 1)):
        store = MemoryStore()
        take(store, tmp_path, [ListedSource(parts[at], 100) for at in order], 1 << 12, HINTS)
        ends.append(held(store))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("budget", [LARGE, 100])
def test_the_last_file_wins_and_each_is_counted_against_those_before(tmp_path: Path, budget: int) -> None:
    store = MemoryStore()
    first = [bar(hour, 10.0) for hour in range(-3, 3)]
    second = [bar(2, 10.5), bar(3, 10.5)]
    report = take(store, tmp_path, [ListedSource(first), ListedSource(second)], budget, HINTS)
    assert [(file.added, file.superseded) for file in report.files] == [(6, 0), (1, 1)]
    assert store.bars("listed:AUSDT").close.tolist() == [10.0] * 5 + [10.5, 10.5]
    (shown,) = report.files[1].examples["superseded"]
    assert (shown.row, shown.ts) == (1, YEAR_END + 2 * HOUR)
    assert "close=10.0" in shown.text.partition("; new ")[0]
    assert "close=10.5" in shown.text.partition("; new ")[2]


def bar(hour: int, close: float, symbol: str = "AUSDT") -> Row:
    return (symbol, YEAR_END + hour * HOUR, close, close, close, close, 1.0)


@pytest.mark.parametrize("budget", [LARGE, 100])
def test_files_of_two_intervals_of_one_symbol_are_two_series(tmp_path: Path, budget: int) -> None:
    store = MemoryStore()
    hourly = ListedSource([bar(hour, 10.0 + hour) for hour in range(-30, 30)])
    daily = ListedSource([bar(24 * day, 20.0 + day) for day in range(-3, 3)])
    report = take(store, tmp_path, [hourly, daily], budget, Hints(kind="crypto", venue="listed"))
    assert [(one.series.interval.text, one.rows) for one in store.coverage()] == [("1h", 60), ("1d", 6)]
    assert (report.total.symbols, report.total.superseded) == (1, 0)


@pytest.mark.parametrize("budget", [LARGE, 100])
def test_what_a_gapless_source_leaves_out_is_confirmed_empty(tmp_path: Path, budget: int) -> None:
    store = MemoryStore()
    rows = [bar(hour, 10.0) for hour in (-5, -4, -1, 3)]
    report = take(store, tmp_path, [ListedSource(rows, gapless=True)], budget, HINTS, strict=True)
    assert (report.total.gaps, report.total.missing, report.total.confirmed_empty) == (2, 5, 5)
    ranges = (
        [(one.start - YEAR_END) // HOUR for one in store.ranges],
        [(one.end - YEAR_END) // HOUR for one in store.ranges],
    )
    assert ranges == ([-3, 0], [-1, 3])
    assert take(store, tmp_path, [ListedSource(rows, gapless=True)], budget, HINTS).committed is False


@pytest.mark.parametrize("budget", [LARGE, 100])
def test_a_factor_of_each_bar_becomes_steps_and_the_basis_is_kept(tmp_path: Path, budget: int) -> None:
    store = MemoryStore()
    rows = [bar(hour, 10.0) for hour in range(-3, 3)]
    source = ListedSource(rows[::-1], factor=[1.0, 1.0, 0.5, NAN, 0.5, 0.25], basis="split")
    take(store, tmp_path, [source], budget, HINTS)
    steps = store.steps["listed:AUSDT"]
    assert [(int(ts) - YEAR_END) // HOUR for ts in steps.ts] == [-3, -2, 1]
    assert steps.dividend.tolist() == [0.25, 0.5, 1.0]
    assert store.known["listed:AUSDT"].basis == "split"
    with pytest.raises(ImportConflictError, match=r"raw prices .* adjusted for splits; .*--venue NAME.*--supersede"):
        take(store, tmp_path, [ListedSource([bar(5, 10.0)], basis="raw")], budget, HINTS)
    take(store, tmp_path, [ListedSource([bar(5, 10.0)], basis="raw")], budget, HINTS, supersede=True)
    assert store.known["listed:AUSDT"].basis == "raw"


def test_newer_factors_meet_the_older_ones_where_they_begin(tmp_path: Path) -> None:
    store = MemoryStore()
    take(store, tmp_path, [ListedSource([bar(at, 10.0) for at in range(4)], factor=[0.5, 0.5, 1.0, 1.0])], LARGE, HINTS)
    later = ListedSource([bar(at, 10.0) for at in range(3, 6)], factor=[0.8, 0.8, 1.0])
    take(store, tmp_path, [later], LARGE, HINTS)
    steps = store.steps["listed:AUSDT"]
    assert [(int(ts) - YEAR_END) // HOUR for ts in steps.ts] == [0, 2, 3, 5]
    assert steps.dividend.tolist() == [0.4, 0.8, 0.8, 1.0]


def test_rows_that_the_source_calls_unfinished_are_partial(tmp_path: Path) -> None:
    store = MemoryStore()
    source = ListedSource([bar(0, 10.0), bar(1, 10.0)], partial=[False, True])
    assert take(store, tmp_path, [source], LARGE, HINTS).total.partial == 1


def test_numbers_of_rows_count_the_lines_that_could_not_be_read(tmp_path: Path) -> None:
    store = MemoryStore()
    rows = [bar(0, 10.0), bar(0, 11.0), bar(1, 11.0), bar(1, 11.0)]
    source = ListedSource(rows, unread=[(2, "torn"), (5, "torn too")])
    report = take(store, tmp_path, [source], LARGE, HINTS)
    assert [(one.row, one.values) for one in store.aside if one.reason == "the line is broken"] == [
        (2, "torn"),
        (5, "torn too"),
    ]
    assert [one.row for one in store.aside] == [1, 2, 3, 5]
    assert [one.row for one in report.files[0].examples["duplicates"]] == [4]
    assert [one.row for one in report.files[0].examples["nulls"]] == [2, 5]


@pytest.mark.parametrize("budget", [LARGE, 100])
def test_the_first_volume_of_a_series_may_come_in_a_later_period(tmp_path: Path, budget: int) -> None:
    store = MemoryStore()
    rows = [(*bar(hour, 10.0)[:6], 1.0 if hour == 2 else 0.0) for hour in range(-3, 4)]
    take(store, tmp_path, [ListedSource(rows)], budget, HINTS)
    assert store.bars("listed:AUSDT").flags.tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert store.known["listed:AUSDT"].has_volume


@pytest.mark.parametrize("ts", [-(10**18), 10**18, 2**62])
def test_a_time_beyond_all_dates_is_none(tmp_path: Path, ts: int) -> None:
    store = MemoryStore()
    beyond: Row = ("AUSDT", ts, 10.0, 10.0, 10.0, 10.0, 1.0)
    report = take(store, tmp_path, [ListedSource([bar(0, 10.0), beyond, bar(1, 10.0)])], LARGE, HINTS)
    assert (report.total.kept, report.total.nulls) == (2, 1)
    assert (store.aside[0].row, store.aside[0].ts) == (2, None)
