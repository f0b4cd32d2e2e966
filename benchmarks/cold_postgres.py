"""W5 cold from PostgreSQL: RSI on every instrument, by a process that has read nothing, and no cache that answers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import handover, market
from benchmarks.asked import Asked
from benchmarks.beside import EQUAL, OURS, BesideReport, Entry
from benchmarks.machine import commit, machine
from benchmarks.outcome import Outcome
from benchmarks.parity import compare
from benchmarks.processes import OURS_PYTHON, run_json
from benchmarks.server import FOLDERS, Servers, running
from benchmarks.universe import HEADLINE
from benchmarks.warm_store import warm_store

REPEATS = 3
REPEATED_FROM = 100_000
LITTLE = (2, 500)
"""Instruments and bars of the other store, which is run to load the kernels."""


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Fill a database, run once a process on it, compare with the plain twin."""
    fill, _ = HEADLINE
    say(f"market: seed {asked.seed}, {asked.instruments} instruments x {asked.bars} bars; expected results by the twin")
    _, expected = handover.make(asked.seed, asked.instruments, asked.bars, (fill,))
    other = warm_store(asked.seed, *LITTLE)
    with running("postgres") as servers, tempfile.TemporaryDirectory(dir=FOLDERS, prefix="W5-") as scratch:
        _fill(asked, servers, Path(scratch))
        say(f"{servers.version}: filled")
        cold = Cold(servers, Path(scratch), expected[fill])
        cold.repeats = REPEATS if asked.instruments * asked.bars >= REPEATED_FROM else 1
        said = {
            "server restarted, its files dropped from the page cache": cold.runs(other.home, restart=True),
            "server's own memory warm": cold.runs(other.home, restart=False),
        }
        bare = cold.runs(None, restart=True)
        told = [
            f"{servers.version} with its own settings, on the disk of the machine. RSI on every instrument,",
            "read from the database, run, measured, kept in the database and streamed. Each run is a process",
            "of its own with an empty folder for hot files, no Redis, and nothing in memory: no cache",
            "answers. Times are from the call of `backtest` in a process that has opened the store and, by a",
            "run on another store, loaded its kernels; the whole of a new process stands below.",
            f"{cold.how[0].upper()}{cold.how[1:]}. Median of {cold.repeats}.",
        ]
    title = f"cold from PostgreSQL, {asked.instruments} instruments × {asked.bars:,} bars of 1h"
    entries = _entries(asked, said, bare, cold)
    report = BesideReport(asked, machine(), commit(), title, told, entries, beside=False)
    report.peak_rss_mb = cold.peak_rss_mb
    middle = said["server restarted, its files dropped from the page cache"]
    report.notes["stages of the cold run, ms"] = " · ".join(
        f"{name} {value:.3g}" for name, value in middle["stages_ms"].items()
    )
    return report


class Cold:
    """Runs a process on the database and holds what it found against the twin."""

    def __init__(self, servers: Servers, folder: Path, wanted: Outcome) -> None:
        self.servers = servers
        self.folder = folder
        self.wanted = wanted
        self.how = ""
        self.parity = EQUAL
        self.repeats = REPEATS
        self.peak_rss_mb = 0.0

    def runs(self, rehearse: Path | None, *, restart: bool) -> dict[str, Any]:
        """Return the middle one of a few."""
        if not restart and self.repeats > 1:
            self.once(rehearse)
        every = []
        for _ in range(self.repeats):
            if restart:
                self.how = self.servers.start_cold()
            every.append(self.once(rehearse))
        middle = sorted(every, key=lambda one: float(one["last_ms"]))[len(every) // 2]
        return {**middle, "first_ms": median(one["first_ms"] for one in every)}

    def once(self, rehearse: Path | None) -> dict[str, Any]:
        """Run one process with an empty folder for hot files."""
        home = tempfile.mkdtemp(dir=self.folder, prefix="home-")
        kept = self.folder / "ours.npz"
        command: list[str | Path] = [OURS_PYTHON, "-m", "benchmarks.from_postgres", self.servers.postgres]
        more = ["--rehearse", rehearse] if rehearse else []
        said = run_json([*command, *more, "--outcome", kept], TAPEHEAD_HOME=home, TAPEHEAD_REDIS="")
        verdict = compare(OURS, Outcome.load(kept), self.wanted)
        self.parity = self.parity if verdict.agrees else verdict.text
        self.peak_rss_mb = max(self.peak_rss_mb, said["peak_rss_mb"])
        return said


def _fill(asked: Asked, servers: Servers, folder: Path) -> None:
    """Import the market into the database, from files as a user would."""
    files = folder / "bench"
    files.mkdir()
    market.write_parquet(files, asked.seed, asked.instruments, asked.bars)
    command = [OURS_PYTHON, "-m", "benchmarks.ours", servers.postgres, "--import", files, "--no-run"]
    run_json(command, TAPEHEAD_HOME=str(folder / "import"))


def _entries(asked: Asked, said: dict[str, dict[str, Any]], bare: dict[str, Any], cold: Cold) -> list[Entry]:
    """Each moment under each state of the server."""
    rows = asked.instruments * asked.bars
    reach = {"first_ms": 100.0, "last_ms": 1000.0} if (asked.instruments, asked.bars) == (48, 43_800) else {}
    entries = []
    for part, name in (("last_ms", "last result"), ("first_ms", "first result"), ("open_ms", "opening the store")):
        for how, one in said.items():
            most = reach.get(part) if "restarted" in how else None
            entries.append(Entry(name, OURS, how, one[part], reach=most, rows=rows if part == "last_ms" else 0))
    process = "from the start of the process, server restarted and dropped"
    entries.append(Entry("last result of a new process", OURS, process, bare["process_ms"]))
    for one in entries:
        one.parity, one.value = cold.parity, one.value if cold.parity == EQUAL else None
        one.repeats = cold.repeats
    return entries
