"""Where a group of sources works: servers, a folder, the handed arrays, and processes of both sides."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.beside import EQUAL, OURS, BesideReport, Entry
from benchmarks.machine import commit, machine
from benchmarks.processes import KEEPERS_PYTHON, OURS_PYTHON, run_json
from benchmarks.server import FOLDERS, Servers, running
from benchmarks.warm_store import warm_store

NO_TIER = {"TAPEHEAD_MEMORY_MB": "0", "TAPEHEAD_HOT_MB": "0"}
TIERS = {"TAPEHEAD_MEMORY_MB": "1024"}
LITTLE = (2, 500)


class Bench:
    """One group being measured."""

    def __init__(self, asked: Asked, servers: Servers, folder: Path, say: Callable[[str], None]) -> None:
        self.asked = asked
        self.servers = servers
        self.folder = folder
        self.say = say
        self.entries: list[Entry] = []
        self.notes: dict[str, str] = {}
        self.peak_rss_mb = 0.0
        self.theirs_run = KEEPERS_PYTHON.exists() and bool(asked.peers)
        self._made = 0

    def handed(self, name: str, held: panel.Panel) -> Path:
        """Write the arrays that both sides get."""
        folder = self.folder / name
        folder.mkdir()
        held.save(folder)
        return folder

    def database(self) -> str:
        """Make an empty one."""
        self._made += 1
        return self.servers.database(f"bench{self._made}")

    def home(self) -> str:
        """Make a folder for the hot files of a process."""
        return tempfile.mkdtemp(dir=self.folder, prefix="home-")

    def rehearsal(self) -> Path:
        """Return a small store, which is run to load the kernels."""
        return warm_store(self.asked.seed, *LITTLE).home

    def stored(self, handed: Path) -> str:
        """Make a store of the panel in PostgreSQL; return its URL."""
        url = self.database()
        self.ours("benchmarks.rows.with_tapehead", "write", handed, url, settings=NO_TIER)
        return url

    def ours(
        self, module: str, *arguments: str | Path, settings: Mapping[str, str] | None = None, home: str = ""
    ) -> dict[str, Any]:
        """Run a process of Tapehead; without settings of Redis none is asked."""
        more = {"TAPEHEAD_HOME": home or self.home(), "TAPEHEAD_REDIS": "", **(settings or {})}
        said = run_json([OURS_PYTHON, "-m", module, *arguments], **more)
        self.peak_rss_mb = max(self.peak_rss_mb, said.get("peak_rss_mb", 0.0))
        return said

    def theirs(self, module: str, *arguments: str | Path) -> dict[str, Any]:
        """Run a process of a source's method."""
        return run_json([KEEPERS_PYTHON, "-m", f"benchmarks.sources.{module}", *arguments])

    def add(self, line: str, who: str, how: str, value: float | None, parity: str = EQUAL, **more: Any) -> None:
        """Add an entry; without a figure where the answers differ."""
        entry = Entry(line, who, how, value if parity == EQUAL else None, parity, **more)
        self.entries.append(entry)
        self.say(f"{line}: {who}, {how}: {'-' if entry.value is None else f'{entry.value:.4g}'} {entry.unit}, {parity}")

    def report(self, title: str, told: list[str]) -> BesideReport:
        """Return what was measured."""
        ours = sum(one.who == OURS for one in self.entries)
        report = BesideReport(self.asked, machine(), commit(), title, told, self.entries, self.notes, self.peak_rss_mb)
        report.beside = len(self.entries) > ours or not self.theirs_run
        return report


@contextmanager
def at_work(asked: Asked, say: Callable[[str], None], *names: str) -> Iterator[Bench]:
    """Start the servers and make a folder for one group."""
    with running(*names) as servers, tempfile.TemporaryDirectory(dir=FOLDERS, prefix="sources-") as scratch:
        say(f"{asked.group}: {servers.version}")
        yield Bench(asked, servers, Path(scratch), say)
