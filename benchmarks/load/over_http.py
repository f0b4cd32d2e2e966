"""W5 over HTTP: one request to a service, every instrument, until the last result has come through the socket."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import tapehead as th
from benchmarks import handover
from benchmarks.asked import Asked
from benchmarks.load.report import Figure, ServiceReport, share
from benchmarks.load.service import Service, serving
from benchmarks.load.streams import asking, prove
from benchmarks.machine import commit, machine
from benchmarks.ours import outcome_of
from benchmarks.parity import OURS, compare
from benchmarks.universe import HEADLINE, measure_ours
from benchmarks.warm_store import warm_store

SPEC = {"strategy": "RsiReversion", "universe": "crypto", "fee": "10bps", "fresh": True}
REPEATS = 9


class Timed(NamedTuple):
    """One run: ms from the request to its first and last result and to its end, its id, and what was wrong."""

    first_ms: float
    last_ms: float
    ended_ms: float
    run: str
    faults: list[str]


def measure(asked: Asked, say: Callable[[str], None]) -> ServiceReport:
    """Make the market, run it in process and over HTTP, compare what the service kept with the plain twin."""
    say(f"market: seed {asked.seed}, {asked.instruments} instruments x {asked.bars} bars of 1h")
    fill, cores = HEADLINE
    handed, expected = handover.make(asked.seed, asked.instruments, asked.bars, (fill,))
    store = warm_store(asked.seed, asked.instruments, asked.bars, fresh=asked.fresh)
    del handed
    with tempfile.TemporaryDirectory() as scratch:
        here = measure_ours(store, Path(scratch), fill, cores, expected[fill])
    say(f"in process: measured, parity {here.parity}")
    with serving(store.home) as service:
        cold, *warm = [run_once(service) for _ in range(1 + REPEATS)]
        client = [_with_our_client(service.url) for _ in range(REPEATS)]
        peak = service.peak_rss_mb()
    say("over HTTP: measured")
    with th.open(store.home) as kept:
        run = kept.run(warm[-1].run)
        verdict = compare(OURS, outcome_of(run.results(), run), expected[fill])
    faults = [fault for timed in (cold, *warm) for fault in timed.faults]
    parity = "; ".join(dict.fromkeys([*faults, *([] if verdict.agrees else [verdict.text])])) or verdict.text
    report = ServiceReport(asked, machine(), commit(), _told(asked), parity, peak_rss_mb=peak)
    if not faults and verdict.agrees:
        report.bars = asked.instruments * asked.bars
        report.first_ms = share([one.first_ms for one in warm], 0.5)
        report.last_ms = share([one.last_ms for one in warm], 0.5)
        standard = (asked.instruments, asked.bars) == (48, 43_800)
        report.figures = [
            Figure("first result, over HTTP", report.first_ms, reach=20.0),
            Figure("last result, over HTTP", report.last_ms, reach=150.0 if standard else None),
            Figure("end of the run, over HTTP", share([one.ended_ms for one in warm], 0.5)),
            Figure("first result, first run of the service", cold.first_ms),
            Figure("last result, first run of the service", cold.last_ms),
            Figure("first result, tapehead.connect", share([first for first, _ in client], 0.5)),
            Figure("last result, tapehead.connect", share([last for _, last in client], 0.5)),
            Figure("first result, in process", here.first_ms),
            Figure("last result, in process", here.last_ms),
        ]
    return report


def run_once(service: Service) -> Timed:
    """Ask for one run on a connection of its own and follow it to its end."""
    stream = asking(service.host, "POST", "/api/v1/runs/stream", SPEC)
    asyncio.run(stream.follow(service.host, service.port))
    frames = stream.frames()
    times = (stream.when("result"), stream.when("result", last=True), stream.when("completed"))
    faults = prove(frames, service.url)
    run = frames[0].id.partition("/")[0] if frames else ""
    return Timed(*((at_s - stream.asked_s) * 1000 for at_s in times), run, faults)


def _with_our_client(url: str) -> tuple[float, float]:
    """Return ms to the first and last result as who calls `tapehead.connect` gets them; the connection is open."""
    with th.connect(url) as store:
        asked = {name: value for name, value in SPEC.items() if name != "strategy"}
        store.universes()
        began = time.perf_counter()
        first = last = 0.0
        for _ in store.backtest("RsiReversion", **asked):
            last = time.perf_counter()
            first = first or last
    return (first - began) * 1000, (last - began) * 1000


def _told(asked: Asked) -> str:
    """Say what was asked."""
    size = f"{asked.instruments} instruments × {asked.bars:,} bars of 1h"
    return f"{size}; median of {REPEATS} runs on a new connection each, until the last byte was read from the socket."
