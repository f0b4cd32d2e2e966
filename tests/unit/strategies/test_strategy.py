"""The decorator: parameters with kind and bounds, their sentences, warm-up, and what is no strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError, StrategyFileError, UnknownParameterError
from tapehead.model.bars import Bars
from tapehead.model.signals import Crossing, Signals
from tapehead.strategies.buy_and_hold import BuyAndHold
from tapehead.strategies.rsi_reversion import RsiReversion
from tapehead.strategies.sma_cross import SmaCross
from tapehead.strategies.strategy import is_strategy, label, param, read_parameters, strategy


def hours(close: list[float]) -> Bars:
    return Bars.from_arrays(np.arange(len(close)) * 3_600_000_000, close, close, close, close, interval="1h")


@strategy
class Many:
    """One parameter of each kind."""

    count: int = param(3, low=1, high=5)
    share: float = param(0.5, low=0)
    word: str = param("up")

    def signals(self, bars: Bars) -> Signals:
        return Signals(enter=bars.close > self.count)


def test_defaults_and_values() -> None:
    assert (Many().count, Many().share, Many().word) == (3, 0.5, "up")
    made: Any = Many(count="4", share=2)
    assert (made.count, made.share, type(made.count), type(made.share)) == (4, 2.0, int, float)
    assert Many().count == 3, "one instance's values are not the next one's"


@pytest.mark.parametrize("value", [0, 6, 2.5, "two", None, True, float("nan"), float("inf")])
def test_out_of_bounds(value: Any) -> None:
    with pytest.raises(ParameterError, match="an integer from 1 to 5"):
        Many(count=value)


def test_an_unknown_parameter_is_told_what_it_may_have_meant() -> None:
    with pytest.raises(UnknownParameterError, match=r"cuont.*Did you mean 'count'"):
        Many(cuont=3)


def test_a_default_out_of_its_own_bounds_is_refused_at_once() -> None:
    with pytest.raises(ParameterError, match="an integer from 5 to 9"):
        param(3, low=5, high=9)


def test_a_class_without_signals_is_none() -> None:
    with pytest.raises(StrategyFileError, match="no method signals"):
        strategy(type("Empty", (), {}))
    assert not is_strategy(int)
    assert not is_strategy(Many())
    assert is_strategy(Many)


def test_warm_up() -> None:
    assert Many().warm() == 5 * 3
    assert SmaCross(fast=10, slow=30).warm() == 150
    assert RsiReversion().warm() == 70
    assert BuyAndHold().warm() == 0
    asked = strategy(type("Asked", (), {"warm": lambda _: 7, "signals": lambda _self, _bars: Signals()}))
    assert asked().warm() == 7


def test_labels() -> None:
    assert label(RsiReversion, read_parameters(RsiReversion, {})) == "RsiReversion 14/30/70"
    assert label(RsiReversion, read_parameters(RsiReversion, {"oversold": 27.5})) == "RsiReversion 14/27.5/70"
    assert label(BuyAndHold, {}) == "BuyAndHold"


def test_the_built_in_ones_say_what_they_want() -> None:
    bars = hours([3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0])
    cross: Any = SmaCross(fast=1, slow=2).signals(bars)
    assert np.flatnonzero(cross.enter).tolist() == [3]
    assert np.flatnonzero(cross.leave).tolist() == [5]
    assert isinstance(cross.enter, Crossing), "lazy, so that a sweep compares once"
    assert np.asarray(BuyAndHold().signals(bars).enter).all()
    # Changes -1 -1 +1 +1 -1 -1; twice Wilder's averages of 2 bars: up 0 1 1.5 .75 .375, down 2 1 .5 1.25 1.625.
    reversion: Any = RsiReversion(period=2, oversold=30, overbought=60).signals(bars)
    assert reversion.enter.a[2:].tolist() == [0.0, 50.0, 75.0, 37.5, 18.75]
    assert np.flatnonzero(reversion.enter).tolist() == [3]
    assert np.flatnonzero(reversion.leave).tolist() == [5]


def test_the_built_in_ones_see_no_later_bar() -> None:
    close = np.round(100 + np.random.default_rng(2).normal(0, 1, 400).cumsum(), 2).tolist()
    for made in (SmaCross(), RsiReversion(), BuyAndHold()):
        whole: Any = made.signals(hours(close))
        for cut in (31, 200, 399):
            part: Any = made.signals(hours(close[:cut]))
            assert (np.asarray(part.enter) == np.asarray(whole.enter)[:cut]).all()
            if part.leave is not None:
                assert (np.asarray(part.leave) == np.asarray(whole.leave)[:cut]).all()
