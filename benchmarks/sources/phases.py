"""P1, the phases of a source, each beside ours on the same bars; P3, what the last of them takes of the machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks import market, panel
from benchmarks.asked import Asked
from benchmarks.beside import EQUAL, OURS, BesideReport
from benchmarks.sources.bench import NO_TIER, TIERS, Bench, at_work

OURS_MODULE = "benchmarks.sources.ours_phases"
THEIRS = "source 000"
Line = tuple[str, str, str, bool, bool, int]
LINES: tuple[Line, ...] = (
    ("start", "all of the time, no index", "30 s", False, False, 1),
    ("1", "all of the time, with indexes", "30 → 25 s", False, False, 1),
    ("2", "one year", "25 → 8 s", True, False, 2),
    ("3", "one year, cache full", "8 → 2–3 s", True, True, 4),
    ("4 and 5", "one year, batch load", "3 → 2.5 s", True, False, 3),
    ("7 without cache", "one year, vectors", "", True, False, 3),
    ("7", "one year, cache full, vectors", "2.5 → 1.7 s", True, True, 4),
    ("8", "one year, cache full, streamed", "3–5 s, first 0.1 s", True, True, 4),
)
"""Phase, line, what the source says, whether a year is asked for, whether caches may answer, how often it is run."""


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Run the phases before there was a range of dates and, beside each, ours on the same bars."""
    return _measured(asked, say, [line for line in LINES if not line[3]])


def measure_year(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Run the phases of one year and, beside each, ours on the same bars of that year."""
    return _measured(asked, say, [line for line in LINES if line[3]])


def _measured(asked: Asked, say: Callable[[str], None], lines: Sequence[Line]) -> BesideReport:
    """Run some phases; the last year of the panel is asked for where one is."""
    with at_work(asked, say, "postgres", "valkey") as bench:
        handed = bench.handed("panel", panel.of_market(asked.seed, asked.instruments, asked.bars))
        store, table, span = bench.stored(handed), "", last_year(handed)
        if bench.theirs_run:
            table = bench.database()
            bench.theirs("method_phases", "fill", table, "--panel", handed)
            if lines[0][0] != "start":
                bench.theirs("method_phases", "indexes", table)
        bench.say("filled")
        ours = {}
        for ranged, cached in sorted({(one[3], one[4]) for one in lines}):
            ours[ranged, cached] = ours_of(bench, store, span if ranged else None, cached=cached)
        for phase, line, claim, ranged, cached, repeats in lines:
            said, outcome = ours[ranged, cached]
            how = "memory" if cached else "out of PostgreSQL, no tier"
            bench.add(f"P1 {line}, all results", OURS, how, said["ms"])
            stages = " · ".join(f"{name} {ms:.3g}" for name, ms in said["stages_ms"].items())
            bench.notes[f"P1 ours, {'a year' if ranged else 'all of the time'}, {how}"] = f"stages in ms: {stages}"
            if phase == "8":
                bench.add(f"P1 {line}, first result", OURS, how, said["first_ms"])
            if bench.theirs_run:
                _theirs(bench, table, phase, f"P1 {line}", claim, span, repeats, outcome)
        return bench.report(
            f"the phases of a source, {asked.instruments} coins × {asked.bars:,} bars of 1h",
            [
                f"{bench.servers.version}. The source's RSI, of a rolling mean, on every coin; trades and",
                "total return of every coin are equal before a time stands here. Its phases are run as its",
                "text has them: queries of pandas, JSON in Redis, loops and vectors, four threads in the",
                "order of submission. Its cache is full where a line says so, and ours then reads its memory;",
                "elsewhere ours reads PostgreSQL with every tier off. Ours also keeps every run in the",
                "database, which the source does not.",
            ],
        )


def resources(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Look at the machine while both sides fill their caches and run again."""
    with at_work(asked, say, "postgres", "valkey") as bench:
        handed = bench.handed("panel", panel.of_market(asked.seed, asked.instruments, asked.bars))
        store, span = bench.stored(handed), last_year(handed)
        shared = {**TIERS, "TAPEHEAD_HOT_MB": "0", "TAPEHEAD_REDIS": bench.servers.valkey}
        with Watched(bench) as seen:
            said, outcome = ours_of(bench, store, span, cached=True, settings=shared)
        _add_resources(bench, OURS, "1 cold run and 3 warm ones, with Valkey", said, seen)
        if bench.theirs_run:
            table = bench.database()
            bench.theirs("method_phases", "fill", table, "--panel", handed)
            bench.theirs("method_phases", "indexes", table)
            _flush(bench.servers.valkey)
            with Watched(bench) as seen:
                said, parity = run_phase(bench, table, "8", span, 4, outcome)
            if parity == EQUAL:
                _add_resources(bench, THEIRS, "phase 8, cache empty, then 3 times full", said, seen)
        return bench.report(
            f"what the phases take of the machine, {asked.instruments} coins × one year of 1h",
            [
                f"{bench.servers.version}. The last phase of the source, and ours with Valkey as its tier: the",
                "first run fills the cache, three more follow. Memory of PostgreSQL is the sum of its",
                "processes' own shares of pages (PSS) at its highest, less that before; of Valkey what it",
                "says it uses.",
            ],
        )


def last_year(handed: Path) -> tuple[str, str]:
    """Return start and end of the last year of a panel as text; theirs includes the end."""
    ts = panel.Panel.load(handed).columns["ts"]
    end = int(ts.max())
    return _text(max(int(ts.min()), end - 8_759 * market.HOUR_US)), _text(end)


def ours_of(
    bench: Bench, store: str, span: tuple[str, str] | None, *, cached: bool, settings: dict[str, str] | None = None
) -> tuple[dict[str, Any], Path]:
    """Run ours; return what it said and where its outcome lies."""
    outcome = bench.folder / f"ours-{span is not None}.npz"
    arguments: list[str | Path] = [store, "--rehearse", bench.rehearsal(), "--outcome", outcome]
    if span is not None:
        # Half-open here: the bar that opens at the end belongs to it.
        after = np.datetime64(span[1]) + np.timedelta64(1, "s")
        arguments += ["--range", f"{span[0]}Z", f"{after}Z"]
    arguments += ["--repeats", "4"]
    return bench.ours(OURS_MODULE, *arguments, settings=settings or (TIERS if cached else NO_TIER)), outcome


def run_phase(
    bench: Bench, table: str, phase: str, span: tuple[str, str], repeats: int, wanted: Path
) -> tuple[dict[str, Any], str]:
    """Run a phase of theirs; return what it said, and whether it found what ours did."""
    outcome = bench.folder / "theirs.npz"
    more = ["--cache", bench.servers.valkey, "--range", *span, "--repeats", str(repeats), "--outcome", outcome]
    said = bench.theirs("method_phases", phase, table, *more)
    return said, difference(outcome, wanted)


def difference(found: Path, wanted: Path) -> str:
    """Say `equal`, or in which coin trades or return differ."""
    with np.load(found) as theirs, np.load(wanted) as ours:
        for coin, (one, other) in enumerate(zip(theirs["trades"], ours["trades"], strict=True)):
            if one != other:
                return f"coin {coin}: {one} trades, not {other}"
        apart = np.abs(theirs["returned"] - ours["returned"]) / np.maximum(np.abs(ours["returned"]), 1e-3)
        return EQUAL if apart.max(initial=0.0) < 1e-7 else f"returns differ by {apart.max():.3g}"


def _theirs(
    bench: Bench, table: str, phase: str, line: str, claim: str, span: tuple[str, str], repeats: int, wanted: Path
) -> None:
    """One phase of theirs, with the indexes that it brings."""
    if phase in ("1", "4 and 5"):
        bench.theirs("method_phases", "indexes" if phase == "1" else "partial", table)
    said, parity = run_phase(bench, table, phase, span, repeats, wanted)
    how = f"phase {phase}"
    bench.add(f"{line}, all results", THEIRS, how, said["ms"], parity, claim=claim)
    if phase == "3":
        bench.notes["P1 phase 3, cache empty"] = f"{said['cold_ms']:,.0f} ms, every query and its JSON into Redis"
    if phase == "8":
        bench.add(f"{line}, first result", THEIRS, how, said["first_ms"], parity, claim="0.1 s")


class Watched:
    """Looks at servers from time to time while something runs."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.connections = 0
        self.memory_mb = 0.0
        self.cache_mb = 0.0
        self.keys = 0

    def __enter__(self) -> Self:
        """Begin."""
        self._before = postgres_mb(self._bench.servers.process())
        self._cache_before = _cache_mb(self._bench.servers.valkey)[0]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, and look at the cache."""
        self._over.set()
        self._thread.join()
        used, self.keys = _cache_mb(self._bench.servers.valkey)
        self.cache_mb = used - self._cache_before

    def _look(self) -> None:
        """Ask a few times a second."""
        import psycopg

        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        with psycopg.connect(self._bench.servers.admin, autocommit=True) as link:
            while not self._over.wait(0.05):
                row = link.execute(asked).fetchone()
                self.connections = max(self.connections, int(row[0]) if row else 0)
                self.memory_mb = max(self.memory_mb, postgres_mb(self._bench.servers.process()) - self._before)
                time.sleep(0.05)


def postgres_mb(parent: int) -> float:
    """Memory of a server and its children: each page shared out among those who hold it."""
    held = 0.0
    for process in (parent, *_children(parent)):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        held += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) / 1024
    return held


def _children(parent: int) -> list[int]:
    """Processes that one has begun."""
    try:
        every = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(each) for each in every.split()]


def _cache_mb(url: str) -> tuple[float, int]:
    """What a Valkey says it uses, and how many keys it holds."""
    import redis

    with redis.Redis.from_url(url) as cache:
        return cache.info("memory")["used_memory"] / 2**20, int(cache.dbsize())


def _flush(url: str) -> None:
    """Empty a Valkey."""
    import redis

    with redis.Redis.from_url(url) as cache:
        cache.flushall()


def _add_resources(bench: Bench, who: str, how: str, said: dict[str, Any], seen: Watched) -> None:
    """One side."""
    claims = {True: ("1–5", "about 500 MB", "15–30 MB", "500–1,000", "200–400 MB", "60–80 %"), False: ("",) * 6}
    told = claims[who == THEIRS]
    bench.add("P3 connections at once", who, how, float(seen.connections), unit="", claim=told[0])
    bench.add("P3 memory of PostgreSQL", who, how, seen.memory_mb, unit="MB", claim=told[1])
    bench.add("P3 memory of the cache", who, how, seen.cache_mb, unit="MB", claim=told[2])
    bench.notes[f"P3 keys in the cache, {who}"] = f"{seen.keys:,}{f' (the source: {told[3]})' if told[3] else ''}"
    bench.add("P3 memory of the service", who, how, said["peak_rss_mb"], unit="MB", claim=told[4])
    bench.add("P3 processor", who, how, said["cpu_s"], unit="s", claim=told[5])


def _text(us: int) -> str:
    """A moment as text."""
    return str(np.datetime64(us, "us").astype("datetime64[s]"))
