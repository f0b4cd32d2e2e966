"""Indicators made a chunk or eight bars at a time = their definitions, over several chunks and what is left."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapehead
from benchmarks.lines import LINES, sizes
from tapehead.indicators.catalogue import INDICATORS
from tests.oracles import indicators as oracle
from tests.parity.test_indicators_catalogue import TWINS, lines

ROWS = {row.name: row for row in INDICATORS}
BARS = 2_605
"""Five chunks of 512 and 45 bars, which are no whole eights."""
LONG = {"hma": {"period": 60}, "trima": {"period": 61}, "dpo": {"period": 75}}
LONG |= {"awesome_oscillator": {"fast": 6, "slow": 66}, "wma": {"period": 70}, "mass_index": {"period": 600}}
CASES = [(name, {}) for name in ("ad", "adosc", "pvt", "kama", "t3", "natr", "heikin_ashi", "midpoint", "williams_r")]
CASES += [(name, {}) for name in ("mass_index", "hma", "trima", "dpo", "awesome_oscillator", "alma")]
CASES += [("midpoint", {"period": 3}), ("midpoint", {"period": 7}), ("midpoint", {"period": 70}), *LONG.items()]
CASES += [(name, {}) for name in ("percent_rank", "connors_rsi", "vortex", "cmf", "ultimate_oscillator")]
CASES += [("percent_rank", {"period": 31}), ("efficiency_ratio", {"period": 600})]
CASES += [("aroon", {}), ("aroon", {"period": 127}), ("aroon", {"period": 128})]
CASES += [("vortex", {"period": period}) for period in (5, 7, 25, 27)]
"""Sums of windows take eights, and ones, twos and fours of what is left over: of each some, and of some none."""
BITS = [*CASES, ("cci", {}), ("cci", {"period": 3}), ("cci", {"period": 300})]
BIT_BY_BIT = """
import json
from tests.parity.test_indicators_of_many_bars import BITS, columns, digest
print(json.dumps([digest(name, values, columns(1_100)) for name, values in BITS]))
"""


def columns(bars: int) -> dict[str, list[float]]:
    """A walk with all digits of a float, with flat stretches and bars without volume, by the name of an input."""
    random = np.random.default_rng(12)
    moves = random.normal(0, 0.01, bars) * (np.arange(bars) // 90 % 3 > 0)
    close = 100 * np.exp(moves.cumsum())
    opening = np.concatenate([close[:1], close[:-1]])
    reach = random.uniform(0, 0.01, (2, bars)) * (moves != 0)
    volume = np.round(random.exponential(1000, bars), 3) * (random.random(bars) < 0.9)
    made = {"open": opening, "close": close, "values": close, "volume": volume}
    made |= {"high": np.maximum(opening, close) * (1 + reach[0]), "low": np.minimum(opening, close) * (1 - reach[1])}
    return {name: line.tolist() for name, line in made.items()}


def digest(name: str, values: dict[str, int], held: dict[str, list[float]]) -> str:
    """The bits of all lines of an indicator."""
    made = lines(getattr(tapehead, name)(*(held[one] for one in ROWS[name].inputs), **values))
    return hashlib.sha256(np.where(np.isnan(made), np.nan, made).tobytes()).hexdigest()


@pytest.mark.parametrize(("name", "values"), CASES, ids=lambda given: given if isinstance(given, str) else str(given))
def test_many_bars_are_what_their_definition_says(name: str, values: dict[str, int]) -> None:
    held = columns(BARS)
    row = ROWS[name]
    with localcontext() as context:
        context.prec = 40
        if name == "wma":
            said_so = (oracle.wma(held["values"], values["period"]),)
        else:
            said_so = TWINS[name](*([Decimal(value) for value in held[one]] for one in row.inputs), **values)
    want = np.array([[np.nan if x is None else float(x) for x in line] for line in said_so])
    got = lines(getattr(tapehead, name)(*(held[one] for one in row.inputs), **values))
    assert (np.isnan(got) == np.isnan(want)).all()
    prices = {one: np.array(held[one]) for one in ("close", "volume")}
    allowed = 1e-11 * sizes(LINES[row.name].against, want, prices) + 1e-12
    assert np.nanmax(np.abs(got - want) / allowed) <= 1.0


def test_plain_python_gives_the_same_bits() -> None:
    """What stands in machine code by hand, vectors of eight, has a twin that runs where the compiler is off."""
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", BIT_BY_BIT], env=env, capture_output=True, text=True, check=True)
    held = columns(1_100)
    found: list[Any] = [digest(name, values, held) for name, values in BITS]
    apart = [case for case, one, other in zip(BITS, found, json.loads(done.stdout), strict=True) if one != other]
    assert not apart


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 260), st.sampled_from([1, 2, 7, 8, 31, 32, 33, 100, 250]))
def test_what_looks_at_each_value_sees_each_once(seed: int, bars: int, period: int) -> None:
    """Few prices and so many ties, endless ones, and holes; signs of 0 make no difference."""
    random = np.random.default_rng(seed)
    prices = np.array([-1.5, -0.0, 0.0, 0.1, np.nextafter(0.1, 1.0), 0.3, 0.1 + 0.2, 5e-324, np.inf])
    values = random.choice(prices, bars)
    values[random.random(bars) < random.choice([0.0, 0.02])] = np.nan
    want = np.full(bars, np.nan)
    for t in range(period, bars):
        if not np.isnan(values[t - period : t + 1]).any():
            want[t] = 100.0 * float((values[t - period : t] < values[t]).sum()) / period
    np.testing.assert_array_equal(tapehead.percent_rank(values, period), want)
    up, down, _ = tapehead.aroon(values, -values, period)
    for t in range(period, bars):
        newest = values[t - period : t + 1][::-1]
        want[t] = 100.0 * float(period - np.argmax(newest)) / period if not np.isnan(newest).any() else np.nan
    np.testing.assert_array_equal((up, down), (want, want))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 700), st.sampled_from([1, 2, 20, 33, 255, 256, 257, 300]))
def test_distances_are_those_of_each_window(seed: int, bars: int, period: int) -> None:
    """From flat lines over ties to holes, over several chunks of windows that are shorter or longer than one."""
    random = np.random.default_rng(seed)
    price = 100.0 + 0.25 * random.integers(0, random.choice([1, 3, 400]), bars)
    price[random.random(bars) < random.choice([0.0, 0.005])] = np.nan
    got = tapehead.cci(price, price, price, period)
    for t in range(bars):
        held = price[max(t - period + 1, 0) : t + 1]
        if t < period - 1 or np.isnan(held).any():
            assert np.isnan(got[t])
            continue
        off = held - held.mean()
        want = off[-1] / (0.015 * np.abs(off).mean()) if np.ptp(held) else 0.0
        assert abs(got[t] - want) <= 1e-9 * max(abs(want), 1.0)
