"""check_said: refuse an order of `on_bar` that no rule allows, with its words, its bar and its bound."""

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import SignalsError
from tapehead.kernels import bar_by_bar as kernels
from tapehead.kernels.account import (
    LINE_LIMIT,
    LINE_PART,
    LINE_SIZE,
    LINE_STOP,
    LINE_STOP_AT,
    LINE_TARGET_AT,
    LINE_TRAIL_AT,
)

F64 = NDArray[np.float64]
Outside = Callable[[F64], NDArray[np.bool_]]

_MOST_WHOLE: Final = 2.0**31 - 1.0
_CALLS: Final = {kernels.BUY: "buy", kernels.SELL: "sell", kernels.CLOSE: "close", kernels.TARGET: "target"}
_ENTERING: Final = (kernels.BUY, kernels.SELL)
_PRICES: Final = {
    "limit": LINE_LIMIT,
    "stop": LINE_STOP,
    "stop_loss_at": LINE_STOP_AT,
    "take_profit_at": LINE_TARGET_AT,
    "trail_at": LINE_TRAIL_AT,
}


class _Rule(NamedTuple):
    """A word of an order: the calls it belongs to, what was said, what is outside, what is allowed."""

    word: str
    calls: tuple[int, ...]
    values: F64
    outside: Outside
    bound: str


def check_said(said: F64, lines: F64, leverage: float, strategy: str, instrument: str) -> None:
    """Raise SignalsError for the first bar whose order has a value that no rule allows.

    Parameters
    ----------
    said, lines : float64 arrays, shape (SAID, n_bars) and (LINES, n_bars)
        What was said at each bar, as `kernels.bar_by_bar` keeps it; NaN where nothing was.
    leverage : float
        Bound of a target.
    strategy, instrument : str
        Named in the sentence.
    """
    bars = np.flatnonzero(said[kernels.KIND] == said[kernels.KIND])
    kinds = said[kernels.KIND, bars]
    found: list[tuple[int, _Rule]] = []
    for rule in _rules(said[:, bars], lines[:, bars], leverage):
        wrong = np.flatnonzero(rule.outside(rule.values) & np.isin(kinds, rule.calls))
        if wrong.size:
            found.append((int(wrong[0]), rule))
    if not found:
        return
    place, rule = min(found, key=lambda one: one[0])
    call = f"orders.{_CALLS[int(kinds[place])]}({rule.word}={_told(rule.values[place])})"
    cause = f"on_bar said {call} at bar {bars[place]}; {rule.word} must be {rule.bound}"
    raise SignalsError(strategy=strategy, instrument=instrument, cause=cause)


def _rules(said: F64, lines: F64, leverage: float) -> list[_Rule]:
    """Return every bound, in the order of an order's words."""
    share = "a fraction above 0 and below 1, such as 0.05; leave it out for the run's own"
    rules = [_Rule("size", _ENTERING, lines[LINE_SIZE], _not_positive, "above 0; leave it out for the run's own")]
    for word, row in _PRICES.items():
        rules.append(_Rule(word, _ENTERING, lines[row], _not_positive, "a price above 0; leave it out for none"))
    for word, row in (("stop_loss", kernels.STOP_LOSS), ("trail", kernels.TRAIL)):
        rules.append(_Rule(word, _ENTERING, said[row], lambda x: (x <= 0.0) | (x >= 1.0), share))
    profit = said[kernels.TAKE_PROFIT]
    rules.append(_Rule("take_profit", (kernels.BUY,), profit, _not_positive, "a fraction above 0, such as 0.1"))
    rules.append(_Rule("take_profit", (kernels.SELL,), profit, lambda x: (x <= 0.0) | (x >= 1.0), share))
    valid, tag = said[kernels.VALID], said[kernels.TAG]
    bars = f"a whole number of bars to {_MOST_WHOLE:.0f}; 0 for the run's own"
    rules.append(_Rule("valid", _ENTERING, valid, lambda x: _not_whole(x) | (x < 0.0), bars))
    part = "in (0, 1]; leave it out for all"
    rules.append(
        _Rule("part", (kernels.CLOSE,), lines[LINE_PART], lambda x: (x <= 0.0) | (x > 1.0), part),
    )
    weight = f"within the leverage, {-leverage:g} to {leverage:g}; more needs --leverage"
    rules.append(
        _Rule("weight", (kernels.TARGET,), said[kernels.WEIGHT], lambda x: abs(x) > leverage, weight),
    )
    rules.append(_Rule("tag", tuple(_CALLS), tag, _not_whole, f"a whole number to {_MOST_WHOLE:.0f}"))
    return rules


def _not_positive(values: F64) -> NDArray[np.bool_]:
    """Say which are not above 0, or not finite; NaN says nothing."""
    wrong: NDArray[np.bool_] = (values <= 0.0) | (values == math.inf)
    return wrong


def _not_whole(values: F64) -> NDArray[np.bool_]:
    """Say which are no whole number of 32 bits; NaN is none either."""
    wrong: NDArray[np.bool_] = ~((abs(values) <= _MOST_WHOLE) & (values == np.rint(values)))
    return wrong


def _told(value: Any) -> str:
    """Return a number as a strategy would write it."""
    return f"{float(value):.10g}"
