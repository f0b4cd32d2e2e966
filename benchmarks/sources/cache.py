"""P2: what a cache of query results is worth, and ours of columns, by one series and by a day of requests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.beside import EQUAL, OURS, BesideReport
from benchmarks.sources import answers
from benchmarks.sources.bench import NO_TIER, TIERS, Bench, at_work
from benchmarks.sources.phases import THEIRS, last_year

OURS_MODULE = "benchmarks.sources.ours_cache"
DAY_BARS = 500


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """One series, then the day."""
    with at_work(asked, say, "postgres", "valkey") as bench:
        _one_series(bench)
        _a_day(bench)
        _answers(bench)
        return bench.report(
            "a cache of answers, and a cache of columns",
            [
                f"{bench.servers.version}. A source keeps each answer as JSON in Redis for an hour, under the",
                "number of the coin and the dates asked for; Tapehead keeps columns under the hash of their",
                "content. One series: a year of 1h; both sides give the same bars, the source's but for last",
                "digits, see below. The day: 200 runs of mixed universes and ranges in an order that the seed",
                "gives; a miss is a look-up that the database had to answer. What the source keeps for an",
                "hour may be an hour out of date; what Tapehead keeps never is.",
            ],
        )


def _one_series(bench: Bench) -> None:
    """Miss and hit, by each tier."""
    asked = bench.asked
    handed = bench.handed("panel", panel.of_market(asked.seed, 2, asked.bars))
    store, span = bench.stored(handed), last_year(handed)
    outcome = bench.folder / "ours.npz"
    ours_span = [f"{span[0]}Z", f"{np.datetime64(span[1]) + np.timedelta64(1, 's')}Z"]
    arguments: list[str | Path] = ["series", store, handed, "--range", *ours_span, "--outcome", outcome]
    valkey = bench.servers.valkey
    shared = bench.ours(OURS_MODULE, *arguments, "--empty", valkey, settings={**NO_TIER, "TAPEHEAD_REDIS": valkey})
    files = bench.ours(OURS_MODULE, *arguments, settings={"TAPEHEAD_MEMORY_MB": "0"})
    memory = bench.ours(OURS_MODULE, *arguments, settings=TIERS)
    bench.add("P2 one series, cache empty", OURS, "PostgreSQL, and into Valkey", shared["miss_ms"])
    bench.add("P2 one series out of Redis", OURS, "Valkey", shared["hit_ms"])
    bench.add("P2 one series, cache full", OURS, "hot files", files["hit_ms"])
    bench.add("P2 one series, cache full", OURS, "memory", memory["hit_ms"])
    if bench.theirs_run:
        table, found = bench.database(), bench.folder / "theirs.npz"
        bench.theirs("method_phases", "fill", table, "--panel", handed)
        bench.theirs("method_phases", "indexes", table)
        said = bench.theirs("method_cache", "series", table, valkey, "--range", *span, "--outcome", found)
        parity = difference(found, outcome)
        how = "JSON in Redis"
        bench.add("P2 one series, cache empty", THEIRS, how, said["miss_ms"], parity, claim="800 ms")
        claim = "50 ms, 16 times less"
        for line in ("P2 one series out of Redis", "P2 one series, cache full"):
            bench.add(line, THEIRS, how, said["hit_ms"], parity, claim=claim)
        bench.notes["P2 JSON"] = last_digits(found, outcome)


def _a_day(bench: Bench) -> None:
    """Look-ups that miss, of a hundred."""
    seed = bench.asked.seed
    handed = bench.handed("day", panel.of_market(seed, bench.asked.instruments, DAY_BARS))
    store = bench.stored(handed)
    said = bench.ours(OURS_MODULE, "day", store, handed, "--seed", str(seed), settings=TIERS)
    bench.add("P2 a day, look-ups that miss", OURS, "memory and hot files", _missed(said), unit="of 100")
    if bench.theirs_run:
        table = bench.database()
        bench.theirs("method_phases", "fill", table, "--panel", handed)
        bench.theirs("method_phases", "indexes", table)
        more = ["--panel", handed, "--seed", str(seed)]
        said = bench.theirs("method_cache", "day", table, bench.servers.valkey, *more)
        how = "JSON in Redis for an hour"
        bench.add("P2 a day, look-ups that miss", THEIRS, how, _missed(said), unit="of 100", claim="20–30 of 100")


def _answers(bench: Bench) -> None:
    """Functions whose answers are kept."""
    path = bench.folder / "rows.db"
    answers.make_rows(path)
    file = bench.ours("benchmarks.sources.ours_calls", str(path))
    redis = bench.ours("benchmarks.sources.ours_calls", str(path), settings={"TAPEHEAD_REDIS": bench.servers.valkey})
    words = {"facts": "a function of 100 ms", "rows": f"a query of {answers.ROWS} rows"}
    theirs: dict[str, Any] = {}
    if bench.theirs_run:
        folder = bench.folder / "pickles"
        folder.mkdir()
        theirs = bench.theirs("method_calls", folder, str(path))
    for name, word in words.items():
        line = f"P2 {word}, asked again"
        bench.add(line, OURS, "file of the machine, all processes", file[name])
        bench.add(line, OURS, "Valkey, all machines", redis[name])
        if theirs:
            parity = EQUAL if theirs["answers"] == file["answers"] == redis["answers"] else "the answers differ"
            claim = "5–10 times less" if name == "facts" else "below 1 ms"
            bench.add(line, "source 001", "dictionary of the process", theirs[f"{name}_memory"], parity, claim=claim)
            bench.add(line, "source 001", "pickle in a file", theirs[f"{name}_disk"], parity, claim=claim)
    bench.notes["P2 answers"] = (
        f"not kept, they take {file['facts_first']:.0f} and {file['rows_first']:.2g} ms. A dictionary gives every"
        " caller the same object, to change for all; ours gives each a new one, and no pickle, which runs what it reads"
    )


def _missed(said: dict[str, int]) -> float:
    """Share of look-ups that miss."""
    return 100.0 * (1 - said["hits"] / said["looked"])


LAST_DIGIT = 1e-15
"""A share of a value; text of 17 digits read with pandas' quick reader is out by less."""


def last_digits(found: Path, wanted: Path) -> str:
    """Say how many values came back as others, in their last digit."""
    with np.load(found) as theirs, np.load(wanted) as ours:
        changed = sum(int((theirs[name] != ours[name]).sum()) for name in ours.files)
        every = sum(ours[name].size for name in ours.files)
    return f"{changed:,} of {every:,} values came out of the source's cache with another last digit"


def difference(found: Path, wanted: Path) -> str:
    """Say `equal`, but for the last digit of a float, or where a column differs."""
    with np.load(found) as theirs, np.load(wanted) as ours:
        for name in ours.files:
            one, other = theirs[name], ours[name]
            if one.shape != other.shape:
                return f"{name}: {one.shape}, not {other.shape}"
            unequal = np.flatnonzero(np.abs(one - other) > LAST_DIGIT * np.abs(other))
            if unequal.size:
                return f"{name}, bar {unequal[0]}: {one[unequal[0]]!r}, not {other[unequal[0]]!r}"
    return EQUAL
