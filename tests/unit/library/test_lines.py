"""What a chart is not drawn of: lines that want a second instrument, and warm-ups longer than the data."""

from __future__ import annotations

import numpy as np
import pytest

import tapehead as th
from tapehead.errors import ParameterError
from tapehead.indicators.catalogue import INDICATORS
from tapehead.library.lines import check_inputs
from tests.unit.library.test_compute import market


def test_a_line_of_two_instruments_is_refused_for_one() -> None:
    refused = {}
    for row in INDICATORS:
        try:
            check_inputs(row)
        except ParameterError as error:
            refused[row.name] = str(error)
    assert sorted(refused) == ["beta", "correlation"]
    assert (
        "one that takes the bars of one instrument; beta wants a benchmark: th.beta(values, benchmark"
        in refused["beta"]
    )


def test_a_period_beyond_the_data_says_how_many_bars_there_are() -> None:
    """Each indicator that knows nothing of so few bars says so; the rest know something."""
    held = {name: line[:7] for name, line in market(5).items()}
    held["benchmark"] = market(6)["close"][:7]
    told = 0
    for row in INDICATORS:
        longest = next((one.name for one in row.parameters if one.name in ("period", "slow", "long")), None)
        if longest is None or row.warm_bars == 0:
            continue
        with pytest.raises(ParameterError, match="there are 7 bars, and " + row.name):
            th.compute(held, f"{row.name}({longest}=500)")
        told += 1
    assert told > 50
    assert np.isfinite(th.compute(held, "sma(7)")["sma(7)"][-1])
