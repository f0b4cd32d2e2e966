"""W9: bars out of PostgreSQL into arrays, the newest bar of many series, and bars into PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.beside import OURS, BesideReport, Entry
from benchmarks.machine import commit, machine
from benchmarks.processes import KEEPERS_PYTHON, OURS_PYTHON, EngineFailed, run_json
from benchmarks.server import FOLDERS, Servers, running

NO_TIER = {"TAPEHEAD_MEMORY_MB": "0", "TAPEHEAD_HOT_MB": "0"}
OUR_WAYS: Mapping[str, dict[str, str]] = {
    "packed, no tier": NO_TIER,
    "hot files": {"TAPEHEAD_MEMORY_MB": "0"},
    "memory": {"TAPEHEAD_MEMORY_MB": "1024"},
}
READ_WAYS = {
    ("pandas", "each"): "read_sql, a query a symbol",
    ("pandas", "one"): "read_sql, one query",
    ("adbc", "each"): "a query a symbol",
    ("adbc", "one"): "one query",
    ("psycopg", "each"): "rows, a query a symbol",
}
LATEST_WAYS = {
    ("pandas", "each"): "read_sql, a query a series",
    ("pandas", "distinct"): "read_sql, DISTINCT ON",
    ("pandas", "one"): "read_sql, LATERAL",
    ("adbc", "one"): "LATERAL",
    ("psycopg", "one"): "LATERAL",
    ("psycopg", "each"): "a query a series",
}
EDITED_WAYS = {("adbc", "one"): "one query", ("pandas", "one"): "read_sql, one query"}
BOTH = "rows and segments"
WRITE_WAYS = {("adbc", "one"): "COPY of Arrow, primary key", ("psycopg", "one"): "COPY of rows, primary key"}
SERIES = 500
REPEATED_FROM = 5_000
"""Of fewer bars, as in a test, one way to read tells enough."""


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Fill a store and a table with the same bars; read, look up and write with ours and with the others."""
    every = SERIES if asked.instruments == 48 else 2 * asked.instruments
    peers = asked.peers if KEEPERS_PYTHON.exists() else ()
    with running("postgres") as servers, tempfile.TemporaryDirectory(dir=FOLDERS, prefix="W9-") as scratch:
        bench = Bench(servers, Path(scratch), peers, say)
        if asked.instruments * asked.bars < REPEATED_FROM:
            bench.our_ways = bench.our_ways[:1]
        whole = bench.handed("whole", panel.of_market(asked.seed, every, asked.bars))
        some = bench.handed("some", panel.of_market(asked.seed, asked.instruments, asked.bars))
        say(f"{servers.version}; {every} series of {asked.bars:,} bars, seed {asked.seed}")
        store, table = bench.filled(whole)
        rows = asked.instruments * asked.bars
        entries = [*bench.read(whole, store, table, asked.instruments, rows)]
        entries += [*bench.latest(whole, store, table, every)]
        entries += [*bench.written(some, rows)]
        entries += [*bench.with_rows(some, asked.instruments, rows)]
        told = [
            f"{servers.version} with its own settings, on the disk of the machine, over TCP on the same",
            f"machine. {every} series of {asked.bars:,} synthetic bars of 1h; {asked.instruments} of them are",
            "read, six columns into contiguous arrays, every column summed inside the clock; median of reads",
            "in one process, the server's own memory warm. The others read a table of rows whose primary key",
            "is (series, ts).",
        ]
        title = f"PostgreSQL to arrays and back, {asked.instruments} × {asked.bars:,} bars of 1h"
        report = BesideReport(asked, machine(), commit(), title, told, entries, peak_rss_mb=bench.peak_rss_mb)
        standard = (asked.instruments, asked.bars) == (48, 8_760)
        _set_reach(entries, rows if standard else 0)
        return report


class Bench:
    """Runs one stage of one tool in a process of its own."""

    def __init__(self, servers: Servers, folder: Path, peers: tuple[str, ...], say: Callable[[str], None]) -> None:
        self.servers = servers
        self.folder = folder
        self.peers = peers
        self.say = say
        self.peak_rss_mb = 0.0
        self.our_ways = list(OUR_WAYS.items())
        self._made = 0

    def handed(self, name: str, held: panel.Panel) -> Path:
        """Write the arrays that everybody gets."""
        folder = self.folder / name
        folder.mkdir()
        held.save(folder)
        return folder

    def filled(self, whole: Path) -> tuple[str, str]:
        """Fill a store of ours and a table of the others; return the URLs."""
        store, table = self.database(), self.database()
        self.ours("write", whole, store, NO_TIER)
        if self.peers:
            self.theirs("adbc", "one", "write", whole, table)
            vacuum(table)
        self.say("filled")
        return store, table

    def read(self, whole: Path, store: str, table: str, count: int, rows: int) -> list[Entry]:
        """Every way to read the first series."""
        line = f"{count} series to arrays"
        found = []
        for how, settings in self.our_ways:
            said = self.ours("read", whole, store, settings, "--series", str(count))
            found.append(_entry(line, OURS, how, said, rows))
        for (name, way), how in self.chosen(READ_WAYS):
            found.append(self.beside(line, name, how, way, "read", whole, table, rows, "--series", str(count)))
        return found

    def latest(self, whole: Path, store: str, table: str, every: int) -> list[Entry]:
        """Every way to the newest bar of all series."""
        line = f"newest bar of {every} series"
        found = []
        for how, settings in self.our_ways:
            found.append(_entry(line, OURS, how, self.ours("latest", whole, store, settings), 0))
        for (name, way), how in self.chosen(LATEST_WAYS):
            found.append(self.beside(line, name, how, way, "latest", whole, table, 0))
        return found

    def written(self, some: Path, rows: int) -> list[Entry]:
        """Every way to write, each into an empty database; then what was written is read and compared."""
        line, store = "bars written", self.database()
        took = self.ours("write", some, store, NO_TIER)
        took["parity"] = self.ours("read", some, store, NO_TIER)["parity"]
        found = [_entry(line, OURS, "segments", took, rows)]
        for (name, way), how in self.chosen(WRITE_WAYS):
            found.append(self.beside(line, name, how, way, "write", some, self.database(), rows))
        return found

    def with_rows(self, some: Path, count: int, rows: int) -> list[Entry]:
        """Bars written as rows and segments both; then read again after SQL changed one bar, and one of each series."""
        store = self.database()
        self.ours("write", some, store, NO_TIER, "--way", "rows")
        took = self.ours("write", some, store, NO_TIER)
        more = ("--series", str(count))
        took["parity"] = self.ours("read", some, store, NO_TIER, *more)["parity"]
        found = [_entry("bars written", OURS, BOTH, took, rows)]
        table = self.database()
        if self.peers:
            self.theirs("adbc", "one", "write", some, table)
            vacuum(table)
        for edits, changed in ((1, "one bar"), (count, "a bar of each")):
            line = f"{count} series after SQL changed {changed}"
            said = self.ours("edited", some, store, NO_TIER, *more, "--edits", str(edits))
            found.append(_entry(line, OURS, "segments made of the rows, then packed", said, rows))
            for (name, way), how in self.chosen(EDITED_WAYS):
                found.append(
                    self.beside(line, name, how, way, "edited", some, table, rows, *more, "--edits", str(edits))
                )
        return found

    def chosen(self, ways: Mapping[tuple[str, str], str]) -> list[tuple[tuple[str, str], str]]:
        """The ways of the peers that take part."""
        return [(key, how) for key, how in ways.items() if key[0] in self.peers]

    def database(self) -> str:
        """Make an empty one."""
        self._made += 1
        return self.servers.database(f"bench{self._made}")

    def ours(self, stage: str, handed: Path, url: str, settings: Mapping[str, str], *more: str) -> dict[str, Any]:
        """Tapehead; its hot files in a folder of each call."""
        home = tempfile.mkdtemp(dir=self.folder, prefix="home-")
        command = [OURS_PYTHON, "-m", "benchmarks.rows.with_tapehead", stage, handed, url, *more]
        said = run_json(command, TAPEHEAD_HOME=home, TAPEHEAD_REDIS="", **settings)
        self.say(f"{stage}: {OURS}, {settings}: {said['ms']:.1f} ms, {said['parity']}")
        self.peak_rss_mb = max(self.peak_rss_mb, said["peak_rss_mb"])
        return said

    def theirs(self, name: str, way: str, stage: str, handed: Path, url: str, *more: str) -> dict[str, Any]:
        """Another tool."""
        return run_json([KEEPERS_PYTHON, "-m", f"benchmarks.rows.with_{name}", stage, handed, url, "--way", way, *more])

    def beside(
        self, line: str, name: str, how: str, way: str, stage: str, handed: Path, url: str, rows: int, *more: str
    ) -> Entry:
        """One entry of another tool."""
        try:
            said = self.theirs(name, way, stage, handed, url, *more)
        except EngineFailed as error:
            return Entry(line, name, how, None, f"did not run: {str(error).strip().splitlines()[-1][:200]}")
        self.say(f"{line}: {name}, {how}: {said['ms']:.1f} ms, {said['parity']}")
        return _entry(line, name, how, said, rows)


def vacuum(url: str) -> None:
    """Let the server settle, as its own housekeeping would have by then."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as link:
        link.execute("VACUUM ANALYZE")


def _entry(line: str, who: str, how: str, said: Mapping[str, Any], rows: int) -> Entry:
    """One entry, without a time where the answer was another."""
    took = said["ms"] if said["parity"] == "equal" else None
    return Entry(line, who, how, took, said["parity"], rows=rows, repeats=said["repeats"])


def _set_reach(entries: list[Entry], rows: int) -> None:
    """Say what ours should take at the standard size."""
    reach = {"to arrays": rows / 10_000, "newest bar": 10.0, "bars written": rows / 250}
    for one in entries:
        if rows and one.who == OURS and one.how in ("packed, no tier", BOTH):
            one.reach = next((most for part, most in reach.items() if part in one.line), None)
