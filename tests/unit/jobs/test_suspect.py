"""What looks wrong: jumps that come back, prices that stand still, another price level."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tapehead.jobs.suspect import Fingerprint, Jumps, Stillness, is_off_scale, sentence

Columns = dict[Any, NDArray[Any]]


@pytest.mark.parametrize(
    ("closes", "jumps"),
    [
        ([10, 0.1, 10], 1),
        ([10, 1000, 10], 1),
        ([10, 10, 0.1, 0.1, 0.1, 0.1, 0.1, 11], 1),
        ([10, 10, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 11], 0),
        ([10, 1000, 10, 0.1, 10], 2),
        ([10, 0.1, 0.1, 0.1], 0),
        ([10, 0.3, 10], 0),
        ([10, 0.01, 10], 0),
        ([10, 0.15, 19], 1),
        ([10, 0.15, 21], 0),
        ([0, 10, 0], 0),
        ([10, 0.1], 0),
        ([], 0),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_jumps(closes: list[float], jumps: int, size: int) -> None:
    found = Jumps()
    close, at = np.array(closes, np.float64), np.arange(len(closes))
    parts = [found.take(close[lo : lo + size], at[lo : lo + size], at[lo : lo + size] * 60) for lo in at[::size]]
    places = [place for part, _ in (*parts, found.rest()) for place in part.tolist()]
    assert len(places) == jumps
    assert places == sorted(set(places))
    assert all(
        abs(close[place] / close[place - 1]) <= 0.02 or abs(close[place] / close[place - 1]) >= 50 for place in places
    )


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_constant_price_is_measured_in_bars(size: int) -> None:
    close = np.array([1.0, 2.0, 2.0, 2.0, 3.0, 3.0])
    flat = dict.fromkeys(("open", "high", "low", "close"), close)
    assert longest(flat, size) == 3
    assert longest({**flat, "high": close + 1}, size) == 0
    assert longest({name: np.zeros(0) for name in flat}, size) == 0


def longest(columns: Columns, size: int) -> int:
    """Measure columns a few bars at a time."""
    found = Stillness()
    for lo in range(0, len(columns["close"]), size):
        found.take({name: values[lo : lo + size] for name, values in columns.items()})
    return found.longest


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([(1.0, 1.0), (2.0, 2.0), (2.0, 3.0)]), max_size=30), st.integers(1, 7))
def test_a_run_of_one_price_is_that_of_the_plain_count(bars: list[tuple[float, float]], size: int) -> None:
    most = run = 0
    for at, bar in enumerate(bars):
        run = 0 if bar[0] != bar[1] else run + 1 if at and bar == bars[at - 1] else 1
        most = max(most, run)
    close, high = (np.array([bar[side] for bar in bars], np.float64) for side in (0, 1))
    assert longest({"open": close, "high": high, "low": close, "close": close}, size) == most


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 10), min_size=2, max_size=20), st.integers(1, 20), st.integers(0, 100))
def test_a_fingerprint_depends_on_every_bit_and_on_no_split(values: list[float], size: int, flip: int) -> None:
    columns = {"ts": np.arange(len(values)) * 60_000_000, "close": np.array(values)}
    other = {name: column.copy() for name, column in columns.items()}
    other["close"].view(np.int64)[flip % len(values)] ^= 1
    assert print_of(columns, size) == print_of(columns, 100)
    assert print_of(columns, 100) != print_of(other, 100)


def print_of(columns: Columns, size: int) -> tuple[int, ...]:
    """Take the print of columns a few bars at a time."""
    found = Fingerprint()
    for lo in range(0, len(columns["ts"]), size):
        found.take({name: values[lo : lo + size] for name, values in columns.items()})
    return found.print


@pytest.mark.parametrize(
    ("new", "held", "off"), [(10, 10, False), (199, 10, False), (200, 10, True), (0.5, 10, True), (0, 10, False)]
)
def test_a_price_level_20_times_off(new: float, held: float, off: bool) -> None:
    assert is_off_scale(new, held) is off


def test_a_sentence_names_five_and_counts_the_rest() -> None:
    assert sentence("odd", list("ab")) == "odd: a, b"
    assert sentence("odd", list("abcdefg")) == "odd: a, b, c, d, e and 2 more"
