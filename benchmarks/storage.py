"""W8, the store: write a million bars, read them back cold and hot, their size, and one bar more."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.machine import ROOT, commit, machine
from benchmarks.processes import KEEPERS_PYTHON, OURS_PYTHON, EngineFailed, run_json
from benchmarks.storage_report import OURS, Kept, Read, StorageReport

FOLDERS = ROOT / "benchmarks" / ".stores"
COLD_REPEATS = 3
REPEATED_FROM = 100_000
LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "parquet": ("dictionary", "plain", "split"),
    "feather": ("lz4", "raw"),
    "duckdb": ("numpy", "arrow"),
    "arcticdb": ("batch", "one"),
    "sqlite": ("rows",),
}


def measure(asked: Asked, say: Callable[[str], None]) -> StorageReport:
    """Hand the same arrays to every keeper; nobody gets a time who does not give back every bit."""
    handed = panel.make(asked.seed, asked.bars)
    asked = replace(asked, instruments=len(handed.symbols), bars=handed.offsets[-1])
    say(f"{handed.origin}: {asked.instruments} symbols, {asked.bars:,} bars, seed {asked.seed}")
    FOLDERS.mkdir(parents=True, exist_ok=True)
    # Beside the clone and not in the folder for temporary files, which may lie in memory.
    with tempfile.TemporaryDirectory(dir=FOLDERS, prefix="W8-") as scratch:
        bench = Bench(Path(scratch), asked.bars, say)
        handed.save(bench.panel)
        cores = ("all", "one") if asked.every_row else ("all",)
        rows = [_ours(bench, handed, number) for number in cores]
        for name in asked.peers if KEEPERS_PYTHON.exists() else ():
            for number in cores:
                rows.extend(_rival(bench, name, layout, number) for layout in LAYOUTS[name])
        return StorageReport(asked, machine(), commit(), handed.origin, bench.how, rows)


class Bench:
    """Where the keepers work, and how the page cache was dropped."""

    def __init__(self, folder: Path, bars: int, say: Callable[[str], None]) -> None:
        self.panel = folder / "panel"
        self.panel.mkdir()
        self.say = say
        self.how = ""
        self._colds = COLD_REPEATS if bars >= REPEATED_FROM else 1
        self._folder = folder

    def stage(self, name: str, layout: str, stage: str, cores: str, *, on: str | None = None) -> dict[str, Any]:
        """Run one stage of a keeper in a process of its own."""
        python = OURS_PYTHON if name == OURS else KEEPERS_PYTHON
        folder = self._folder / (on or f"{name}-{layout}")
        module = f"benchmarks.keepers.with_{name}"
        said = run_json([python, "-m", module, stage, self.panel, folder, "--layout", layout], cores=cores)
        self.how = said.get("how", self.how)
        return said

    def cold(self, name: str, layout: str, cores: str, *, on: str | None = None) -> float:
        """Median of a few cold processes."""
        runs = [self.stage(name, layout, "cold", cores, on=on)["ms"] for _ in range(self._colds)]
        return float(median(runs))

    def forget(self, part: str) -> None:
        """Remove what a keeper made."""
        shutil.rmtree(self._folder / part, ignore_errors=True)

    def folder(self, part: str) -> Path:
        """The folder of a keeper."""
        return self._folder / part


def _ours(bench: Bench, handed: panel.Panel, cores: str) -> Kept:
    """Tapehead: segments decoded, the files of the hot tier, and the tier in memory above them."""
    home = f"{OURS}-{cores}"
    wrote = bench.stage(OURS, "hot", "write", cores, on=home)
    row = Kept(OURS, "segments + hot files", cores, bench.stage(OURS, "segments", "check", cores, on=home)["parity"])
    row.bytes_per_bar = wrote["size_bytes"] / wrote["rows"]
    cold = bench.cold(OURS, "segments", cores, on=home)
    decoded = bench.stage(OURS, "segments", "hot", cores, on=home)
    first = bench.stage(OURS, "first", "cold", cores, on=home)["ms"]
    if row.parity == "equal":
        row.parity = bench.stage(OURS, "hot", "check", cores, on=home)["parity"]
    hot = bench.stage(OURS, "hot", "hot", cores, on=home)
    memory = bench.stage(OURS, "memory", "hot", cores, on=home)
    added = bench.stage(OURS, "hot", "append", cores, on=home)
    said = [wrote, decoded, hot, memory, added]
    if row.parity == "equal":
        row.write_ms, row.cold_ms = wrote["ms"], cold
        row.hot = Read(hot["first_ms"], hot["ms"], hot["repeats"])
        row.memory_ms, row.append_ms, row.append_worst_ms = memory["ms"], added["ms"], added["worst_ms"]
        row.stages_ms = {"commit": wrote["ms"], "import": _imported(bench, handed, cores), "cold_decode": cold}
        row.stages_ms |= {"cold_decode_and_hot_files": first, "decode": decoded["ms"], "hot_files": hot["ms"]}
        row.stages_ms |= {"memory": memory["ms"], "append": added["ms"]}
        if added["parity"] != "equal":
            row.parity, row.append_ms = f"after appending: {added['parity']}", None
    row.peak_rss_mb = max(one["peak_rss_mb"] for one in said)
    bench.forget(home)
    bench.say(f"{OURS}, {cores} cores: parity {row.parity}")
    return row


def _imported(bench: Bench, handed: panel.Panel, cores: str) -> float:
    """The whole import of the panel as a Parquet file, in ms: read, recognised, checked, merged and committed."""
    folder = bench.folder("import")
    folder.mkdir(exist_ok=True)
    panel.write_parquet(handed, folder / "panel.parquet")
    said = run_json([OURS_PYTHON, "-m", "benchmarks.keepers.imported", folder], cores=cores)
    bench.forget("import")
    return float(said["ms"])


def _rival(bench: Bench, name: str, layout: str, cores: str) -> Kept:
    """One other tool in one layout."""
    on = f"{name}-{layout}-{cores}"
    row = Kept(name, layout, cores, "")
    try:
        wrote = bench.stage(name, layout, "write", cores, on=on)
        row.parity = bench.stage(name, layout, "check", cores, on=on)["parity"]
        if row.parity == "equal":
            cold = bench.cold(name, layout, cores, on=on)
            hot = bench.stage(name, layout, "hot", cores, on=on)
            added = bench.stage(name, layout, "append", cores, on=on)
            row.write_ms, row.cold_ms = wrote["ms"], cold
            row.hot = Read(hot["first_ms"], hot["ms"], hot["repeats"])
            row.bytes_per_bar = wrote["size_bytes"] / wrote["rows"]
            row.peak_rss_mb = max(one["peak_rss_mb"] for one in (wrote, hot, added))
            if added["parity"] == "equal":
                row.append_ms, row.append_worst_ms = added["ms"], added["worst_ms"]
            else:
                row.parity = f"after appending: {added['parity']}"
    except EngineFailed as error:
        row = Kept(name, layout, cores, f"did not run: {str(error).strip().splitlines()[-1][:200]}")
    bench.forget(on)
    bench.say(f"{name} {layout}, {cores} cores: parity {row.parity}")
    return row
