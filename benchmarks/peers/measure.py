"""The measuring loop of a peer: find the best layout, or measure one; prints one JSON line.

Cold is from the start of the process, imports included, to the last value of the first run, less the time to load and
arrange the arrays. Warm repeats the run in the same process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from benchmarks.handover import Handover
from benchmarks.outcome import Outcome

BUDGET_MS = 4_000.0


class Peer(Protocol):
    """One engine in one layout of the same arrays."""

    def run(self) -> Outcome:
        """Simulate everything and materialise the manifest of outputs."""

    def close(self) -> None:
        """End the workers, where it has any."""


Make = Callable[[Any, str, str, tuple[str, ...]], Peer]
Layouts = Callable[[int, int], Sequence[str]]


def main(make: Make, layouts: Layouts, load: Callable[[Path], Any] = Handover.load) -> None:
    """Read the arguments, do what they ask, print; `load` reads what was handed over, Handover or one like it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fill", default="next_open")
    parser.add_argument("--layout", help="measure this one; without it the best one of each kind is found")
    parser.add_argument("--once", action="store_true", help="the cold run only")
    parser.add_argument("--first", type=int, help="so many of what is counted, not all")
    parser.add_argument("--metrics", default="", help="names joined by commas: what the outputs hold besides trades")
    asked = parser.parse_args()
    metrics = tuple(asked.metrics.split(",")) if asked.metrics else ()
    warnings.simplefilter("ignore")
    began = time.monotonic_ns()
    handed = load(asked.folder)
    handed = handed.part(asked.first) if asked.first else handed
    loading = time.monotonic_ns() - began
    if asked.layout is None:
        names = layouts(handed.count, len(os.sched_getaffinity(0)))
        print(json.dumps({"best": _best(make, names, handed, asked.fill, metrics)}))
        return
    began = time.monotonic_ns()
    peer = make(handed, asked.fill, asked.layout, metrics)
    began_run = time.monotonic_ns()
    outcome = peer.run()
    ended = time.monotonic_ns()
    loading += began_run - began
    said = _repeated(peer, (ended - began_run) / 1e6, once=asked.once)
    peer.close()
    said |= _told(peer)
    said["cold_ms"] = (ended - int(os.environ["BENCH_SPAWNED_NS"]) - loading) / 1e6
    said["peak_rss_mb"] = _peak_rss_mb()
    said["children_peak_rss_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    outcome.save(asked.folder / "outcome.npz")
    if hasattr(peer, "proof"):
        peer.proof().save(asked.folder / "proof.npz")
    print(json.dumps(said))


def _peak_rss_mb() -> float:
    """Peak resident memory of this program; ru_maxrss would begin with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def _told(peer: Peer) -> dict[str, Any]:
    """What an engine tells of its last run; most tell nothing."""
    if hasattr(peer, "indicators"):
        peer.indicators()
    return {"first_ms": getattr(peer, "first_ms", None), "stages_ms": getattr(peer, "stages_ms", {})}


def _repeated(peer: Peer, first_ms: float, *, once: bool) -> dict[str, Any]:
    """The warm time, and of how many runs it is the median.

    A second run may still compile (another thread, another shape of the last chunk): a slow run is only believed when
    the one before it took about as long.
    """
    if once:
        return {"warm_ms": None, "repeats": 0}
    times = [first_ms]
    while len(times) < 6:
        times.append(_timed(peer))
        steady = abs(times[-1] - times[-2]) <= 0.25 * min(times[-2:])
        if steady and sum(times[1:]) > BUDGET_MS:
            break
    return {"warm_ms": median(times[1:]), "repeats": len(times) - 1}


def _timed(peer: Peer) -> float:
    """One run, in ms."""
    began = time.perf_counter_ns()
    peer.run()
    return (time.perf_counter_ns() - began) / 1e6


def _best(make: Make, names: Sequence[str], handed: Any, fill: str, metrics: tuple[str, ...]) -> list[str]:
    """Try every layout on at most 100 instruments, warmed up; the fastest of each kind, the fastest of all first.

    The kind is what stands before the first colon.
    """
    if len(names) == 1:
        return list(names)
    some = handed.part(100)
    little = handed.part(100, 2000)
    took: dict[str, float] = {}
    for name in names:
        warming = make(little, fill, name, metrics)
        warming.run()
        warming.close()
        peer = make(some, fill, name, metrics)
        took[name] = _timed(peer)
        if took[name] < BUDGET_MS / 4:
            took[name] = min(took[name], _timed(peer), _timed(peer))
        peer.close()
    kinds: dict[str, str] = {}
    for name in sorted(took, key=lambda name: took[name]):
        kinds.setdefault(name.partition(":")[0], name)
    return list(kinds.values())
