"""equal_weights: on each rebalancing date one share each for the best of those that want to be held."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.model.pooling import Pooling
from tapehead.portfolio.clock import union_clock
from tapehead.portfolio.weights import Weighing, Weights, carry, rebalancing, wanted

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_CRUMB: Final = 1e-12
"""By how much shares may exceed what is left, which is rounding."""
_AT_ONCE: Final = 2**20
"""Cells of dates times instruments that are looked at together."""


@dataclass(slots=True, eq=False)
class _Shown:
    """What stands at some dates, each a row of instruments: whether its newest bar lies in the date's period."""

    here: BoolArray
    over: BoolArray
    wants: BoolArray
    keys: F64


def equal_weights(many: Sequence[Weighing], pooling: Pooling, whole: float, *, at_close: bool) -> list[Weights]:
    """Return the weights of each instrument; docs/portfolio.md, P7.

    A date is the last instant of a period, from the start on, at which anybody has a bar. All that have one in that
    period are weighed there together, by the newest: those that want to be held and rank best get 1 / `max_positions`
    of `whole` each (without it one share of all that are held then), the others 0. Who has none in it keeps weight and
    place, and the others get at most what that leaves. Between dates what a strategy leaves goes to 0 at once. A date
    is known when the bar that begins then is over, so a weight stands on the last bar that begins before that, and
    fills after it.

    Parameters
    ----------
    many : sequence of Weighing
        In the order of names.
    whole : float
        What all weights sum to at most, as a share of equity.
    at_close : bool
        Orders fill at the close of their decision; a bar that is missing at a date is then the next one, else the one
        before, so that either way nothing fills before the date.
    """
    wants = [wanted(one.signals, len(one.bars)) for one in many]
    lines = [np.full(len(one.bars), np.nan) for one in many]
    decides = [np.zeros(len(one.bars), np.bool_) for one in many]
    every = union_clock([one.bars for one in many])
    dates: I64 = every[rebalancing(every, pooling)]
    standing = np.zeros(len(many))
    block = max(_AT_ONCE // max(len(many), 1), 1)
    for lo in range(0, dates.shape[0], block):
        some = dates[lo : lo + block]
        shown = _shown(many, wants, some, int(dates[lo - 1] if lo else every[0] - 1))
        given = np.empty(shown.here.shape)
        for row in range(some.shape[0]):
            standing = _hand_out(shown, row, standing, pooling.max_positions, whole)
            given[row] = standing
        for i, one in enumerate(many):
            mine = shown.here[:, i]
            step = one.bars.series.interval.us
            at = np.searchsorted(one.bars.ts, some[mine] if at_close else some[mine] + step) - (not at_close)
            fits = at < len(one.bars)
            lines[i][at[fits]] = given[mine, i][fits]
            decides[i][at[fits]] = True
    for line, want in zip(lines, wants, strict=True):
        line[1:][want[:-1] & ~want[1:]] = 0.0
        carry(line)
    return [Weights(line, when) for line, when in zip(lines, decides, strict=True)]


def _shown(many: Sequence[Weighing], wants: Sequence[BoolArray], dates: I64, before: int) -> _Shown:
    """Return what stands at some dates; periods of the first begin after `before`."""
    shape = (dates.shape[0], len(many))
    begins = np.concatenate([[before], dates[:-1]])
    here, gone, want_there = (np.zeros(shape, np.bool_) for _ in range(3))
    shown = _Shown(here, gone, want_there, np.zeros(shape))
    for i, (one, want) in enumerate(zip(many, wants, strict=True)):
        if not len(one.bars):
            continue
        at = np.searchsorted(one.bars.ts, dates, side="right") - 1
        known = np.maximum(at, 0)
        over = (at == len(one.bars) - 1) & one.delisted
        shown.over[:, i] = over
        shown.here[:, i] = (at >= 0) & (one.bars.ts[known] > begins) & ~over
        shown.wants[:, i] = want[known]
        if one.signals.rank is not None:
            shown.keys[:, i] = -one.signals.rank[known]
    return shown


def _hand_out(shown: _Shown, row: int, before: F64, most: int | None, whole: float) -> F64:
    """Return the weight of each instrument from a date on; `before` is that up to it."""
    here, keys = shown.here[row], shown.keys[row]
    after = np.where(here | shown.over[row], 0.0, before)
    kept = after[after > 0.0]
    able = np.flatnonzero(here & shown.wants[row] & ~np.isnan(keys))
    places = None if most is None else max(most - kept.shape[0], 0)
    chosen = able[np.argsort(keys[able], kind="stable")][:places]
    count = chosen.shape[0]
    if count:
        share, left = whole / (most or count + kept.shape[0]), whole - math.fsum(kept)
        after[chosen] = share if count * share <= left + _CRUMB else max(left, 0.0) / count
    return after
