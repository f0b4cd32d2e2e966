"""Compile every kernel once: `python -m tapehead.kernels.warm`, run by set-up."""

import glob
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Final

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
    distances,
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

Room = ModuleType
Told = Callable[[int, int], object]

AVERAGES: Final = (windows, weights, deviations, changes, extremes, smoothing, ranges, volumes)
LINES: Final = (elements, flows, turns, covariances, places, adaptive, distances, taps, candles, cascades, shares)
COUNTS: Final = (crossings, moments, flags, profits, costs, closed)
WALKS: Final = (trade,)
ASKED_LATER: Final = (steps, shared)
"""The steps between which a strategy is asked bar by bar, and the walk of a portfolio."""
EASY: Final = (*AVERAGES, *LINES, *COUNTS)


def compile_all(told: Told | None = None, *, bar_by_bar: bool = False) -> None:
    """Call every kernel once with each kind of argument it meets.

    Parameters
    ----------
    told : callable, optional
        Is told how many files are done, and of how many, before each.
    bar_by_bar : bool
        Also compile `ASKED_LATER`.
    """
    _compile((*EASY, *WALKS, *(ASKED_LATER if bar_by_bar else ())), told)


def compile_beside(told: Told | None = None) -> None:
    """Compile every kernel into an empty folder by two processes; `told` as in `compile_all`.

    Notes
    -----
    Walks take as long as all others together. A process has a folder of its own: Numba gives two that compile one
    function for other arguments the same file, and may then load the machine code of the other. Functions that both
    compiled are taken from this process, and what they lack is compiled at last.
    """
    if CACHE_FOLDER is None or len(os.sched_getaffinity(0)) == 1 or next(CACHE_FOLDER.rglob("*.nbi"), None):
        compile_all(told, bar_by_bar=True)
        return
    every = (*EASY, *WALKS, *ASKED_LATER)
    with TemporaryDirectory(dir=CACHE_FOLDER) as beside:
        words = [sys.executable, "-m", "tapehead.kernels.warm", "walks"]
        with subprocess.Popen(words, env={**os.environ, "NUMBA_CACHE_DIR": beside}, stdout=subprocess.DEVNULL) as walks:
            try:
                _compile(EASY, told, of=len(every))
            except BaseException:
                walks.kill()
                raise
        _take_over(Path(beside, CACHE_FOLDER.name))
    _compile(every, told)


def _compile(rooms: Sequence[Room], told: Told | None, *, of: int = 0) -> None:
    """Call the kernels of some files."""
    values = readonly(np.linspace(1.0, 2.0, 16))
    for place, room in enumerate(rooms):
        if told is not None:
            told(place, of or len(rooms))
        room.warm(values)


def _take_over(folder: Path) -> None:
    """Move what another process compiled, function by function, where this one compiled nothing of it."""
    for index in sorted(folder.rglob("*.nbi")):
        target = CACHE_FOLDER / index.relative_to(folder) if CACHE_FOLDER else index
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        for code in index.parent.glob(f"{glob.escape(index.stem)}.*.nbc"):
            code.replace(target.parent / code.name)
        index.replace(target)


if __name__ == "__main__":
    if sys.argv[1:] == ["walks"]:
        _compile((*WALKS, *ASKED_LATER), None)
    else:
        compile_beside()
        print(f"kernels compiled into {CACHE_FOLDER}" if CACHE_FOLDER else "no writable folder: kernels stay uncached")
