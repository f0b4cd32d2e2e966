"""Scaled integers: how many decimals a line has, and when sums of them would not be exact."""

from __future__ import annotations

import numpy as np
import pytest

from tapehead.kernels import windows
from tapehead.kernels.jit import readonly


def line(*values: float) -> np.ndarray:
    return readonly(np.array(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1.0, 2.0), 0),
        ((1.0, 2.5, 0.07), 2),
        ((1e-8, 5.0), 8),
        ((1e-10,), 10),
        ((1e-11,), -1),
        ((1 / 3,), -1),
        ((0.1 + 0.2,), -1),
        ((1.0, float("nan")), -1),
        ((-0.25, 0.0), 2),
        ((2.0**53,), 0),
        ((2.0**53 + 2,), -1),
        ((2.0**50, 0.5), -1),
    ],
)
def test_decimals(values: tuple[float, ...], expected: int) -> None:
    """Fewest decimals of all values together; -1 where one has more than 10 or is beyond 2^53 as an integer."""
    assert windows.decimals(line(*values)) == expected


@pytest.mark.parametrize(
    ("values", "sum_of", "share", "expected"),
    [
        ((1.0, 2.5, 1 / 3, 4.0), 1.0, 1.0, (2, 1)),
        ((1.0, 2.5, float("nan")), 1.0, 1.0, (2, 1)),
        ((float("nan"), 1.0), 1.0, 1.0, (0, 0)),
        ((1.0, 99.0, 100.0, 101.0), 10.0, 1.0, (3, 0)),
        ((1.0, 9.0, 0.5), 10.0, 1.0, (3, 1)),
        ((1.0, 101.0, 0.5), 10.0, 1.0, (1, 0)),
        ((99.0, 101.0, 0.5), 9.0, 1.0, (2, 0)),
        ((1.0, 0.5, 0.25), 1.0, 2.0**53 / 10, (2, 1)),
    ],
)
def test_how_many_can_be_summed(
    values: tuple[float, ...], sum_of: float, share: float, expected: tuple[int, int]
) -> None:
    """The first that cannot ends it: by its decimals, its size, the unit of all before it, or the divisor's."""
    assert windows.summable(line(*values), sum_of, 1_000.0, share) == expected


def test_scaled_integers_divide_back_to_the_same_floats() -> None:
    values = np.round(np.random.default_rng(1).lognormal(5, 3, 10_000), 8)
    integers = np.empty(values.shape, np.int64)
    largest = windows.scaled(readonly(values), 8, integers)
    assert (integers / 1e8 == values).all()
    assert largest == np.abs(integers).max()


def test_a_window_longer_than_the_line_is_unknown() -> None:
    out = np.zeros(3)
    windows.mean_of_integers(readonly(np.array([1, 2, 3])), 4, 4.0, out)
    assert np.isnan(out).all()
    out[:] = 0
    windows.mean_in_blocks(line(1, 2, 3), 4, out)
    assert np.isnan(out).all()


def test_an_absent_value_hides_its_windows_only() -> None:
    out = np.empty(7)
    windows.mean_in_blocks(line(1, 2, np.nan, 4, 5, 6, 7), 2, out)
    np.testing.assert_array_equal(out, [np.nan, 1.5, np.nan, np.nan, 4.5, 5.5, 6.5])


def test_what_has_left_a_window_is_gone() -> None:
    """A running sum would keep what a wild bar did to it."""
    values = np.full(30, 1 / 3)
    values[10] = 1e300
    out = np.empty(values.shape)
    windows.mean_in_blocks(readonly(values), 5, out)
    assert (out[4:10] == 1 / 3).all()
    assert (out[15:] == 1 / 3).all()
