"""No later value changes an earlier one, to the last bit, however odd it is: every indicator of the catalogue."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tapehead.indicators.catalogue import INDICATORS, Indicator
from tapehead.indicators.sma import sma

F64 = NDArray[np.float64]
ROWS, ODD_AT = 9_000, 6_500
ODD = {"more decimals than a price has": 0.1 + 0.2, "too large to be summed exactly": 4e17, "small": 1e-11}


def columns(decimals: int = 2) -> dict[str, F64]:
    random = np.random.default_rng(3)
    close = np.round(100 * np.cumprod(1 + random.normal(0, 0.01, ROWS)), decimals)
    step = np.round(random.uniform(0.1, 0.9, ROWS), decimals)
    volume = np.round(random.lognormal(3, 1, ROWS), decimals)
    held = {"values": close, "close": close, "high": close + step, "low": close - step, "volume": volume}
    other = np.round(50 * np.cumprod(1 + random.normal(0, 0.01, ROWS)), decimals)
    return {**held, "open": np.concatenate([close[:1], close[:-1]]), "benchmark": other}


def outputs(indicator: Indicator, given: dict[str, F64]) -> list[F64]:
    function: Callable[..., Any] = getattr(importlib.import_module(indicator.home), indicator.name)
    made = function(*(given[name].copy() for name in indicator.inputs))
    return [np.asarray(line) for line in made] if indicator.outputs else [np.asarray(made)]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("indicator", INDICATORS, ids=[indicator.name for indicator in INDICATORS])
def test_an_odd_value_changes_nothing_before_it(indicator: Indicator, odd: str) -> None:
    plain = columns()
    before = outputs(indicator, plain)
    strange = {name: values.copy() for name, values in plain.items()}
    for values in strange.values():
        values[ODD_AT] = ODD[odd]
    for end in (ROWS, ODD_AT + 1, ODD_AT + 40):
        shorter = {name: values[:end] for name, values in strange.items()}
        for whole, line in zip(before, outputs(indicator, shorter), strict=True):
            assert line[:ODD_AT].tobytes() == whole[:ODD_AT].tobytes()


def test_a_mean_is_exact_up_to_the_odd_value_and_near_it_afterwards() -> None:
    values = columns()["close"]
    whole = sma(values, 30)
    values[ODD_AT] = ODD["more decimals than a price has"]
    mended = sma(values, 30)
    later = np.arange(ODD_AT + 30, ROWS)
    assert np.allclose(mended[later], whole[later], rtol=1e-12)
    # What the two ways of summing give differs in last bits, so that the border between them is seen.
    assert (mended[later] != whole[later]).any()


@pytest.mark.parametrize("rows", [0, 1, 29, 30, 31])
def test_few_values_of_either_kind(rows: int) -> None:
    for values in (columns()["close"][:rows], np.sin(np.arange(float(rows)))):
        mean = sma(values, 30)
        assert mean.shape == (rows,)
        assert np.isnan(mean[:29]).all()
        assert not np.isnan(mean[29:]).any()
