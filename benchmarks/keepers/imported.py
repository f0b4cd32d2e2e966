"""How long an import takes: one file recognised, checked, merged and committed; prints one JSON line."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path


def main() -> None:
    """Import the files of a folder into a store beside them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    import pyarrow.parquet as pq

    import tapehead as th

    with th.open(folder / "home") as store:
        paths = sorted(str(path) for path in folder.glob("*.parquet"))
        rows = sum(pq.ParquetFile(path).metadata.num_rows for path in paths)
        began = time.perf_counter_ns()
        report = store.import_files(*paths, kind="crypto")
        took = (time.perf_counter_ns() - began) / 1e6
        if report.total.kept != rows:
            raise RuntimeError(f"{report.total.kept} bars were kept of {rows}")
    print(json.dumps({"ms": took}))


if __name__ == "__main__":
    main()
