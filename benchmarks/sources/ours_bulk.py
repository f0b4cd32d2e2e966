"""Tapehead's inserts: bar by bar, in batches of 1,000 and at once, durable on return each time; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import tapehead as th
from benchmarks.panel import Columns, Panel

BATCH = 1_000


def main() -> None:
    """Append all bars of a panel one way, then read them back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["single", "batch", "at once"])
    parser.add_argument("place", help="a folder, or the URL of a database")
    parser.add_argument("panel", type=Path)
    asked = parser.parse_args()
    handed = Panel.load(asked.panel)
    with th.open(asked.place) as store:
        step = {"single": 1, "batch": BATCH, "at once": handed.offsets[-1]}[asked.way]
        parts = [
            _bars(symbol, columns, lo, step) for symbol, columns in handed.parts() for lo in range(0, _n(columns), step)
        ]
        began = time.perf_counter_ns()
        if asked.way == "at once":
            store.append(parts)
        else:
            for bars in parts:
                store.append(bars)
        took = (time.perf_counter_ns() - began) / 1e6
        held = store.bars([f"bench:{symbol}" for symbol in handed.symbols], "1h").values()
        rows = sum(len(bars.ts) for bars in held)
        times = sum(int((bars.ts // 1_000_000).sum()) for bars in held)
        print(
            json.dumps(
                {"ms": took, "rows": rows, "times": times, "closes": sum(float(bars.close.sum()) for bars in held)}
            )
        )


def _n(columns: Columns) -> int:
    """Number of bars."""
    return len(columns["ts"])


def _bars(symbol: str, columns: Columns, lo: int, step: int) -> th.Bars:
    """Some bars as a caller hands them over."""
    part = {name: values[lo : lo + step] for name, values in columns.items()}
    names = ("ts", "open", "high", "low", "close", "volume")
    return th.Bars.from_arrays(*(part[name] for name in names), interval="1h", symbol=symbol, venue="bench")


if __name__ == "__main__":
    main()
