"""Compile every kernel once: `python -m tapehead.kernels.warm`, run by set-up."""

import numpy as np

from tapehead.kernels import (
    changes,
    closed,
    costs,
    crossings,
    deviations,
    extremes,
    flags,
    moments,
    profits,
    ranges,
    smoothing,
    trade,
    volumes,
    weights,
    windows,
)
from tapehead.kernels.jit import CACHE_FOLDER, readonly


def compile_all() -> None:
    """Call every kernel once with each kind of argument it meets."""
    values = readonly(np.linspace(1.0, 2.0, 16))
    averages = (windows, weights, deviations, changes, extremes, smoothing, ranges, volumes)
    for room in (*averages, crossings, moments, trade, flags, profits, costs, closed):
        room.warm(values)


if __name__ == "__main__":
    compile_all()
    print(f"kernels compiled into {CACHE_FOLDER}" if CACHE_FOLDER else "no writable folder: kernels stay uncached")
