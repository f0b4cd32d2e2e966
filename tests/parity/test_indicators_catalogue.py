"""Every indicator whose definition stands in decimals = that definition, at random bars and parameters."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest

import tapehead
from benchmarks.lines import LINES, sizes
from tapehead.indicators.catalogue import INDICATORS, Indicator
from tests.oracles import averages, flows, momentum, reaches
from tests.parity.candles import make_candles
from tests.parity.markets import closes

HOMES = (averages, momentum, flows, reaches)
TWINS: Mapping[str, Callable[..., Any]] = {
    row.name: getattr(home, row.name) for row in INDICATORS for home in HOMES if hasattr(home, row.name)
}
FLOATS = {"factor": (0.0, 0.7, 1.0), "offset": (0.0, 0.5, 0.85, 1.0), "sigma": (1.0, 6.0), "scale": (1.0, 1e8)}
FLOATS |= {"start": (1.0, 1000.0), "step": (0.0, 0.02, 0.1), "limit": (0.0, 0.2, 1.0), "width": (0.0, 1.0, 3.0)}
CASES = 40
DIGITS = 120
"""Enough for a float as it is, to its last bit."""


def columns(seed: int) -> dict[str, list[float]]:
    """Up to 120 bars, ties, flat stretches and bars without volume among them."""
    bars = make_candles(seed)
    other = closes(random.Random(seed + 1), len(bars.close))
    opening = [bars.close[0], *bars.close[:-1]]
    return {**bars._asdict(), "values": bars.close, "open": opening, "benchmark": other}


def chosen(row: Indicator, rng: random.Random) -> dict[str, int | float]:
    """Parameters within their bounds, small enough that most lines begin."""
    found: dict[str, int | float] = {}
    for one in row.parameters:
        if one.name in FLOATS:
            found[one.name] = rng.choice(FLOATS[one.name])
        elif one.kind is int:
            found[one.name] = rng.randint(int(one.low), int(one.high or one.low + rng.choice([3, 25])))
    return found


def lines(made: Any) -> np.ndarray:
    """Lines as rows of floats."""
    parts = made if isinstance(made, tuple) else (made,)
    return np.array([np.asarray(part, np.float64) for part in parts])


@pytest.mark.parametrize("row", [row for row in INDICATORS if row.name in TWINS], ids=lambda row: row.name)
def test_it_is_what_its_definition_says(row: Indicator) -> None:
    rng = random.Random(row.name)
    make, twin = getattr(tapehead, row.name), TWINS[row.name]
    for case in range(CASES):
        held, values = columns(rng.getrandbits(32)), chosen(row, rng)
        if values.get("ddof", 0) >= values.get("period", 2):
            continue
        decimals = [[Decimal(value) for value in held[name]] for name in row.inputs]
        with localcontext() as context:
            context.prec = DIGITS
            said_so = twin(*decimals, **values)
        want = np.array([[np.nan if x is None else float(x) for x in line] for line in said_so])
        got = lines(make(*(held[name] for name in row.inputs), **values))
        prices = {name: np.array(held[name]) for name in ("close", "volume")}
        said = f"{row.name} {values}, case {case}"
        assert (np.isnan(got) == np.isnan(want)).all(), said
        allowed = 1e-9 * sizes(LINES[row.name].against, want, prices) + 1e-12
        worst = np.nanmax(np.abs(got - want) / allowed, initial=0.0)
        assert worst <= 1.0, f"{said}: {worst} times too far\n{got}\n{want}"


def test_every_definition_takes_what_the_indicator_takes() -> None:
    assert len(TWINS) >= 57
    for row in INDICATORS:
        if row.name in TWINS:
            taken = [name for name in inspect.signature(TWINS[row.name]).parameters if name != "anchor"]
            known = [{"open": "opening"}.get(name, name) for name in row.inputs]
            assert taken == [*known, *(one.name for one in row.parameters)], row.name
