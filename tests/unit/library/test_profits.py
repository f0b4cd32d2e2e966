"""What trade_profits takes, and what it refuses by argument, index, value and bound."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tapehead import trade_profits
from tapehead.errors import ParameterError

GOOD: dict[str, Any] = {"entry": [100.0, 50.0], "exit": [110.0, 55.0], "quantity": [2.0, 1.0], "side": [1, -1]}


@pytest.mark.parametrize("side", [[1, -1], [1.0, -1.0], [True, False], np.array([1, -1], np.int8)])
def test_sides_are_one_or_minus_one_or_bool(side: Any) -> None:
    assert trade_profits(**{**GOOD, "side": side}).tolist() == [20.0, -5.0]


def test_one_quantity_and_one_side_count_for_all() -> None:
    assert trade_profits([100, 50], [110, 55], 3, -1).tolist() == [-30.0, -15.0]
    assert trade_profits([100, 50], [110, 55], 3, True).tolist() == [30.0, 15.0]


def test_fee_and_multiplier() -> None:
    assert trade_profits([100.0], [110.0], [2.0], [1], fee="1%", multiplier=50).tolist() == [1_000.0 - 210.0]


def test_columns_of_arrow_and_strides_are_taken() -> None:
    price = pa.array([100.0, 50.0])
    assert trade_profits(price, np.array([110.0, 0, 55.0, 0])[::2], [2, 1], [1, -1]).tolist() == [20.0, -5.0]


def test_no_trade_is_no_profit() -> None:
    assert trade_profits([], [], [], []).shape == (0,)


def test_what_was_given_is_not_touched() -> None:
    entry = np.array([100.0, 50.0])
    trade_profits(**{**GOOD, "entry": entry})
    assert entry.tolist() == [100.0, 50.0]
    assert entry.flags.writeable


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"entry": [1.0, np.nan]}, "entry=nan at index 1: entry must be a finite price; leave the trade out"),
        ({"exit": [np.inf, 1.0]}, "exit=inf at index 0: exit must be a finite price"),
        ({"exit": np.ma.array([1.0, 2.0], mask=[0, 1])}, "exit=nan at index 1"),
        ({"quantity": [1.0, -2.0]}, "quantity=-2.0 at index 1: quantity must be finite and at least 0"),
        ({"quantity": [1.0, np.nan]}, "quantity=nan at index 1"),
        (
            {"quantity": [1e308, 1e308], "exit": [1e300, 1e300]},
            "quantity=1e+308 at index 0: quantity must be such that",
        ),
        ({"side": [1, 0]}, "side=0 at index 1: side must be 1 (long) or -1 (short), or True"),
        ({"side": np.array([1, 0], np.int8)}, "side=0 at index 1"),
        ({"side": [1.0, 0.5]}, "side=0.5 at index 1"),
        ({"side": np.array([1, 255], np.uint8)}, "side=255 at index 1"),
        ({"side": ["long", "short"]}, "side=array of dtype <U5 (np.str_('long') at index 0): side must be 1"),
        ({"side": "long"}, "side=array of shape (): side must be 1"),
        ({"entry": ["a", "b"]}, "entry=array of dtype <U1"),
        ({"entry": [1.0, None]}, "entry=array of dtype object (None at index 1): entry must be numbers"),
        ({"entry": [True, False]}, "entry=array of dtype bool"),
        ({"entry": 5.0}, "entry=array of shape (): entry must be of shape (n_trades,)"),
        ({"entry": [[1.0], [2.0]]}, "entry=array of shape (2, 1)"),
        ({"entry": [[1.0], [2.0, 3.0]]}, "entry=no array"),
        ({"exit": [1.0]}, "exit=array of 1: exit must be as long as entry, 2 trades"),
        ({"quantity": [1.0]}, "quantity=array of 1: quantity must be as long as entry"),
        ({"side": [1]}, "side=array of 1: side must be as long as entry"),
        ({"fee": -0.1}, "fee=-0.1: fee must be a fraction in [0, 1)"),
        ({"fee": "lots"}, "fee=lots"),
        ({"multiplier": 0}, "multiplier=0: multiplier must be above 0"),
    ],
)
def test_a_fault_is_named(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(said)):
        trade_profits(**{**GOOD, **changed})
