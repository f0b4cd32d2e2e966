"""read_axis: the values a parameter takes in a sweep, from text, numbers or lists."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.errors import ParameterError
from tapehead.model.axis import MOST_VALUES, Axis, read_axis
from tapehead.strategies.strategy import Param

FAST = Param("fast", 10, 1, 10_000)
WIDTH = Param("width", 0.5, 0.0, 5.0)
ANY = Param("n", 1)
MODE = Param("mode", "slow")


@pytest.mark.parametrize(
    ("param", "given", "values"),
    [
        (FAST, "5:9", (5, 6, 7, 8, 9)),
        (FAST, "5:30:5", (5, 10, 15, 20, 25, 30)),
        (FAST, "5:29:5", (5, 10, 15, 20, 25)),
        (FAST, " 5 : 15 : 5 ", (5, 10, 15)),
        (FAST, "7:7", (7,)),
        (FAST, "1e3", (1_000,)),
        (FAST, "10,20,50", (10, 20, 50)),
        (FAST, "50,10,10,20", (10, 20, 50)),
        (FAST, "10:20:5,7,10", (7, 10, 15, 20)),
        (FAST, 5, (5,)),
        (FAST, [3, 1, 3, "2"], (1, 2, 3)),
        (FAST, range(5, 21, 5), (5, 10, 15, 20)),
        (FAST, np.arange(1, 4), (1, 2, 3)),
        (FAST, (n for n in (2, 1)), (1, 2)),
        (WIDTH, "0.5:2:0.25", (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)),
        (WIDTH, "0.1:0.3:0.1", (0.1, 0.2, 0.3)),
        (WIDTH, "1:3", (1.0, 2.0, 3.0)),
        (WIDTH, "0:1:0.33333333334", (0.0, 0.33333333334, 0.66666666668, 1.0)),
        (WIDTH, "0:1:0.3334", (0.0, 0.3334, 0.6668)),
        (WIDTH, [-0.0, 0.0], (0.0,)),
        (MODE, "up, down,up", ("down", "up")),
        (MODE, "a:b", ("a:b",)),
        (MODE, ["b", "a"], ("a", "b")),
    ],
)
def test_values_rise_and_stand_once(param: Param, given: Any, values: tuple[Any, ...]) -> None:
    axis = read_axis(param, given)
    assert axis == Axis(param.name, values)
    assert {type(value) for value in axis.values} == {param.kind}
    assert "-" not in str(axis.values[0])


@given(st.integers(-50, 50), st.integers(1, 400), st.integers(0, 60), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_steps_are_those_of_the_decimals(first: int, step: int, count: int, places: int) -> None:
    start, gap = Decimal(first).scaleb(-places), Decimal(step).scaleb(-places)
    text = f"{start:f}:{start + count * gap:f}:{gap:f}"
    assert read_axis(Param("x", 0.5), text).values == tuple(float(start + k * gap) for k in range(count + 1))


@pytest.mark.parametrize(
    ("param", "given", "sentence"),
    [
        (FAST, "5:30:0", "fast=5:30:0: fast must be in steps above 0, such as --grid fast=5:30:1."),
        (WIDTH, "0:5:-0.1", "width must be in steps above 0, such as --grid width=0:5:0.1."),
        (FAST, "30:5", "fast must be from the lower bound to the upper one: --grid fast=5:30."),
        (FAST, "30:5:2", "fast must be from the lower bound to the upper one: --grid fast=5:30:2."),
        (FAST, "5:30:2.5", "an integer from 1 to 10000, and so its steps, such as --grid fast=5:30."),
        (FAST, "", "fast=nothing: fast must be values"),
        (FAST, "5,,6", "such as --grid fast=10."),
        (FAST, "5:", "first:last or first:last:step"),
        (FAST, "1:2:3:4", "first:last or first:last:step"),
        (FAST, [], "at least one value"),
        (FAST, "0:5", "fast=0: fast must be an integer from 1 to 10000"),
        (FAST, "9999:10001", "fast=10001: fast must be an integer from 1 to 10000"),
        (FAST, "2.5", "an integer from 1 to 10000"),
        (FAST, True, "an integer from 1 to 10000"),
        (FAST, None, "an integer from 1 to 10000"),
        (FAST, "a:b", "'a' is none"),
        (FAST, "nan:5", "'nan' is none"),
        (WIDTH, "0:1:1e-999999999", "'1e-999999999' is none"),
        (WIDTH, "0.5:2", "given with its step, such as --grid width=0.5:2:0.1."),
        (ANY, "1:1000000000000", "at most 1,000,000 values, and these are 1,000,000,000,000"),
        (ANY, "1:1000000000000", "such as --grid n=1:1000000000000:10000000000. Of grids too large"),
        (ANY, range(10**12), "and these are 1,000,000,000,000"),
        (WIDTH, "1:2:1e-9", "--search random --budget 1000"),
        (MODE, "", "mode=nothing"),
    ],
)
def test_what_makes_no_axis_is_refused(param: Param, given: Any, sentence: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read_axis(param, given)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("text", ["5:30:1", "0:5:0.1", "5:30", "5:30:2", "0.5:2:0.1", "1:1000000000000:10000000000"])
def test_what_the_refusals_offer_can_be_read(text: str) -> None:
    assert len(read_axis(Param("x", 0.5) if "." in text else ANY, text)) > 1


def test_the_largest_axis_can_be_read() -> None:
    assert len(read_axis(ANY, f"1:{MOST_VALUES}")) == MOST_VALUES


def test_words_have_no_steps() -> None:
    assert read_axis(FAST, "1:2").has_steps
    assert not read_axis(FAST, "1").has_steps
    assert not read_axis(MODE, "a,b").has_steps
