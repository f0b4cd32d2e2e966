"""Compile every kernel once: `python -m tapehead.kernels.warm`, run by set-up."""

from collections.abc import Callable

import numpy as np

from tapehead.kernels import (
    adaptive,
    candles,
    cascades,
    changes,
    closed,
    costs,
    covariances,
    crossings,
    deviations,
    elements,
    extremes,
    flags,
    flows,
    moments,
    places,
    profits,
    ranges,
    shares,
    smoothing,
    taps,
    trade,
    turns,
    volumes,
    weights,
    windows,
)
from tapehead.kernels import bar_by_bar as steps
from tapehead.kernels import portfolio as shared
from tapehead.kernels.jit import CACHE_FOLDER, readonly


def compile_all(told: Callable[[int, int], object] | None = None, *, bar_by_bar: bool = False) -> None:
    """Call every kernel once with each kind of argument it meets.

    Parameters
    ----------
    told : callable, optional
        Is told how many files are done, and of how many, before each.
    bar_by_bar : bool
        Also compile the steps between which a strategy is asked bar by bar, and the walk of a portfolio, which set-up
        leaves to their first use.
    """
    values = readonly(np.linspace(1.0, 2.0, 16))
    averages = (windows, weights, deviations, changes, extremes, smoothing, ranges, volumes)
    others = (elements, flows, turns, covariances, places, adaptive, taps, candles, cascades, shares)
    rooms = [
        *averages,
        *others,
        crossings,
        moments,
        trade,
        flags,
        profits,
        costs,
        closed,
        *([steps, shared] if bar_by_bar else []),
    ]
    for place, room in enumerate(rooms):
        if told is not None:
            told(place, len(rooms))
        room.warm(values)


if __name__ == "__main__":
    compile_all()
    print(f"kernels compiled into {CACHE_FOLDER}" if CACHE_FOLDER else "no writable folder: kernels stay uncached")
