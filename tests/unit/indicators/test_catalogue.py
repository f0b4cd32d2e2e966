"""The catalogue tells the truth: every row is checked against the function it speaks of."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapehead
from tapehead.errors import ParameterError
from tapehead.indicators.catalogue import INDICATORS, Indicator

ROOT = Path(__file__).resolve().parent.parent.parent.parent
each = pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.name)


def function(row: Indicator) -> Any:
    return getattr(importlib.import_module(row.home), row.name)


def columns(n: int) -> dict[str, np.ndarray]:
    """Bars of a walk with volume."""
    rng = np.random.default_rng(3)
    close = np.round(100 * np.exp(rng.normal(0, 0.01, n).cumsum()), 2)
    return {
        "values": close,
        "high": np.round(close * 1.01, 2),
        "low": np.round(close * 0.99, 2),
        "close": close,
        "volume": rng.integers(1, 9, n).astype(float),
        "open": np.concatenate([close[:1], close[:-1]]),
        "benchmark": np.round(50 * np.exp(rng.normal(0, 0.01, n).cumsum()), 2),
    }


def lines(row: Indicator, held: dict[str, np.ndarray], **parameters: Any) -> list[np.ndarray]:
    made = function(row)(*(held[name] for name in row.inputs), **parameters)
    return list(made) if isinstance(made, tuple) else [made]


def unknown(line: np.ndarray) -> int:
    """How many values come before the first that is known."""
    return int(np.argmin(np.isnan(line))) if line.dtype == np.float64 else 0


def test_it_lists_every_indicator_by_name() -> None:
    names = [row.name for row in INDICATORS]
    assert names == sorted(set(names))
    rooms = {"memo", "values", "scaling", "bands", "catalogue", "crossed", "definitions", "entry", "passes", "talib"}
    files = {path.stem for path in (ROOT / "src" / "tapehead" / "indicators").glob("*.py")} - rooms - {"__init__"}
    assert {row.home.rpartition(".")[2] for row in INDICATORS} == files


@each
def test_summary_parameters_and_lines_are_those_of_the_function(row: Indicator) -> None:
    made, signature = function(row), inspect.signature(function(row))
    assert (made.__doc__ or "").partition("\n")[0] == f"{row.summary}."
    assert getattr(tapehead, row.name) is made
    names = list(signature.parameters)
    known = [*row.inputs, *(one.name for one in row.parameters)]
    assert names == ([*known, "anchor"] if row.name in ("vwap", "pivots") else known)
    for one in row.parameters:
        default = signature.parameters[one.name].default
        assert (default, type(default)) == (one.default, one.kind)
    result = made(*(columns(60)[name] for name in row.inputs))
    assert tuple(getattr(result, "_fields", ())) == row.outputs


@each
def test_warm_up(row: Indicator) -> None:
    """As many values are unknown as the rule says, at the defaults and at others, and none after them."""
    for scale in (1, 2, 3):
        chosen = {one.name: one.default * scale for one in row.parameters if one.kind is int and one.name != "ddof"}
        bars = eval(row.warm_up, {"max": max}, chosen)  # noqa: S307 - our own words
        assert scale > 1 or bars == row.warm_bars
        found = lines(row, columns(600), **chosen)
        assert max(unknown(line) for line in found) == bars
        assert not any(np.isnan(line[bars:]).any() for line in found)


@each
def test_bounds(row: Indicator) -> None:
    """The lowest and highest value are taken, what lies beyond is refused with its name."""
    held = columns(60)
    for one in row.parameters:
        others = {"period": 5} if one.name == "ddof" else {}
        for value in (one.low, one.high):
            if value is not None:
                lines(
                    row,
                    held,
                    **others,
                    **{one.name: value} | ({"ddof": 0} if value == 1 and row.name == "volatility" else {}),
                )
        for wrong in (one.low - 1, *(() if one.high is None else (one.high + 1,)), None, "5", True, float("nan")):
            with pytest.raises(ParameterError, match=rf"{row.name}\({one.name}\)"):
                lines(row, held, **{one.name: wrong})


@each
def test_lines_are_read_only_and_inputs_stay(row: Indicator) -> None:
    held, before = columns(60), columns(60)
    for line in lines(row, held):
        assert line.shape == (60,)
        assert not line.flags.writeable
    assert all((held[name] == before[name]).all() for name in held)
    strided = {name: np.repeat(column, 2)[::2] for name, column in held.items()}
    for got, want in zip(lines(row, strided), lines(row, held), strict=True):
        np.testing.assert_array_equal(got, want)


@each
def test_few_and_no_bars(row: Indicator) -> None:
    for n in (0, 1, 2):
        for line in lines(row, columns(n)):
            assert line.shape == (n,)
            assert line.dtype == np.bool_ or np.isnan(line[: min(n, row.warm_bars)]).all() or row.outputs


@each
def test_inputs_that_are_no_lines_of_one_length(row: Indicator) -> None:
    held = columns(20)
    for name in row.inputs:
        with pytest.raises(ParameterError, match="one line of numbers"):
            lines(row, {**held, name: np.zeros((2, 2))})
    if len(row.inputs) > 1:
        last = row.inputs[-1]
        bound = rf"{row.name}\({last}\).*19 values.*as long as {row.inputs[0]}, which has 20 values"
        with pytest.raises(ParameterError, match=bound):
            lines(row, {**held, last: held[last][:19]})


def test_an_anchor_must_be_a_bool_array() -> None:
    held = columns(5)
    sides = [held[name] for name in ("high", "low", "close", "volume")]
    for wrong in ([0, 3], np.zeros(4, bool), 2):
        with pytest.raises(ParameterError, match=r"vwap\(anchor\).*a bool array, shape \(5,\)"):
            tapehead.vwap(*sides, anchor=wrong)


def test_a_deviation_of_one_value_with_one_degree_of_freedom_is_refused() -> None:
    for made in (tapehead.std, tapehead.bollinger, tapehead.volatility):
        with pytest.raises(ParameterError, match="at least 2 where ddof is 1"):
            made([1.0, 2.0], 1, ddof=1)
