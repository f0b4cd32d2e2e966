"""Import an unsorted panel of any size in a process of its own; print its peak memory and its time.

`python -m benchmarks.bigfile --gb 5`: file and store lie in a temporary folder and are removed at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

GB = 1_000_000_000
SYMBOLS = 500
MINUTE_US = 60_000_000
FIRST_US = 1_609_459_200_000_000
CHUNK_ROWS = 1 << 20
BYTES_A_ROW = 64

IMPORT = """
import json, sys, time
import tapehead
from tapehead.library.store import open as open_store

began = time.perf_counter()
with open_store(sys.argv[1]) as store:
    total = store.import_files(sys.argv[2], venue="big", kind="crypto").total
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
counts = {name: getattr(total, name) for name in ("rows", "kept", "added", "out_of_order", "missing", "symbols")}
print(json.dumps({"peak_rss_mb": round(int(peak) / 1024), "seconds": round(time.perf_counter() - began, 1), **counts}))
"""


def write_panel(path: Path, size_bytes: int) -> int:
    """Write one-minute bars of 500 symbols with every row somewhere; return the number of rows."""
    import pyarrow as pa
    from pyarrow import csv

    rows = max(size_bytes // BYTES_A_ROW, SYMBOLS * 2) // SYMBOLS * SYMBOLS
    minutes = rows // SYMBOLS
    stride, chance = _stride(rows), np.random.default_rng(1)
    names = pa.array([f"S{number:03d}USDT" for number in range(SYMBOLS)])
    schema: Any = None
    with path.open("wb") as file:
        for lo in range(0, rows, CHUNK_ROWS):
            # A walk by a stride without common divisor meets every row once, from all over the file; then shuffled.
            place = chance.permutation((np.arange(lo, min(lo + CHUNK_ROWS, rows), dtype=np.int64) * stride) % rows)
            symbol, minute = place // minutes, place % minutes
            close = np.round(100 + symbol + 10 * np.sin(minute / 500), 2)
            table = pa.table(
                {
                    "date": pa.array(FIRST_US + minute * MINUTE_US).cast(pa.timestamp("us")).cast(pa.timestamp("s")),
                    "open": close,
                    "high": close + 0.5,
                    "low": close - 0.5,
                    "close": close,
                    "volume": minute % 100 + 0.25,
                    "ticker": names.take(pa.array(symbol)),
                }
            )
            csv.write_csv(table, file, csv.WriteOptions(include_header=schema is None, quoting_style="none"))
            schema = table.schema
    return rows


def _stride(rows: int) -> int:
    """Return a number near the golden part of `rows` that has no common divisor with it."""
    stride = int(rows * 0.618) | 1
    while np.gcd(stride, rows) != 1:
        stride += 2
    return stride


def measure(gb: float, folder: str | None) -> dict[str, Any]:
    """Write a file, import it in a process of its own, and say what it took."""
    made = Path(tempfile.mkdtemp(prefix="bigfile-", dir=folder))
    try:
        began = time.perf_counter()
        rows = write_panel(made / "panel.csv", round(gb * GB))
        size = (made / "panel.csv").stat().st_size
        print(f"{rows:,} rows, {size / GB:.2f} GB written in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(made / "kernels")}
        command = [sys.executable, "-c", IMPORT, str(made / "home"), str(made / "panel.csv")]
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=environment)
        if ended.returncode:
            raise SystemExit(ended.returncode)
        found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        if (found["rows"], found["added"], found["missing"]) != (rows, rows, 0):
            raise SystemExit(f"wrong: {rows:,} rows were written, and the import says {found}")
        return {"file_gb": round(size / GB, 2), **found}
    finally:
        shutil.rmtree(made, ignore_errors=True)


def main() -> None:
    """Measure once, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=5.0, help="size of the file")
    parser.add_argument("--folder", help="where file and store lie meanwhile; about three times the size is needed")
    given = parser.parse_args()
    print(json.dumps(measure(given.gb, given.folder)))


if __name__ == "__main__":
    main()
