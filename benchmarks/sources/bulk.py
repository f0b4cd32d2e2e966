"""P6: bars written one by one, in batches and at once; and the trades of one run out of many."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.beside import EQUAL, OURS, BesideReport
from benchmarks.sources.bench import Bench, at_work

THEIRS = "source 001"
MANY, FEW = 100_000, 1_000
SERIES = 10
RUNS = 20


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Each way into each database; row by row fewer of them, told for a thousand rows as all are."""
    with at_work(asked, say, "postgres") as bench:
        standard = asked.instruments == 48
        many = bench.handed("many", panel.of_market(asked.seed, SERIES, (MANY if standard else 5_000) // SERIES))
        few = bench.handed("few", panel.of_market(asked.seed, 1, FEW if standard else 50))
        for database in ("SQLite", "PostgreSQL"):
            for way, handed in (("single", few), ("batch", many)):
                _written(bench, database, way, handed)
        return bench.report(
            "bars written, one by one and many at once",
            [
                f"{bench.servers.version}; SQLite with its own settings. Rows as the source writes them: each",
                "a transaction, or 1,000 a transaction, into a table with an index on symbol and date. Ours:",
                "`append` of one bar, of 1,000, and of all at once, checked, seen by the next reader and",
                f"durable on return, with the history that undo needs. {MANY:,} rows in batches, {FEW:,} one",
                "by one; what was written is read back and its number and sums are equal.",
            ],
        )


def _written(bench: Bench, database: str, way: str, handed: Path) -> None:
    """One way into one database, both sides."""
    held = panel.Panel.load(handed)
    rows = held.offsets[-1]
    line = f"P6 {'one by one' if way == 'single' else 'in bulk'} into {database}"
    wanted = {
        "rows": rows,
        "times": int((held.columns["ts"] // 1_000_000).sum()),
        "closes": float(held.columns["close"].sum()),
    }
    for mine in ("single",) if way == "single" else ("batch", "at once"):
        place = bench.database() if database == "PostgreSQL" else tempfile.mkdtemp(dir=bench.folder, prefix="store-")
        said = bench.ours("benchmarks.sources.ours_bulk", mine, place, handed)
        how = {"single": "append of one bar", "batch": "append of 1,000", "at once": "one append"}[mine]
        _add(bench, line, OURS, how, said, wanted)
    if bench.theirs_run:
        place = bench.database() if database == "PostgreSQL" else str(bench.folder / f"{way}.db")
        said = bench.theirs("method_bulk", way, place, handed)
        how = "INSERT, a transaction each" if way == "single" else "executemany of 1,000"
        _add(bench, line, THEIRS, how, said, wanted, claim="" if way == "single" else "100 times the single ones")


def _add(
    bench: Bench, line: str, who: str, how: str, said: dict[str, Any], wanted: dict[str, Any], claim: str = ""
) -> None:
    """One entry, for a thousand rows."""
    close = abs(said["closes"] - wanted["closes"]) <= 1e-9 * abs(wanted["closes"])
    same = said["rows"] == wanted["rows"] and abs(said["times"] - wanted["times"]) <= 1e-5 and close
    parity = EQUAL if same else f"{said['rows']} rows were read back, or others"
    bench.add(line, who, how, said["ms"] / wanted["rows"] * 1000, parity, unit="ms a 1,000 rows", claim=claim)


def trades(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Trades that another program made, one by one and all at once."""
    with at_work(asked, say, "postgres") as bench:
        standard = asked.instruments == 48
        held = panel.of_market(asked.seed, SERIES, MANY // SERIES if standard else 500)
        handed = bench.handed("trades", held)
        many, few = (MANY, FEW // 5) if standard else (500, 10)
        for database in ("SQLite", "PostgreSQL"):
            for way, number in (("single", few), ("at once", many)):
                _kept(bench, database, way, handed, _draw(bench.folder / f"{database}-{way}.npz", held, number))
        return bench.report(
            "trades of another program, one by one and all at once",
            [
                f"{bench.servers.version}; SQLite with its own settings. Row by row as the source does: each trade a",
                "transaction, into a table with an index on run and entry. Ours: `keep_trades` of one, and of all,",
                "checked, placed on the bars of the store, with equity and every metric of each instrument.",
                f"{many:,} trades at once, {few:,} one by one; what was written is read back and its sums are equal.",
            ],
        )


def _draw(place: Path, held: panel.Panel, number: int) -> Path:
    """Write trades at closes of a panel."""
    drawn = np.random.default_rng(11)
    parts = list(held.parts())
    chosen = drawn.integers(0, len(parts), number)
    bars = len(parts[0][1]["ts"])
    entry = drawn.integers(0, bars - 50, number)
    exit_ = entry + drawn.integers(1, 50, number)
    ts, close = (np.stack([columns[name][:bars] for _, columns in parts]) for name in ("ts", "close"))
    np.savez(
        place,
        instrument=np.array([f"bench:{parts[k][0]}" for k in chosen]),
        side=drawn.choice(["long", "short"], number),
        entry_time=ts[chosen, entry],
        entry_price=close[chosen, entry],
        exit_time=ts[chosen, exit_],
        exit_price=close[chosen, exit_],
        quantity=drawn.uniform(0.01, 1.0, number),
        fees=np.full(number, 0.1),
    )
    return place


def _kept(bench: Bench, database: str, way: str, handed: Path, drawn: Path) -> None:
    """One way into one database; row by row both sides."""
    with np.load(drawn) as held:
        sums = round(float(held["quantity"].sum()), 6), float(held["exit_price"].sum())
        wanted = {"rows": len(held["quantity"]), "times": sums[0], "closes": sums[1]}
    line = f"P6 trades {'one by one' if way == 'single' else 'in bulk'} into {database}"
    place = bench.database() if database == "PostgreSQL" else tempfile.mkdtemp(dir=bench.folder, prefix="store-")
    said = bench.ours("benchmarks.sources.ours_trades", way, place, handed, drawn)
    _add(bench, line, OURS, f"keep_trades {'of one' if way == 'single' else 'of all'}", said, wanted)
    if bench.theirs_run:
        place = bench.database() if database == "PostgreSQL" else str(bench.folder / f"trades-{way}.db")
        said = bench.theirs("method_trades", place, drawn)
        _add(bench, line, "source 003", "INSERT, a transaction each", said, wanted)


def results(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """The trades of one run among many."""
    with at_work(asked, say, "postgres") as bench:
        handed = bench.handed("panel", panel.of_market(asked.seed, asked.instruments, asked.bars))
        store, held, outcome = bench.stored(handed), bench.folder / "trades.npz", bench.folder / "ours.npz"
        runs = RUNS if asked.instruments == 48 else 3
        made = bench.ours("benchmarks.sources.ours_results", "fill", store, held, "--runs", str(runs))
        chosen = runs // 2
        said = bench.ours("benchmarks.sources.ours_results", "ask", store, outcome, "--run", made["runs"][chosen])
        line = f"P6 trades of one run of {runs}"
        bench.add(line, OURS, "out of PostgreSQL", said["ms"])
        if bench.theirs_run:
            table, found = bench.database(), bench.folder / "theirs.npz"
            bench.theirs("method_results", "fill", table, held)
            for stage, how in (("", "no index"), ("index", "index on run and entry")):
                if stage:
                    bench.theirs("method_results", stage, table, held)
                asked_for = ["--run", str(chosen), "--outcome", found]
                said = bench.theirs("method_results", "ask", table, held, *asked_for)
                claim = "30–50 % less" if stage else ""
                bench.add(line, "source 003", how, said["ms"], equal_arrays(found, outcome), claim=claim)
        return bench.report(
            "tables of results",
            [
                f"{bench.servers.version}. {made['trades']:,} trades of {runs} runs of RsiReversion on",
                f"{asked.instruments} instruments × {asked.bars:,} bars; asked for are those of one run by",
                "entry: four columns as arrays, equal to the last bit. The source has a table of trades, a",
                "row each, without and with its index; here each result keeps its trades as one packed value,",
                "every column of them.",
            ],
        )


def equal_arrays(found: Path, wanted: Path) -> str:
    """Say `equal`, or which column differs."""
    with np.load(found) as theirs, np.load(wanted) as ours:
        for name in ours.files:
            if not np.array_equal(theirs[name], ours[name]):
                return f"{name} differs"
    return EQUAL
