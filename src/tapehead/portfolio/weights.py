"""rebalancing, equal_weights: on which bars weights are looked at again, and one share each for the best."""

from collections.abc import Sequence
from typing import Final

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


def equal_weights(
    bars: Sequence[Bars],
    signals: Sequence[Signals],
    decides: Sequence[BoolArray],
    ranks: Sequence[F64 | None],
    most: int | None,
) -> list[F64]:
    """Return a line of weights for each instrument.

    On each instant at which some decide, those that want to be held and rank best get 1 / `most` each (without `most`
    one share of those chosen), the others that decide there 0; elsewhere the weight before stays, and what its strategy
    leaves goes to 0 at once. An instrument wants to be held from a wish to enter until one to leave, or while its
    target is above 0.
    """
    wants = [_wanted(one, len(each)) for one, each in zip(signals, bars, strict=True)]
    lines = [np.full(len(each), np.nan) for each in bars]
    at: dict[int, list[tuple[float, int, int]]] = {}
    for i, (each, when) in enumerate(zip(bars, decides, strict=True)):
        rank = ranks[i]
        for t in np.flatnonzero(when).tolist():
            key = 0.0 if rank is None else float(rank[t])
            at.setdefault(int(each.ts[t]), []).append((key, i, t))
    for rows in at.values():
        chosen = sorted((-key, i, t) for key, i, t in rows if wants[i][t] and key == key)[:most]
        share = 1.0 / (most or max(len(chosen), 1))
        for _, i, t in rows:
            lines[i][t] = 0.0
        for _, i, t in chosen:
            lines[i][t] = share
    for line, want in zip(lines, wants, strict=True):
        line[1:][want[:-1] & ~want[1:]] = 0.0
        _carry(line)
    return lines


def _wanted(signals: Signals, n: int) -> BoolArray:
    """Return on which bars an instrument wants to be held."""
    if signals.target is not None:
        line = signals.target.copy()
        _carry(line)
        return np.nan_to_num(line) > 0.0
    enter, leave = (
        np.zeros(n, np.bool_) if one is None else np.asarray(one, np.bool_) for one in (signals.enter, signals.leave)
    )
    said = np.where(leave, 0.0, np.where(enter, 1.0, np.nan))
    _carry(said)
    return np.nan_to_num(said) > 0.0


def _carry(line: F64) -> None:
    """Let each value hold until the next one."""
    known = np.where(np.isnan(line), 0, np.arange(line.shape[0]))
    np.maximum.accumulate(known, out=known)
    line[:] = line[known]


def most_weight(bars: Sequence[Bars], targets: Sequence[F64]) -> tuple[int, float]:
    """Return at which instant (us UTC) the weights of those with a bar sum to most, signs apart, and to how much."""
    clock = union_clock(bars)
    sums = np.zeros(clock.shape[0])
    for each, target in zip(bars, targets, strict=True):
        line = target.copy()
        _carry(line)
        line = np.abs(np.nan_to_num(line))[each.warm :]
        sums[np.searchsorted(clock, each.ts[each.warm :])] += line
    if not clock.shape[0]:
        return 0, 0.0
    place = int(np.argmax(sums))
    return int(clock[place]), float(sums[place])
