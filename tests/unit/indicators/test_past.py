"""No later value changes an earlier one, to the last bit, however odd it is."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tapehead.indicators.ema import ema
from tapehead.indicators.rsi import rsi
from tapehead.indicators.sma import sma

F64 = NDArray[np.float64]
ROWS, ODD_AT = 9_000, 6_500
ODD = {"more decimals than a price has": 0.1 + 0.2, "too large to be summed exactly": 4e17, "unknown": np.nan}


def cents() -> F64:
    walk = np.random.default_rng(3).normal(0, 0.01, ROWS)
    return np.round(100 * np.cumprod(1 + walk), 2)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("average", [sma, ema, rsi])
def test_an_odd_value_changes_nothing_before_it(average: Callable[[F64, int], F64], odd: str) -> None:
    values = cents()
    before = average(values, 30)[:ODD_AT].copy()
    values[ODD_AT] = ODD[odd]
    for longer in (values, values[: ODD_AT + 1], values[: ODD_AT + 40]):
        assert average(longer, 30)[:ODD_AT].tobytes() == before.tobytes()


def test_a_mean_is_exact_up_to_the_odd_value_and_near_it_afterwards() -> None:
    values = cents()
    whole = sma(values, 30)
    values[ODD_AT] = ODD["more decimals than a price has"]
    mended = sma(values, 30)
    later = np.arange(ODD_AT + 30, ROWS)
    assert np.allclose(mended[later], whole[later], rtol=1e-12)
    # What the two ways of summing give differs in last bits, so that the border between them is seen.
    assert (mended[later] != whole[later]).any()


@pytest.mark.parametrize("rows", [0, 1, 29, 30, 31])
def test_few_values_of_either_kind(rows: int) -> None:
    for values in (cents()[:rows], np.sin(np.arange(float(rows)))):
        mean = sma(values, 30)
        assert mean.shape == (rows,)
        assert np.isnan(mean[:29]).all()
        assert not np.isnan(mean[29:]).any()
