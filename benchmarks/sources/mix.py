"""P12: a mix of questions to a database of prices, as a source found it, as it left it, and by ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.beside import EQUAL, OURS, BesideReport
from benchmarks.postgres import vacuum
from benchmarks.sources.bench import NO_TIER, Bench, at_work
from benchmarks.sources.questions import ASKED, BEST, CHANGED, CLIENTS, PAGE, SOME, differences

THEIRS = "source 004"
STOCKS, BARS = 500, 8_760
LATE_S = 1.5
WORDS = {
    "latest_of_one": "newest close of one",
    "month_of_one": "30 days of one",
    "month_of_some": f"30 days of {SOME}",
    "latest_of_some": f"newest close of {SOME}",
    "moved": "close of all at two moments",
    "counts": "number, first and last of all",
    "days_of_one": "daily bars of one, 30 days",
    "highest_of_some": f"highest of {SOME} since then",
    "lowest_of_some": f"lowest of {SOME} since then",
    "oldest_of_some": f"first close of {SOME}",
    "moment_of_some": f"close of {SOME} at a moment",
    "volume_of_some": f"volume of {SOME} in 30 days",
    "latest_of_all": "newest close of all",
    "day_of_all": "high and low of all on a day",
    "gainers": f"the {BEST} that rose most in 30 days",
    "busiest": f"the {BEST} traded most on a day",
    "weeks_of_one": "weekly bars of one, all of the time",
    "pair": "two joined by time, 30 days",
    "gaps_of_one": "missing hours of one",
    "page_of_one": f"second page of {PAGE:,} of one",
}
CLAIMS = {"before": "2,000–5,000 ms", "after": "50–200 ms"}


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Ask every question of both tables and of ours; then let many clients ask one."""
    with at_work(asked, say, "postgres") as bench:
        stocks, bars = (STOCKS, BARS) if asked.instruments == 48 else (asked.instruments, asked.bars)
        handed = bench.handed("panel", panel.of_market(asked.seed, stocks, bars))
        store, outcome = bench.stored(handed), bench.folder / "ours.npz"
        arguments = ["benchmarks.sources.ours_mix", "ask", store, handed, "--outcome", outcome]
        bare = bench.ours(*arguments, settings=NO_TIER)
        warm = bench.ours(*arguments)
        for name in ASKED:
            bench.add(f"P12 {WORDS[name]}", OURS, "out of PostgreSQL, no tier", bare["took"][name])
            bench.add(f"P12 {WORDS[name]}", OURS, "memory and hot files", warm["took"][name])
        clients = bench.ours("benchmarks.sources.ours_mix", "clients", store, handed)
        line = f"P12 {CLIENTS} clients, 30 days of one, 95 of 100"
        bench.add(line, OURS, "one process, threads", clients["p95"])
        total = {"": sum(bare["took"].values())}
        bench.add("P12 every question once", OURS, "out of PostgreSQL, no tier", total[""])
        if bench.theirs_run:
            for way in ("before", "after"):
                _theirs(bench, way, handed, outcome, line)
        _changed(bench, store, handed)
        return bench.report(
            f"a mix of questions, {stocks} stocks × {bars:,} bars of 1h",
            [
                f"{bench.servers.version}. Before: no index but the key, a query for each stock. After: the",
                "source's index on stock and falling date, monthly partitions and batch queries. Answers are",
                f"arrays, equal to the last bit. {CLIENTS} clients ask from threads of one process, through a",
                "pool of 8 before and 15 after. Last, all volumes of one stock in five are changed: dead rows are",
                "those of all tables of a database, as its server counts them; ours has a row a segment.",
            ],
        )


def _changed(bench: Bench, store: str, handed: Any) -> None:
    """Change every bar of a fifth of the stocks in both; count the rows that are dead then, and after VACUUM."""
    ours = bench.ours("benchmarks.sources.ours_mix", "change", store, handed, settings=NO_TIER)
    sides = [(OURS, "one append, undo kept", store, ours, EQUAL)]
    if bench.theirs_run:
        table = bench.database()
        bench.theirs("method_mix", "after", "fill", table, handed)
        said = bench.theirs("method_mix", "after", "change", table, handed)
        same = abs(said["volume"] - ours["volume"]) <= 1e-9 * abs(ours["volume"])
        sides.append((THEIRS, "after, one UPDATE", table, said, EQUAL if same else "other volumes"))
    for who, how, url, said, parity in sides:
        claim = "below 10 of 100, after maintenance" if who == THEIRS else ""
        bench.add(f"P12 every bar of one stock in {CHANGED} changed", who, how, said["ms"], parity)
        bench.add("P12 dead rows then", who, how, dead_rows(url), parity, unit="of 100")
        vacuum(url)
        bench.add("P12 dead rows after VACUUM", who, how, dead_rows(url), parity, unit="of 100", claim=claim)


def dead_rows(url: str) -> float:
    """Return how many of 100 rows of all tables are dead, as the server counts them; it does so a second late."""
    import psycopg

    sql = (
        "SELECT 100.0 * coalesce(sum(n_dead_tup), 0) / greatest(coalesce(sum(n_live_tup + n_dead_tup), 0), 1)"
        " FROM pg_stat_user_tables"
    )
    time.sleep(LATE_S)
    with psycopg.connect(url) as link:
        row = link.execute(sql).fetchone()
    return float(row[0]) if row else 0.0


def _theirs(bench: Bench, way: str, handed: Any, wanted: Any, line: str) -> None:
    """One of the two tables."""
    table, found = bench.database(), bench.folder / f"{way}.npz"
    bench.theirs("method_mix", way, "fill", table, handed)
    said = bench.theirs("method_mix", way, "ask", table, handed, "--outcome", found)
    for name, parity in differences(found, wanted).items():
        bench.add(f"P12 {WORDS[name]}", THEIRS, way, said["took"][name], parity, claim=CLAIMS[way])
    bench.add("P12 every question once", THEIRS, way, sum(said["took"].values()))
    bench.notes[f"P12 {way}"] = (
        f"{said['sequential']:.0f} of 100 scans are sequential (the source: 70 before, below 15 after);"
        f" {said['cache_misses']:.1f} of 100 blocks were not in the server's memory (the source: below 5)"
    )
    if way == "after":
        clients = bench.theirs("method_mix", way, "clients", table, handed)
        bench.add(line, THEIRS, "after, pool of 15", clients["p95"])
