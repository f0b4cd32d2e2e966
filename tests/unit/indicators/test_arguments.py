"""What indicators refuse, in a sentence with the value and the bound; what they take and never change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapehead
from tapehead.errors import ParameterError
from tapehead.indicators.catalogue import INDICATORS, Indicator
from tapehead.indicators.crossed import crossed_above, crossed_below, event_bars
from tapehead.indicators.ema import ema
from tapehead.indicators.rsi import rsi
from tapehead.indicators.sma import sma
from tapehead.indicators.values import MOST_BARS

LINES = [sma, ema, rsi]


@pytest.mark.parametrize("make", LINES)
@pytest.mark.parametrize("period", [0, -3, 2.0, "5", None, True])
def test_a_period_that_is_none(make: Callable[..., Any], period: Any) -> None:
    with pytest.raises(ParameterError, match=r"period.*an integer of at least"):
        make([1.0, 2.0, 3.0], period)


@pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.name)
def test_a_period_however_long_takes_no_room(row: Indicator) -> None:
    """None is longer than kernels count, and one that is beyond the bars is known of none of them."""
    make, lines = getattr(tapehead, row.name), [np.linspace(1.0, 2.0, 9)] * len(row.inputs)
    for one in row.parameters:
        if one.kind is int and one.high is None:
            made = make(*lines, **{one.name: MOST_BARS})
            assert len(made[0] if isinstance(made, tuple) else made) == 9
            with pytest.raises(ParameterError, match=rf"{one.name}\).*of at least \d+ and at most 2,147,483,647"):
                make(*lines, **{one.name: MOST_BARS + 1})


def test_an_rsi_of_one_bar_is_refused() -> None:
    with pytest.raises(ParameterError, match="at least 2"):
        rsi([1.0, 2.0], 1)


@pytest.mark.parametrize("make", LINES)
@pytest.mark.parametrize("values", [np.zeros((2, 2)), 1.0, ["a", "b"], np.zeros(3, bool), np.zeros(3, complex)])
def test_values_that_are_no_line(make: Callable[..., Any], values: Any) -> None:
    with pytest.raises(ParameterError, match="one line of numbers"):
        make(values, 2)


@pytest.mark.parametrize("make", LINES)
def test_edges(make: Callable[..., Any]) -> None:
    assert make([], 3).shape == (0,)
    assert np.isnan(make([1.0, 2.0], 3)).all()
    assert make(np.array([1, 2, 3, 4], np.int32), 2).dtype == np.float64
    values = np.array([1.0, 3.0, 2.0, 5.0])
    out = make(values, np.int64(2))
    assert values.tolist() == [1.0, 3.0, 2.0, 5.0]
    assert not out.flags.writeable
    strided = np.array([1.0, 9.0, 3.0, 9.0, 2.0, 9.0, 5.0, 9.0])[::2]
    np.testing.assert_array_equal(make(strided, 2), out)


@pytest.mark.parametrize("make", LINES)
def test_nothing_known_stays_unknown(make: Callable[..., Any]) -> None:
    assert np.isnan(make([np.nan] * 10, 2)).all()


def test_crossings_refuse_lines_of_two_lengths() -> None:
    with pytest.raises(ParameterError, match=r"crossed_below\(b\).*2 values.*as long as a, which has 3 values"):
        crossed_below([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(ParameterError, match="one line of numbers"):
        crossed_above("close", 3.0)


def test_crossings_combine_like_conditions() -> None:
    up, down = crossed_above([1.0, 3.0, 1.0, 3.0], 2.0), crossed_below([1.0, 3.0, 1.0, 3.0], 2.0)
    late = np.array([False, False, False, True])
    assert (up | down).tolist() == [False, True, True, True]
    assert (up & late).tolist() == [False, False, False, True]
    assert (late & up).tolist() == [False, False, False, True]
    assert (late | up).tolist() == [False, True, False, True]
    assert (~up).tolist() == [True, False, True, False]


def test_events_of_nothing() -> None:
    assert event_bars(None).shape == (0,)
    assert event_bars(crossed_above([], 2.0)).shape == (0,)
    assert event_bars(np.zeros(0, bool)).shape == (0,)
