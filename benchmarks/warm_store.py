"""The store a workload runs on: made once from files, then named as warm."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import market
from benchmarks.machine import ROOT
from benchmarks.processes import OURS_PYTHON, run_json

STORES = ROOT / "benchmarks" / ".stores"
MAKERS = ("layout", "stores", "sources", "model", "jobs/ingest.py")


class WarmStore(NamedTuple):
    """A home folder with the market in it."""

    home: Path
    made_in_s: float | None

    def told(self) -> str:
        """Say which store it is and whether this run made it."""
        name = self.home.relative_to(ROOT).as_posix()
        return f"{name}, {'kept from an earlier run' if self.made_in_s is None else f'made in {self.made_in_s:.1f} s'}"


def warm_store(seed: int, instruments: int, bars: int, *, fresh: bool = False) -> WarmStore:
    """Give the store of this market; make it if it is not there, if `fresh`, or if the code that fills it changed."""
    home = STORES / f"seed{seed}-{instruments}x{bars}-{_maker()}"
    ready = home / "ready"
    if fresh or not ready.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "bench"
            folder.mkdir()
            market.write_parquet(folder, seed, instruments, bars)
            run_json([OURS_PYTHON, "-m", "benchmarks.ours", home, "--import", folder, "--no-run"])
        ready.touch()
        return WarmStore(home, time.monotonic() - began)
    return WarmStore(home, None)


def _maker() -> str:
    """Short hash of the sources that decide what a store holds."""
    package = ROOT / "src" / "tapehead"
    files = [Path(market.__file__)]
    for part in MAKERS:
        path = package / part
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files if path.exists())).hexdigest()[:10]
