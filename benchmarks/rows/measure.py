"""The measuring loop of W9: one stage a process, on one database; prints one JSON line.

- `write`: the whole panel from arrays in memory into the database, committed.
- `read`: the first series of it into contiguous arrays, every column summed inside the clock; again and again.
- `edited`: as `read`, each time after somebody changed the volume of one bar of some series by SQL and committed.
- `latest`: the newest bar of every series; again and again.

Each answer is compared bit by bit with the panel before the clock runs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, Protocol

import numpy as np

from benchmarks.panel import COLUMNS, Columns, Panel

READ = COLUMNS[:6]
BUDGET_S = 2.5
MOST, LEAST = 25, 3
EDITED, FIRST_EDITED = 5, 100


class Edit(NamedTuple):
    """A bar whose volume is another from now on: place of its series, its time in us UTC, the volume."""

    series: int
    ts: int
    volume: float


class Reader(Protocol):
    """One tool, one way, on one database."""

    def open(self, symbols: list[str]) -> None:
        """Connect; `symbols` are all of the panel, in its order."""

    def write(self, panel: Panel) -> None:
        """Put the panel there."""

    def read(self, count: int) -> Iterator[Columns]:
        """Yield the columns of the first series, one by one or all in one piece, in their order."""

    def edit(self, rows: Sequence[Edit]) -> None:
        """Change volumes by SQL, in one transaction."""

    def latest(self) -> Columns:
        """Return the newest bar of every series, in their order."""

    def close(self) -> None:
        """Disconnect."""


Make = Callable[[str, str], Reader]


def main(make: Make) -> None:
    """Read the arguments, do one stage, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["write", "read", "edited", "latest"])
    parser.add_argument("panel", type=Path, help="folder of the arrays that were handed over")
    parser.add_argument("url")
    parser.add_argument("--way", default="")
    parser.add_argument("--edits", type=int, default=1, help="of how many series `edited` changes a bar")
    parser.add_argument("--series", type=int, default=1, help="how many of them `read` reads")
    asked = parser.parse_args()
    handed = Panel.load(asked.panel, mapped=asked.stage in ("read", "edited"))
    reader = make(asked.url, asked.way)
    reader.open(list(handed.symbols))
    if asked.stage == "edited":
        said = _edited(reader, handed, asked.series, asked.edits)
    else:
        said = STAGES[asked.stage](reader, handed, asked.series)
    reader.close()
    said["peak_rss_mb"] = _peak_rss_mb()
    print(json.dumps(said))


def _write(reader: Reader, handed: Panel, _count: int) -> dict[str, Any]:
    """Time the writing, once: what is held already is no work."""
    began = time.perf_counter_ns()
    reader.write(handed)
    return {"ms": _ms_since(began), "parity": "equal", "repeats": 1}


def _read(reader: Reader, handed: Panel, count: int) -> dict[str, Any]:
    """Compare, then time."""
    end = handed.offsets[count]
    # As a reader may hand over arrays that it uses again.
    parts = [{name: part[name].copy() for name in READ} for part in reader.read(count)]
    found = {name: np.concatenate([part[name] for part in parts]) for name in READ}
    del parts
    parity = difference({name: handed.columns[name][:end] for name in READ}, found)

    def once() -> None:
        rows = 0
        for part in reader.read(count):
            sums = [float(part[name].sum()) for name in READ]
            rows += len(part["ts"]) if sums else 0
        if rows != end:
            raise RuntimeError(f"{rows} bars were read, not {end}")

    return {"parity": parity, **_timed(once)}


def _edited(reader: Reader, handed: Panel, count: int, edits: int) -> dict[str, Any]:
    """Edit, then read and compare, a few times; the clock runs while it is read. At last all is as it was."""
    wanted = {name: handed.columns[name][: handed.offsets[count]].copy() for name in READ}
    took, parity = [], "equal"
    back: list[Edit] = []
    for turn in range(1 + EDITED):
        places = [handed.offsets[series] + FIRST_EDITED + turn for series in range(edits)]
        back += [Edit(series, int(wanted["ts"][at]), float(wanted["volume"][at])) for series, at in enumerate(places)]
        wanted["volume"][places] += 1.0
        rows = [Edit(series, int(wanted["ts"][at]), float(wanted["volume"][at])) for series, at in enumerate(places)]
        reader.edit(rows)
        began = time.perf_counter_ns()
        parts = list(reader.read(count))
        for part in parts:
            for name in READ:
                part[name].sum()
        took.append(_ms_since(began))
        found = {name: np.concatenate([part[name] for part in parts]) for name in READ}
        parity = difference(wanted, found) if parity == "equal" else parity
    reader.edit(back)
    return {"parity": parity, "ms": median(took[1:]), "repeats": EDITED}


def _latest(reader: Reader, handed: Panel, _count: int) -> dict[str, Any]:
    """Compare, then time."""
    last = np.asarray(handed.offsets[1:]) - 1
    parity = difference({name: handed.columns[name][last] for name in READ}, reader.latest())
    return {"parity": parity, **_timed(reader.latest)}


STAGES = {"write": _write, "read": _read, "latest": _latest}


def difference(wanted: Columns, found: Columns) -> str:
    """Say `equal`, or where the first bit differs."""
    for name, values in wanted.items():
        got = found[name]
        if got.dtype != values.dtype or got.shape != values.shape or not got.flags.c_contiguous:
            return f"{name}: {got.dtype} {got.shape}, not {values.dtype} {values.shape} in one piece"
        unequal = np.flatnonzero(got.view(np.int64) != values.view(np.int64))
        if unequal.size:
            return f"{name}, bar {unequal[0]}: {got[unequal[0]]!r}, not {values[unequal[0]]!r}"
    return "equal"


def _timed(once: Callable[[], object]) -> dict[str, Any]:
    """Median of a few, of a slow one fewer; what is compared before is the call that is not counted."""
    took: list[float] = []
    budget = BUDGET_S * 1000
    while len(took) < MOST and sum(took) < (3 * budget if len(took) < LEAST else budget):
        began = time.perf_counter_ns()
        once()
        took.append(_ms_since(began))
    return {"ms": median(took), "repeats": len(took)}


def _ms_since(began_ns: int) -> float:
    """Milliseconds since a reading of the clock."""
    return (time.perf_counter_ns() - began_ns) / 1e6


def _peak_rss_mb() -> float:
    """Peak resident memory of this program; ru_maxrss would begin with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024
