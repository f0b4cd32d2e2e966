"""Merging: what overlaps, which layer wins, where a period ends; against plain dictionaries."""

from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.jobs.merge import Columns, Overlap, overlaid, span_of, split_periods
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES
from tapehead.model.interval import Interval
from tapehead.sources.piles import SpillingPile
from tapehead.sources.spill import SpillFile

HOUR = Interval.parse("1h")
Bar = tuple[float, float]


def columns_of(bars: dict[int, Bar]) -> Columns:
    """Close and volume vary, the other prices are one."""
    found: Columns = {name: np.ones(len(bars), BAR_DTYPES[name]) for name in BAR_COLUMNS}
    found["ts"] = np.array(sorted(bars), np.int64)
    found["close"] = np.array([bars[ts][0] for ts in sorted(bars)])
    found["volume"] = np.array([bars[ts][1] for ts in sorted(bars)])
    return found


def bars_of(columns: Columns) -> dict[int, Bar]:
    rows: Any = zip(columns["ts"].tolist(), columns["close"].tolist(), columns["volume"].tolist(), strict=True)
    return {ts: (close, volume) for ts, close, volume in rows}


_BARS = st.dictionaries(st.integers(0, 12), st.tuples(st.sampled_from([1.0, 2.0, 3.0]), st.sampled_from([0.0, 1.0])))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(_BARS, max_size=4))
def test_the_latest_layer_wins_bar_by_bar(layers: list[dict[int, Bar]]) -> None:
    expected: dict[int, Bar] = {}
    for layer in layers:
        expected |= layer
    found = overlaid([columns_of(layer) for layer in layers])
    assert bars_of(found) == expected
    assert found["ts"].tolist() == sorted(expected)
    assert all(found[name].dtype == np.dtype(BAR_DTYPES[name]) for name in BAR_COLUMNS)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_BARS, _BARS, st.integers(0, 13))
def test_an_overlap_is_counted(held: dict[int, Bar], new: dict[int, Bar], cut: int) -> None:
    found = overlap_of(held, new, cut)
    both = sorted(set(held) & set(new))
    differ = [ts for ts in both if held[ts] != new[ts]]
    assert (found.added, found.overlapping, found.superseded) == (len(new) - len(both), len(both), len(differ))
    assert found.differing(max(held, default=None)) == sum(ts != max(held) for ts in differ)
    ratios = sorted(new[ts][0] / held[ts][0] for ts in both)
    middle = len(ratios) // 2
    expected = (ratios[middle] + ratios[~middle]) / 2 if ratios else None
    assert found.ratio == expected or (found.ratio is not None and abs(found.ratio - (expected or 0)) < 1e-15)


def overlap_of(held: dict[int, Bar], new: dict[int, Bar], cut: int) -> Overlap:
    """Lay new bars over held ones in two parts: those before a time, and the others."""
    found = Overlap(SpillingPile(SpillFile(Path(gettempdir())), 1_000))
    for inside in (lambda ts: ts < cut, lambda ts: ts >= cut):
        part = {ts: bar for ts, bar in new.items() if inside(ts)}
        if part:
            found.take(columns_of({ts: bar for ts, bar in held.items() if inside(ts)}), columns_of(part))
    return found


def test_a_held_close_of_0_gives_no_ratio() -> None:
    assert overlap_of({1: (0.0, 1.0)}, {1: (1.0, 1.0)}, 0).ratio is None


@pytest.mark.parametrize(
    ("text", "stamp", "first", "after"),
    [
        ("1m", "2024-02-29T12:00", "2024-02-01", "2024-03-01"),
        ("5m", "2023-12-31T23:55", "2023-12-01", "2024-01-01"),
        ("1h", "1969-12-31T23:00", "1969-01-01", "1970-01-01"),
    ],
)
def test_a_period_begins_and_ends_where_its_bars_do(text: str, stamp: str, first: str, after: str) -> None:
    us = [int(np.datetime64(each, "us").astype(np.int64)) for each in (stamp, first, after)]
    assert span_of(Interval.parse(text).period_of(us[0])) == (us[1], us[2])


def test_a_period_of_days_has_no_end() -> None:
    start, end = span_of(Interval.parse("1d").period_of(0))
    assert start < -(10**17)
    assert end > 10**17


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sets(st.integers(0, 40_000), max_size=60), st.sampled_from(["1m", "1h", "1d"]))
def test_periods_are_whole_and_in_order(hours: set[int], text: str) -> None:
    interval = Interval.parse(text)
    columns = columns_of({hour * HOUR.us: (1.0, 1.0) for hour in hours})
    parts = list(split_periods(columns, interval))
    assert [ts for _, part in parts for ts in part["ts"].tolist()] == columns["ts"].tolist()
    assert [period for period, _ in parts] == sorted({interval.period_of(hour * HOUR.us) for hour in hours})
    for period, part in parts:
        assert {interval.period_of(int(ts)) for ts in part["ts"]} == {period}
