"""Profit and loss of a million trades in arrays: compiled, NumPy, and two row loops.

`python -m benchmarks.profits --trades 1000000`. Every way gets the same columns (prices of two decimals, whole lots,
both sides, a fee) and gives one contiguous array of profits; no time stands where one bit differs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import commit, machine
from benchmarks.numbers import number, short
from tapehead import trade_profits

F64 = NDArray[np.float64]
FEE = 0.001
REPEATS = {"rows": 3, "arrays": 21}


class Columns(NamedTuple):
    """Trades as columns."""

    entry: F64
    exit: F64
    quantity: F64
    side: NDArray[np.int8]


def make_columns(trades: int, seed: int) -> Columns:
    """Trades of a seeded market: prices in cents with many ties."""
    chance = np.random.default_rng(seed)
    entry = np.round(np.exp(chance.normal(4, 1, trades)), 2)
    leave = np.round(entry * np.exp(np.round(chance.normal(0, 0.02, trades), 3)), 2)
    return Columns(
        entry, leave, chance.integers(1, 500, trades) * 1.0, chance.choice(np.array([1, -1], np.int8), trades)
    )


def compiled(columns: Columns) -> F64:
    """Ours."""
    return trade_profits(*columns, fee=FEE)


def numpy_whole(columns: Columns) -> F64:
    """The formula as one expression of NumPy."""
    entry, leave, quantity, side = columns
    return (leave - entry) * quantity * side - (np.abs(entry) + np.abs(leave)) * quantity * FEE


def rows_of_lists(columns: Columns) -> F64:
    """A loop over rows of plain numbers, the fastest that Python has; making the lists counts."""
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return np.array(
        [
            (leave - entry) * quantity * side - (abs(entry) + abs(leave)) * quantity * FEE
            for entry, leave, quantity, side in rows
        ]
    )


def rows_by_index(columns: Columns) -> F64:
    """A loop that takes each value out of its array."""
    entry, leave, quantity, side = columns
    out = np.empty(len(entry))
    for i in range(len(entry)):
        gross = (leave[i] - entry[i]) * quantity[i] * side[i]
        out[i] = gross - (abs(entry[i]) + abs(leave[i])) * quantity[i] * FEE
    return out


WAYS: dict[str, tuple[Callable[[Columns], F64], str]] = {
    "tapehead": (compiled, "arrays"),
    "numpy": (numpy_whole, "arrays"),
    "row loop over lists": (rows_of_lists, "rows"),
    "row loop by index": (rows_by_index, "rows"),
}


def measure(trades: int, seed: int) -> dict[str, float]:
    """Median milliseconds of each way; raises where the profits of one are not ours bit for bit."""
    columns = make_columns(trades, seed)
    wanted = compiled(columns)
    found = {}
    for name, (way, kind) in WAYS.items():
        if way(columns).tobytes() != wanted.tobytes():
            raise SystemExit(f"No figures: the profits of {name} differ.")
        found[name] = statistics.median(_timed(way, columns) for _ in range(REPEATS[kind]))
    return found


def _timed(way: Callable[[Columns], F64], columns: Columns) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    way(columns)
    return (time.perf_counter() - began) * 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profits", description=__doc__)
    parser.add_argument("--trades", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--json", action="store_true", help="one JSON object as the last line; the table goes to stderr"
    )
    given = parser.parse_args()
    found = measure(given.trades, given.seed)
    ours = found["tapehead"]
    out = sys.stderr if given.json else sys.stdout
    print(f"{machine()}. Commit {commit()}, seed {given.seed}, one thread. Parity: equal bit for bit.", file=out)
    print(f"{given.trades:,} trades, one array of profits, warm, median", file=out)
    for name, ms in found.items():
        print(f"  {name:<22}{number(ms):>8} ms{number(ms / ours):>8} x ours", file=out)
    if given.json:
        peers = {name: {"ms": short(ms), "ratio": short(ms / ours)} for name, ms in found.items() if name != "tapehead"}
        line = {"id": "profits", "seed": given.seed, "trades": given.trades, "last_ms": short(ours), "parity": "equal"}
        print(json.dumps({**line, "peers": peers, "machine": machine(), "commit": commit()}))


if __name__ == "__main__":
    main()
