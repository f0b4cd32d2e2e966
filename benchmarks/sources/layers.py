"""Layers: each of ours switched off in turn, on one store in PostgreSQL, with equal digests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import panel
from benchmarks.asked import Asked
from benchmarks.beside import EQUAL, OURS, BesideReport
from benchmarks.sources.bench import Bench, at_work
from benchmarks.sources.phases import OURS_MODULE, difference

MEMORY = {"TAPEHEAD_MEMORY_MB": "1024"}
FILES = {"TAPEHEAD_MEMORY_MB": "0"}
NOTHING = {"TAPEHEAD_MEMORY_MB": "0", "TAPEHEAD_HOT_MB": "0"}
STEPPED = f"{Path(__file__).with_name('stepped_rsi.py')}:SteppedRsi"


def measure(asked: Asked, say: Callable[[str], None]) -> BesideReport:
    """Run the whole market under every choice."""
    with at_work(asked, say, "postgres", "valkey") as bench:
        handed = bench.handed("panel", panel.of_market(asked.seed, asked.instruments, asked.bars))
        store = bench.stored(handed)
        shared = {"TAPEHEAD_REDIS": bench.servers.valkey}
        ways: Mapping[str, tuple[dict[str, str], list[str]]] = {
            "everything on: memory, hot files, Valkey": ({**MEMORY, **shared}, []),
            "no Valkey": (MEMORY, []),
            "no memory tier: hot files": (FILES, []),
            "no memory tier, no hot files: Valkey": ({**NOTHING, **shared}, []),
            "no tier at all: PostgreSQL": (NOTHING, []),
            "no threads: one after the other": (MEMORY, ["--executor", "serial"]),
            "processes in place of threads": (MEMORY, ["--executor", "processes"]),
        }
        digests: dict[str, Any] = {}
        for how, (settings, more) in ways.items():
            said = _ran(bench, store, settings, *more)
            digests[how] = said["digests"]
            same = said["digests"] == next(iter(digests.values())) and len(said["digests"]) == 1
            parity = EQUAL if same else f"another digest: {said['digests']}"
            bench.add("layers, warm", OURS, how, said["ms"], parity, rows=asked.instruments * asked.bars)
            bench.add("layers, first run of a process", OURS, how, said["cold_ms"], parity)
        _stepped(bench, store, asked.instruments * asked.bars)
        report = bench.report(
            f"each of our layers switched off, {asked.instruments} instruments × {asked.bars:,} bars of 1h",
            [
                f"{bench.servers.version}. One store, one strategy, every instrument, kept in the database and",
                "streamed; to the last result. Every choice gives the same digest. The walk from bar to bar",
                "is another form of the strategy, so that its trades and returns are compared.",
            ],
        )
        report.entries.sort(key=lambda one: one.line, reverse=True)
        report.beside = False
        return report


def _ran(bench: Bench, store: str, settings: Mapping[str, str], *more: str) -> dict[str, Any]:
    """One choice: cold, then a few times warm."""
    outcome = bench.folder / ("stepped.npz" if "--strategy" in more else "events.npz")
    arguments: list[str | Path] = [store, "--rehearse", bench.rehearsal(), "--repeats", "4", "--outcome", outcome]
    return bench.ours(OURS_MODULE, *arguments, *more, settings=settings)


def _stepped(bench: Bench, store: str, rows: int) -> None:
    """Every bar in place of events."""
    said = _ran(bench, store, MEMORY, "--strategy", STEPPED)
    parity = difference(bench.folder / "stepped.npz", bench.folder / "events.npz")
    how = "no event walk: asked at every bar"
    bench.add("layers, warm", OURS, how, said["ms"], parity, rows=rows)
    bench.add("layers, first run of a process", OURS, how, said["cold_ms"], parity)
