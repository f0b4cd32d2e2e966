"""rebalancing, carry, most_weight: on which bars weights are looked at again, and what they sum to."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import Bars
from tapehead.model.pooling import Pooling
from tapehead.model.signals import Signals
from tapehead.portfolio.clock import union_clock

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NEAR: Final = 1e-9
"""By which share of the leverage weights may sum to more than it."""


class Weighing(NamedTuple):
    """An instrument as it is weighed: its bars, what its strategy wants, and whether its last bar is its end."""

    bars: Bars
    signals: Signals
    delisted: bool


class Weights(NamedTuple):
    """The weights of an instrument, and on which bars they are looked at again; shape (n_bars,) each."""

    target: F64
    decides: BoolArray


def rebalancing(ts: I64, pooling: Pooling) -> BoolArray:
    """Return which bars decide: the last one of each period, by the UTC date of its open; shape (n_bars,).

    The newest bar never does, since nobody knows whether it is the last of its period; of `bar` it does. Of a list of
    days each is decided by the last bar that begins on it or before.
    """
    out = np.zeros(ts.shape[0], np.bool_)
    if not pooling.rebalance or not ts.shape[0]:
        return out
    if pooling.rebalance == "bar":
        out[:] = True
        return out
    days = ts.astype("datetime64[us]").astype("datetime64[D]")
    if pooling.rebalance not in ("day", "week", "month", "quarter"):
        asked = np.array(pooling.days(), "datetime64[D]")
        out[:-1] = np.searchsorted(asked, days[1:]) > np.searchsorted(asked, days[:-1])
        return out
    if pooling.rebalance == "day":
        period = days.astype(np.int64)
    elif pooling.rebalance == "week":
        period = (days.astype(np.int64) + 3) // 7
    else:
        months = days.astype("datetime64[M]").astype(np.int64)
        period = months if pooling.rebalance == "month" else months // 3
    out[:-1] = period[1:] != period[:-1]
    return out


def carry(line: F64) -> None:
    """Let each value hold until the next one."""
    known = np.where(np.isnan(line), 0, np.arange(line.shape[0]))
    np.maximum.accumulate(known, out=known)
    line[:] = line[known]


def wanted(signals: Signals, n: int) -> BoolArray:
    """Return on which bars an instrument wants to be held."""
    if signals.target is not None:
        line = signals.target.copy()
        carry(line)
        return np.nan_to_num(line) > 0.0
    enter, leave = (
        np.zeros(n, np.bool_) if one is None else np.asarray(one, np.bool_) for one in (signals.enter, signals.leave)
    )
    said = np.where(leave, 0.0, np.where(enter, 1.0, np.nan))
    carry(said)
    return np.nan_to_num(said) > 0.0


def most_weight(bars: Sequence[Bars], targets: Sequence[F64]) -> tuple[int, float]:
    """Return at which instant (us UTC) the weights of those with a bar sum to most, signs apart, and to how much."""
    clock = union_clock(bars)
    sums = np.zeros(clock.shape[0])
    for each, target in zip(bars, targets, strict=True):
        line = target.copy()
        carry(line)
        line = np.abs(np.nan_to_num(line))[each.warm :]
        sums[np.searchsorted(clock, each.ts[each.warm :])] += line
    if not clock.shape[0]:
        return 0, 0.0
    place = int(np.argmax(sums))
    return int(clock[place]), float(sums[place])
