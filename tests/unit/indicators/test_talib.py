"""TA-Lib's functions as indicators: shaped as ours, described as ours, and a sentence where the wheel is absent."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tapehead as th
from tapehead.errors import ParameterError, UnknownIndicatorError
from tests.unit.library.test_compute import market

pytest.importorskip("talib", reason="TA-Lib's wheel is absent: pip install 'tapehead[ta-lib]'")

from tapehead.indicators import talib
from tapehead.indicators.catalogue import INDICATORS
from tapehead.indicators.memo import Memo


def test_every_function_is_named_and_gives_lines_as_described() -> None:
    held = {**market(1, 300), "benchmark": market(2, 300)["close"], "periods": np.full(300, 5.0)}
    entries = talib.talib_indicators()
    assert len(entries) > 190
    assert sum(one.name.startswith("talib.CDL") for one in entries) == 61
    made = th.compute(held, *(one.name for one in entries if one.name != "talib.ACOS"))
    for one in entries:
        for line in [f"{one.name}.{each}" for each in one.outputs] or [one.name]:
            assert one.name == "talib.ACOS" or made[line].dtype == np.float64
    assert not any(one.name.startswith("talib.") for one in INDICATORS), "they come with their wheel, never by copy"


def test_a_pattern_is_not_known_before_its_look_back() -> None:
    held = market(3, 60)
    prices = [held[name] for name in ("open", "high", "low", "close")]
    line = talib.CDLDOJI(*prices)
    known = ~np.isnan(line)
    assert known.argmax() == 10
    assert known[10:].all()
    assert set(np.unique(line[known])) <= {-100.0, 0.0, 100.0}
    assert not line.flags.writeable
    moved = talib.CDLDOJI(*(np.concatenate([[np.nan] * 4, one]) for one in prices))
    np.testing.assert_array_equal(moved[4:], line)


def test_parameters_by_place_and_name_are_remembered_like_ours() -> None:
    close = market(4)["close"]
    close.flags.writeable = False
    with Memo():
        assert talib.SMA(close, 5) is talib.SMA(close, timeperiod=5)
        assert talib.SMA(close, 5) is not talib.SMA(close, 6)
    np.testing.assert_allclose(talib.SMA(close, 5), th.sma(close, 5))
    assert talib.MACD(close)._fields == ("macd", "macdsignal", "macdhist")
    assert np.isnan(talib.SMA(np.full(5, np.nan), 2)).all()
    assert talib.SMA([], 2).shape == (0,)


def test_what_it_refuses() -> None:
    close = market(4)["close"]
    with pytest.raises(ParameterError, match=r"talib.SMA=timeperiod=-5.*what TA-Lib takes; it says"):
        talib.SMA(close, -5)
    for wrong in ({"window": 3}, {"values": close}):
        with pytest.raises(ParameterError, match=r"called as talib.SMA\(values, timeperiod=30\)|given once"):
            talib.SMA(close, **wrong)
    with pytest.raises(AttributeError, match="no function 'CDLDOJJ'"):
        _ = talib.CDLDOJJ
    with pytest.raises(UnknownIndicatorError, match=r"Did you mean 'talib\.CDLDOJI'"):
        th.compute(market(4), "talib.CDLDOJJ")


def test_without_the_wheel_it_is_said_how_to_get_it() -> None:
    words = "'tapehead', 'indicators', 'talib.CDLDOJI'"
    absent = f"import sys; sys.modules['talib'] = None; sys.argv = [{words}]"
    code = f"{absent}; import tapehead.__main__ as one; sys.exit(one.main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 3, done.stderr
    assert "pip install ta-lib" in done.stderr
