"""Cleaning: each defect alone, and all of them together against the row-by-row twin."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tapehead.jobs.clean import VALUES, Cleaned, clean
from tests.oracles.cleaning import Row, clean_rows

NAN = math.nan


def cleaned(rows: list[Row]) -> Cleaned:
    """Clean rows that can become bars: sorted by time, those of one time in their order."""
    usable = sorted((row for row in rows if row[0] is not None), key=lambda row: row[0] or 0)
    return clean(columns_of(usable))


def columns_of(rows: list[Row]) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {"ts": np.array([row[0] for row in rows], np.int64)}
    for place, name in enumerate(VALUES, start=1):
        columns[name] = np.array([row[place] for row in rows], np.float64)
    return columns


def bar(ts: int | None, close: float = 10.0, volume: float = 1.0) -> Row:
    return (ts, 10.0, 12.0, 9.0, close, volume)


def test_orderly_rows_stay_as_they_are() -> None:
    found = cleaned([bar(1), bar(2, 11.0), bar(3)])
    assert found.columns["ts"].tolist() == [1, 2, 3]
    assert found.columns["close"].tolist() == [10.0, 11.0, 10.0]
    assert found.order is None
    assert [len(found.duplicates), len(found.lost), len(found.won), found.suspect.sum(), found.no_volume] == [0] * 5


def test_an_exact_duplicate_is_kept_once() -> None:
    found = cleaned([bar(1), bar(2), bar(2), bar(2), bar(3)])
    assert (found.columns["ts"].tolist(), sorted(found.duplicates.tolist())) == ([1, 2, 3], [1, 2])
    assert not len(found.lost)
    assert not len(found.won)


def test_the_last_of_two_rows_of_one_time_wins_and_both_are_set_aside() -> None:
    found = cleaned([bar(1), bar(2, 11.0), bar(2, 9.5)])
    assert found.columns["close"].tolist() == [10.0, 9.5]
    assert not len(found.duplicates)
    assert (found.lost.tolist(), found.won.tolist()) == ([1], [2])


def test_an_equal_row_beside_a_conflict_is_a_duplicate() -> None:
    found = cleaned([bar(1, 11.0), bar(1, 9.5), bar(1, 11.0)])
    assert found.columns["close"].tolist() == [11.0]
    assert found.duplicates.tolist() == [0]
    assert (found.lost.tolist(), found.won.tolist()) == ([1], [2])


@pytest.mark.parametrize(
    "row",
    [
        (1, 10.0, 9.0, 8.0, 8.5, 1.0),
        (1, 10.0, 11.0, 10.5, 11.0, 1.0),
        (1, 10.0, 11.0, 9.0, 11.5, 1.0),
        (1, 10.0, 11.0, 9.0, 8.5, 1.0),
    ],
)
def test_an_ohlc_violation_is_kept_and_suspect(row: Row) -> None:
    found = cleaned([row])
    assert found.suspect.tolist() == [True]
    assert found.columns["high"].tolist() == [row[2]]


def test_a_null_volume_is_taken_as_none_and_counted() -> None:
    found = cleaned([bar(1, volume=NAN), bar(2)])
    assert found.columns["volume"].tolist() == [0.0, 1.0]
    assert found.no_volume == 1


def test_no_rows_make_no_bars() -> None:
    found = cleaned([])
    assert len(found.columns["ts"]) == 0


def test_the_rows_given_are_not_changed() -> None:
    columns: dict[str, NDArray[Any]] = {"ts": np.array([1, 1], np.int64)}
    columns |= {name: np.array([1.0, NAN]) if name == "volume" else np.ones(2) for name in VALUES}
    before = {name: values.copy() for name, values in columns.items()}
    clean(columns)
    for name, values in before.items():
        assert np.array_equal(columns[name], values, equal_nan=True)


# Few times and few values, so that duplicates, conflicts and violations meet in one example.
_ROWS = st.lists(
    st.tuples(
        st.integers(0, 6),
        *[st.sampled_from([8.0, 9.0, 10.0])] * 4,
        st.sampled_from([0.0, 1.0, NAN]),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(_ROWS)
def test_cleaning_equals_the_row_by_row_twin(rows: list[Row]) -> None:
    rows = sorted(rows, key=lambda row: row[0] or 0)
    found, expected = cleaned(rows), clean_rows(rows)
    bars = {
        int(ts): values
        for ts, *values in zip(found.columns["ts"], *(found.columns[name].tolist() for name in VALUES), strict=True)
    }
    assert {ts: tuple(values) for ts, values in bars.items()} == expected.bars
    assert list(bars) == sorted(bars)
    assert {int(ts) for ts in found.columns["ts"][found.suspect]} == expected.suspect
    assert (len(found.duplicates), len(found.lost)) == (expected.duplicates, expected.conflicting)
    assert set(found.lost.tolist()) == expected.lost
    assert set(found.won.tolist()) == expected.won
    assert len(rows) == len(bars) + len(found.duplicates) + len(found.lost)
    order = range(len(rows)) if found.order is None else found.order.tolist()
    assert [rows[place][0] for place in order] == list(bars)
