"""Tapehead's insert of trades that another program made: one by one, or all at once; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import tapehead as th
from benchmarks.panel import Panel


def main() -> None:
    """Keep trades on a panel one way, then read them back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["single", "at once"])
    parser.add_argument("place", help="a folder, or the URL of a database")
    parser.add_argument("panel", type=Path)
    parser.add_argument("trades", type=Path)
    asked = parser.parse_args()
    handed = Panel.load(asked.panel)
    with np.load(asked.trades) as held:
        trades = {name: held[name] for name in held.files}
    with th.open(asked.place) as store:
        names = ("ts", "open", "high", "low", "close", "volume")
        store.append(
            [
                th.Bars.from_arrays(*(columns[name] for name in names), interval="1h", symbol=symbol, venue="bench")
                for symbol, columns in handed.parts()
            ]
        )
        n = len(trades["quantity"])
        # The first one loads the kernels; it is of neither.
        store.keep_trades({name: values[:1] for name, values in trades.items()}, cash=1e9, name="first")
        step = 1 if asked.way == "single" else n
        parts = [{name: values[lo : lo + step] for name, values in trades.items()} for lo in range(0, n, step)]
        began = time.perf_counter_ns()
        runs = [store.keep_trades(part, cash=1e9, name="bench") for part in parts]
        took = (time.perf_counter_ns() - began) / 1e6
        found = [one.trades for run in runs for one in store.run(run) if one.trades is not None]
        rows = sum(map(len, found))
        closes = sum(float(one.exit_price.sum()) for one in found)
        bought = sum(float(one.quantity.sum()) for one in found)
        print(json.dumps({"ms": took, "rows": rows, "times": round(bought, 6), "closes": closes}))


if __name__ == "__main__":
    main()
