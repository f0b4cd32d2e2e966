"""The measuring loop of W7: every indicator an engine has, one after another; prints one JSON line.

Cold is from the start of the process, imports included, to the last value of a first call of each, less the time to
load the arrays and to keep what came. Warm repeats one indicator until its time is steady.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.lines import F64, load
from benchmarks.ours import peak_rss_mb

Makers = Mapping[str, Callable[[], Any]]
"""By name of an indicator what makes all its lines: an array, or several."""
BUDGET_MS = 400.0
LEAST, MOST = 9, 61


def main(makers: Callable[[dict[str, F64]], Makers]) -> None:
    """Make every indicator once, then each again and again; what came lies in `found-NAME.npy`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    warnings.simplefilter("ignore")
    began = time.monotonic_ns()
    prices = load(folder)
    aside = time.monotonic_ns() - began
    said: dict[str, Any] = {"indicators": {}}
    made = makers(prices)
    for name, make in made.items():
        lines = make()
        began = time.monotonic_ns()
        kept = lines if isinstance(lines, tuple) else (lines,)
        np.save(folder / f"found-{name}.npy", np.array([np.asarray(line, np.float64) for line in kept]))
        del lines, kept
        aside += time.monotonic_ns() - began
    said["cold_ms"] = (time.monotonic_ns() - int(os.environ["BENCH_SPAWNED_NS"]) - aside) / 1e6
    for name, make in made.items():
        times = _times(make)
        said["indicators"][name] = {"ms": median(times), "repeats": len(times)}
    said["peak_rss_mb"] = peak_rss_mb()
    print(json.dumps(said))


def _times(make: Callable[[], Any]) -> list[float]:
    """Times of one indicator in ms; what a call gave is let go before the next, outside the clock."""
    times: list[float] = []
    while len(times) < MOST and (len(times) < LEAST or sum(times) < BUDGET_MS):
        began = time.perf_counter_ns()
        lines = make()
        times.append((time.perf_counter_ns() - began) / 1e6)
        del lines
    return times
