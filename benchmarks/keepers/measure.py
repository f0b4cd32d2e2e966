"""The measuring loop of a keeper: one stage a process, on the same arrays; prints one JSON line.

Stages, each a process of its own, which has gone through all of them once on a few other bars, so that no clock counts
a library that loads parts of itself on first use:

- `write`: the whole panel from arrays in memory to files that survive a power cut; then the bytes of the folder.
- `check`: read everything and compare every bit with what was written.
- `cold`: with the folder out of the page cache, open and read everything, every column summed.
- `hot`: the same again and again in one process; open before the clock.
- `append`: one bar of the first symbol, durable on return, again and again; then it must be there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import numpy as np

from benchmarks import page_cache, panel
from benchmarks.panel import COLUMNS, DTYPES, Columns, Panel

BUDGET_S_A_BAR = 1.5e-6
MOST, LEAST = 60, 5
APPENDS = 40

Consume = Callable[[str | None, Columns], None]


class Keeper(Protocol):
    """One tool in one layout, on one folder of its own."""

    def write(self, panel: Panel) -> None:
        """Write everything, durable on return."""

    def open(self) -> None:
        """Get ready to read or to append."""

    def read(self, consume: Consume) -> None:
        """Hand over contiguous arrays: of one symbol with its name, or of all in the panel's order with None."""

    def append(self, symbol: str, bar: Columns) -> None:
        """Add one bar, durable on return."""

    def close(self) -> None:
        """Let go of files."""


Make = Callable[[Path, str], Keeper]


def main(make: Make) -> None:
    """Read the arguments, do one stage, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["write", "check", "cold", "hot", "append"])
    parser.add_argument("panel", type=Path, help="folder of the arrays that were handed over")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layout", default="")
    asked = parser.parse_args()
    _rehearse(make, asked.layout)
    keeper = make(asked.folder, asked.layout)
    said = STAGES[asked.stage](keeper, asked.panel, asked.folder)
    said["peak_rss_mb"] = _peak_rss_mb()
    print(json.dumps(said))


def _rehearse(make: Make, layout: str) -> None:
    """Go through everything once on a few bars elsewhere, so that no clock counts what is loaded on first use."""
    little = panel.synthetic(1, 64)
    with tempfile.TemporaryDirectory() as scratch:
        keeper = make(Path(scratch), layout)
        keeper.write(little)
        keeper.close()
        keeper.open()
        keeper.read(Summed())
        keeper.append(little.symbols[0], little.next_bar(1))
        keeper.close()


def _write(keeper: Keeper, handed: Path, folder: Path) -> dict[str, Any]:
    """Time the writing, then weigh the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    given = Panel.load(handed)
    began = time.perf_counter_ns()
    keeper.write(given)
    took = _ms_since(began)
    keeper.close()
    return {"ms": took, "size_bytes": page_cache.size_bytes(folder), "rows": given.offsets[-1]}


def _check(keeper: Keeper, handed: Path, _folder: Path) -> dict[str, Any]:
    """Compare every bit."""
    given = Panel.load(handed)
    keeper.open()
    parts = _gathered(keeper)
    keeper.close()
    return {"parity": difference(given, parts)}


def _cold(keeper: Keeper, handed: Path, folder: Path) -> dict[str, Any]:
    """Drop the page cache of the folder and read it once; the keeper has looked at none of it."""
    rows = int(np.load(handed / "flags.npy", mmap_mode="r").shape[0])
    how = page_cache.drop(folder)
    summed = Summed()
    began = time.perf_counter_ns()
    keeper.open()
    keeper.read(summed)
    took = _ms_since(began)
    keeper.close()
    summed.check(rows)
    return {"ms": took, "how": how, "first_ms": (summed.first_ns - began) / 1e6}


def _hot(keeper: Keeper, handed: Path, _folder: Path) -> dict[str, Any]:
    """Read again and again; the median, and the time to the first part of the median run."""
    rows = int(np.load(handed / "flags.npy", mmap_mode="r").shape[0])
    keeper.open()
    keeper.read(Summed())
    took: list[tuple[float, float]] = []
    until = time.perf_counter() + BUDGET_S_A_BAR * rows
    while len(took) < LEAST or (len(took) < MOST and time.perf_counter() < until):
        summed = Summed()
        began = time.perf_counter_ns()
        keeper.read(summed)
        took.append((_ms_since(began), (summed.first_ns - began) / 1e6))
        summed.check(rows)
    keeper.close()
    took.sort()
    middle = took[len(took) // 2]
    return {"ms": middle[0], "first_ms": middle[1], "best_ms": took[0][0], "repeats": len(took)}


def _append(keeper: Keeper, handed: Path, _folder: Path) -> dict[str, Any]:
    """Add bars one by one, then look whether they are there."""
    given = Panel.load(handed)
    keeper.open()
    symbol = given.symbols[0]
    bars = [given.next_bar(count) for count in range(1, APPENDS + 1)]
    took = []
    for bar in bars:
        began = time.perf_counter_ns()
        keeper.append(symbol, bar)
        took.append(_ms_since(began))
    keeper.close()
    keeper.open()
    parts = _gathered(keeper)
    keeper.close()
    end = given.offsets[1]
    columns = {
        name: np.concatenate([values[:end], *(bar[name] for bar in bars), values[end:]])
        for name, values in given.columns.items()
    }
    offsets = (0, *(offset + APPENDS for offset in given.offsets[1:]))
    grown = given._replace(offsets=offsets, columns=columns)
    return {"ms": median(took), "worst_ms": max(took), "parity": difference(grown, parts), "repeats": APPENDS}


STAGES = {"write": _write, "check": _check, "cold": _cold, "hot": _hot, "append": _append}


class Summed:
    """Sums every column of every part, from any thread, and counts the bars."""

    def __init__(self) -> None:
        self.first_ns = 0
        self._lock = threading.Lock()
        self._rows = 0
        self.sums = dict.fromkeys(COLUMNS, 0.0)

    def __call__(self, _symbol: str | None, columns: Columns) -> None:
        """Add one part."""
        # The sum of 8-byte words: that of single bytes costs more than all other columns together.
        sums = {name: float(columns[name].sum()) for name in COLUMNS[:6]}
        flags = columns["flags"]
        whole = len(flags) // 8 * 8
        sums["flags"] = float(flags[:whole].view(np.uint64).sum()) + float(flags[whole:].sum())
        with self._lock:
            self._rows += len(flags)
            for name, value in sums.items():
                self.sums[name] += value
            self.first_ns = self.first_ns or time.perf_counter_ns()

    def check(self, rows: int) -> None:
        """Raise unless so many bars were summed."""
        if self._rows != rows:
            raise RuntimeError(f"{self._rows} bars were read, not {rows}")


def difference(wanted: Panel, parts: dict[str | None, Columns]) -> str:
    """Say `equal`, or where the first bit differs."""
    every = [(None, wanted.columns)] if None in parts else list(wanted.parts())
    if set(parts) != {symbol for symbol, _ in every}:
        return f"symbols differ: {len(parts)} were read, {len(every)} written"
    for symbol, columns in every:
        for name in COLUMNS:
            found, given = parts[symbol][name], columns[name]
            where = f"{name}{f' of {symbol}' if symbol else ''}"
            if found.dtype != np.dtype(DTYPES[name]) or found.shape != given.shape or not found.flags.c_contiguous:
                return f"{where}: {found.dtype} {found.shape}, not {given.dtype} {given.shape} in one piece"
            unequal = np.flatnonzero(_bits(found) != _bits(given))
            if unequal.size:
                return f"{where}, bar {unequal[0]}: {found[unequal[0]]!r}, not {given[unequal[0]]!r}"
    return "equal"


def _gathered(keeper: Keeper) -> dict[str | None, Columns]:
    """Copies of everything that a keeper hands over; it may use its arrays again."""
    parts: dict[str | None, Columns] = {}
    wrong: list[str] = []

    def take(symbol: str | None, columns: Columns) -> None:
        wrong.extend(name for name in COLUMNS if not columns[name].flags.c_contiguous)
        parts[symbol] = {name: columns[name].copy() for name in COLUMNS}

    keeper.read(take)
    if wrong:
        raise RuntimeError(f"not contiguous: {sorted(set(wrong))}")
    return parts


def _bits(values: Any) -> Any:
    """The bits of each value as an integer."""
    return values.view(np.int64) if values.dtype.itemsize == 8 else values


def _ms_since(began_ns: int) -> float:
    """Milliseconds since a reading of the clock."""
    return (time.perf_counter_ns() - began_ns) / 1e6


def _peak_rss_mb() -> float:
    """Peak resident memory of this program; ru_maxrss would begin with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024
