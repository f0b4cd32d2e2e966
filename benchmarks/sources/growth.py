"""Growth: size and scan of plain rows and of packed segments, and of ten times as many: why there is no TimescaleDB."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.beside import OURS, BesideReport
from benchmarks.postgres import vacuum
from benchmarks.processes import KEEPERS_PYTHON, run_json
from benchmarks.sources.bench import NO_TIER, Bench, at_work

TIMES = 10
ROWS = "rows"


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Weigh and scan at one size, then at ten times."""
    with at_work(asked, say, "postgres") as bench:
        for times in (1, TIMES):
            _at(bench, asked.instruments, times)
        return bench.report(
            "size and scan of rows and of packed segments, once and ten times",
            [
                f"{bench.servers.version}. {asked.instruments} series × {asked.bars:,} bars of 1h, and {TIMES}",
                "times as many series. Bytes a bar are of whole tables with their indexes, after VACUUM.",
                f"Scanned are {asked.instruments} series: all of their bars into arrays, equal to the last",
                "bit, the server's memory as the scan before left it and no tier of ours. Rows have seven",
                "columns and one index, their primary key, and are read by ADBC.",
            ],
        )


def _at(bench: Bench, count: int, times: int) -> None:
    """One size."""
    bars = bench.asked.bars
    handed = bench.handed(f"panel{times}", panel.of_market(bench.asked.seed, count * times, bars))
    store = bench.stored(handed)
    size = f"{count * times} × {bars:,}"
    _scan(bench, handed, store, f"growth scan of {count} series of {size}", count)
    every = count * times * bars
    bench.add(f"growth bytes a bar of {size}", OURS, "segments", _bytes(store) / every, unit="bytes")
    if bench.theirs_run:
        table = bench.database()
        _rows(handed, table, "write", 1)
        vacuum(table)
        said = _rows(handed, table, "read", count)
        line = f"growth scan of {count} series of {size}"
        bench.add(line, ROWS, "one query, ADBC", said["ms"], said["parity"], rows=count * bars)
        bench.add(f"growth bytes a bar of {size}", ROWS, "table and primary key", _bytes(table) / every, unit="bytes")


def _scan(bench: Bench, handed: Path, store: str, line: str, count: int) -> None:
    """Ours."""
    arguments = ["read", handed, store, "--series", str(count)]
    said = bench.ours("benchmarks.rows.with_tapehead", *arguments, settings=NO_TIER)
    bench.add(line, OURS, "packed, no tier", said["ms"], said["parity"], rows=count * bench.asked.bars)


def _rows(handed: Path, table: str, stage: str, count: int) -> dict[str, Any]:
    """ADBC."""
    module = "benchmarks.rows.with_adbc"
    return run_json([KEEPERS_PYTHON, "-m", module, stage, handed, table, "--way", "one", "--series", str(count)])


def _bytes(url: str) -> int:
    """Bytes of every table of a database with its indexes and what lies beside it."""
    import psycopg

    sql = (
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'tapehead')"
    )
    with psycopg.connect(url) as link:
        row = link.execute(sql).fetchone()
    return int(row[0]) if row else 0
