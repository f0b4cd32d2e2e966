"""Bars made of arrays, and rules: what lies out of bounds is refused with the bound."""

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules

FLAT = np.ones(10)


@pytest.mark.parametrize("unit_us", [1_000, 1_000_000])
def test_times_in_another_unit_are_refused(unit_us: int) -> None:
    ts = np.arange(10) * 3_600_000_000 // unit_us
    with pytest.raises(
        ParameterError, match=r"ts=steps of \d+ us: ts must be microseconds .* 1h \(3600000000 us\) apart"
    ):
        Bars.from_arrays(ts, FLAT, FLAT, FLAT, FLAT, interval="1h")


def test_a_short_step_among_whole_ones_is_no_other_unit() -> None:
    ts = np.arange(10) * 3_600_000_000
    ts[5:] -= 60_000_000
    assert len(Bars.from_arrays(ts, FLAT, FLAT, FLAT, FLAT, interval="1h")) == 10


@pytest.mark.parametrize("bars", [-1, 2**31, 10**20])
def test_a_wait_that_no_bar_number_holds_is_refused(bars: int) -> None:
    with pytest.raises(ParameterError, match=f"max_wait={bars}: max_wait must be an integer from 0 to 2147483647"):
        Rules(max_wait=bars)
