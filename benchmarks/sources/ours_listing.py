"""Tapehead's list of instruments that have bars: the first of a process, and the next ones; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

import tapehead as th
from benchmarks.keepers.with_tapehead import drafts_of
from benchmarks.panel import Panel
from tapehead.model.instrument import Instrument

REPEATS = 15


def main() -> None:
    """Fill, or ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["fill", "list"])
    parser.add_argument("url")
    parser.add_argument("--panel", type=Path)
    parser.add_argument("--count", type=int, default=0, help="instruments without a bar")
    asked = parser.parse_args()
    with th.open(asked.url) as store:
        if asked.stage == "fill":
            handed = Panel.load(asked.panel)
            drafts, named = drafts_of(handed)
            held = len(handed.symbols)
            named += [Instrument("bench", f"EMPTY{held + one}", kind="crypto") for one in range(asked.count)]
            store.house.bars.commit(drafts, note="bench", instruments=named)
            print(json.dumps({"filled": True}))
            return
        took = []
        symbols: list[str] = []
        for _ in range(REPEATS):
            began = time.perf_counter_ns()
            symbols = [row.instrument.symbol for row in store.instruments(kind="crypto") if row.intervals]
            took.append((time.perf_counter_ns() - began) / 1e6)
        print(json.dumps({"first_ms": took[0], "ms": median(took[1:]), "symbols": symbols}))


if __name__ == "__main__":
    main()
