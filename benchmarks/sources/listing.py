"""P4: the list of instruments that have bars, of a few hundred and of ten thousand."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.beside import EQUAL, OURS, BesideReport
from benchmarks.sources.bench import NO_TIER, Bench, at_work
from benchmarks.sources.phases import THEIRS

ROWS = 2_000_000
SIZES = (263, 10_000)
WITHOUT = 10
"""One instrument of so many has no bar."""


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Ask at both sizes; smaller ones where fewer instruments are asked for."""
    with at_work(asked, say, "postgres") as bench:
        sizes = SIZES if asked.instruments == 48 else (asked.instruments,)
        for count in sizes:
            _listed(bench, count, ROWS if asked.instruments == 48 else asked.bars * count)
        return bench.report(
            "the list of instruments that have bars",
            [
                f"{bench.servers.version}. About {ROWS:,} rows of 1h at both sizes; one instrument of",
                f"{WITHOUT} has none. The source asked EXISTS of compressed chunks of TimescaleDB, which is",
                "not run here (decision 033), and published 14–17 s; here EXISTS is asked of plain rows,",
                "without an index and with its two. The lists are equal. Ours: the first call of a process,",
                "from its open store, and the calls after it, each of which looks whether anything was",
                "committed since.",
            ],
        )


def _listed(bench: Bench, count: int, rows: int) -> None:
    """One size."""
    empty = count // WITHOUT
    bars = max(rows // (count - empty), 2)
    handed = bench.handed(f"panel{count}", panel.of_market(bench.asked.seed, count - empty, bars))
    store = bench.database()
    bench.ours(
        "benchmarks.sources.ours_listing", "fill", store, "--panel", handed, "--count", str(empty), settings=NO_TIER
    )
    said = bench.ours("benchmarks.sources.ours_listing", "list", store)
    line = f"P4 those with bars among {count:,}"
    bench.add(line, OURS, "first call", said["first_ms"])
    bench.add(line, OURS, "next calls", said["ms"])
    if not bench.theirs_run:
        return
    table = bench.database()
    bench.theirs("method_phases", "fill", table, "--panel", handed)
    bench.theirs("method_listing", "empties", table, "--panel", handed, "--count", str(empty))
    ways = {
        "no index": ("EXISTS, no index", ""),
        "exists": ("EXISTS, its indexes", "14–17 s"),
        "flag": ("flag", "50 ms"),
    }
    for stage, (how, claim) in ways.items():
        found = bench.theirs("method_listing", stage, table)
        parity = EQUAL if found["symbols"] == sorted(said["symbols"]) else "the lists differ"
        bench.add(line, THEIRS, how, found["ms"], parity, claim=claim if count == SIZES[0] else "")
