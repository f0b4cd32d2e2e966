"""Bars made of arrays, and rules: what lies out of bounds is refused with the bound."""

import re
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.library.rules import read_rules
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


ODD = (
    *(None, True, "", "x", "nan", "-1", "1e400", "9" * 400, b"x", -1, 930, 0.5, 10**400, -(10**400), 10**5000),
    *(float("nan"), float("inf"), -float("inf"), 1j, [1], (), {}, object(), np.array([1.0, 2.0]), np.array(["x"])),
)


def refusal(make: Callable[..., Rules], /, *given: object, **settings: object) -> str:
    """Why rules are refused; nothing of rules that can be kept, which needs a hash."""
    try:
        hash(make(*given, **settings))
    except ParameterError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", [field.name for field in fields(Rules)])
def test_what_no_setting_can_be_is_refused_with_its_bound(name: str) -> None:
    """Never another error: what is taken is a rule that can be kept, what is not names value and bound."""
    told = [one for value in ODD for one in (refusal(read_rules, {name: value}), refusal(Rules, **{name: value}))]
    assert sum(bool(text) for text in told) >= len(ODD)
    assert all("must be" in text and len(text) < 1_000 for text in told if text)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"entry_window": 930}, "entry_window=930: entry_window must be two times of one day as text, such as 09:30"),
        ({"square_off": 1545}, "square_off=1545: square_off must be a time of day as text, such as 15:45"),
        ({"leverage": None}, "leverage=None: leverage must be above 0 and at most 1000, such as 3"),
        ({"delist_haircut": None}, "delist_haircut=None: delist_haircut must be a fraction in [0, 1]"),
        ({"calendar": [1]}, "calendar=[1]: calendar must be the name of a calendar, such as 24/7"),
        ({"cash": 10**400}, "cash=an integer of 1,329 bits: cash must be a number below 1e308"),
        ({"cash": 1e308}, "cash=1e+308: cash must be above 0 and at most 1e+100, such as 10000"),
        ({"leverage": 0.1}, "size=1.0: size must be a share of equity in (0 %, 10 %], such as 10%"),
    ],
)
def test_a_refusal_says_what_is_allowed(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ParameterError, match=f"^{re.escape(sentence)}"):
        read_rules(given)


@pytest.mark.parametrize("bars", [-1, 2**31, 10**20])
def test_a_wait_that_no_bar_number_holds_is_refused(bars: int) -> None:
    with pytest.raises(ParameterError, match=f"max_wait={bars}: max_wait must be an integer from 0 to 2147483647"):
        Rules(max_wait=bars)


@pytest.mark.parametrize("name", ["flip", "day", "overnight", "close_at_end", "delisted"])
@pytest.mark.parametrize("value", ["no", "false", 0, 1, None])
def test_a_switch_is_true_or_false(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=f"{name} must be True or False"):
        read_rules({"side": "both", name: value})


def test_numbers_of_numpy_are_numbers() -> None:
    given = {
        "time_stop": np.int64(3),
        "fee": np.float32(0.5),
        "size": np.float64(0.5),
        "valid_bars": np.int32(2),
        "day": np.True_,
    }
    assert read_rules(given) == Rules(time_stop=3, fee=0.5, size=0.5, valid_bars=2, day=True)


@pytest.mark.parametrize(
    ("size", "sizing"), [("50%", "units"), ("10 bps", "cash"), ("5usd", "units"), ("risk:1%", "cash")]
)
def test_a_size_that_names_another_kind_is_refused(size: str, sizing: str) -> None:
    with pytest.raises(ParameterError, match=f"size={size}: size must be a plain number beside sizing={sizing}"):
        read_rules({"size": size, "sizing": sizing})


def test_a_size_beside_its_own_kind_is_read() -> None:
    for size, sizing in (("1%", "risk"), ("5units", "units"), ("0.5", "units"), (0.5, "cash"), ("50%", "fraction")):
        assert read_rules({"size": size, "sizing": sizing}).sizing == sizing
