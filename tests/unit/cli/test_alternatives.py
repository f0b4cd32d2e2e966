"""Two flags of one setting on a line are refused: taking the last would ignore the first."""

from __future__ import annotations

import pytest

from tests.unit.cli.conftest import Call


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("show", "01JD8Q7K", "SOLUSDT", "--trades", "--orders"), "--trades and --orders"),
        (("show", "01JD8Q7K", "SOLUSDT", "--receipt", "--equity"), "--equity and --receipt"),
        (("backtest", "SmaCross", "--symbols", "SOLUSDT", "--long", "--both"), "--long and --both"),
        (("backtest", "--short", "SmaCross", "--symbols", "SOLUSDT", "--long"), "--long and --short"),
    ],
)
def test_two_flags_of_one_setting_are_refused(call: Call, words: tuple[str, ...], named: str) -> None:
    called = call(*words)
    assert (called.code, called.out) == (2, "")
    assert f"{named} contradict each other; give one." in called.err


def test_one_of_them_twice_is_one(call: Call) -> None:
    assert call("show", "01JD8Q7K", "SOLUSDT", "--trades", "--trades").code == 0
