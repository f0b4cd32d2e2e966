"""Fairness: how long a small run takes while big ones go on, beside how long it takes alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from benchmarks import market
from benchmarks.asked import Asked
from benchmarks.load.report import Figure, ServiceReport, share
from benchmarks.load.service import Service, serving
from benchmarks.load.streams import asking, prove
from benchmarks.machine import commit, machine
from benchmarks.processes import EngineFailed
from benchmarks.warm_store import warm_store

BIG_RUNS = 20
SMALL = 48
REPEATS = 5
GRID = {"period": "2:101", "oversold": "21:40:1", "overbought": "60:69:1"}
SETS = 100 * 20 * 10
SPEC: dict[str, Any] = {"strategy": "RsiReversion", "fee": "10bps", "fresh": True}


def measure(asked: Asked, say: Callable[[str], None]) -> ServiceReport:
    """Time small runs alone, then beside big ones that go on until the last small one has ended."""
    store = warm_store(asked.seed, asked.instruments, asked.bars, fresh=asked.fresh)
    say(f"store: {store.told()}")
    small = SPEC | {"symbols": [market.symbol(number) for number in range(min(SMALL, asked.instruments))]}
    with serving(store.home) as service:
        # Once for what every run reads, as it is when the others go on.
        _run(service, SPEC | {"universe": "crypto"})
        alone = [_run(service, small) for _ in range(1 + REPEATS)][1:]
        say(f"alone: {len(alone)} runs")
        big = [service.ask("/api/v1/runs", _varied(number))["id"] for number in range(BIG_RUNS)]
        beside = [_run(service, small) for _ in range(REPEATS)]
        left = service.metric("queue_active")
        for run in big:
            service.ask(f"/api/v1/runs/{run}/cancel", {})
        swept, going = _beside_a_sweep(service, small)
        peak = service.peak_rss_mb()
    say(f"beside {BIG_RUNS} big runs: {len(beside)} runs; {left:.0f} big ones went on when the last had ended")
    if not (left and going):
        raise EngineFailed("the big runs ended before the small ones; ask for more: --bars or --instruments")
    faults = [fault for one in (*alone, *beside, *swept) for fault in one[3]]
    if len({digest for *_, digest, _ in (*alone, *beside, *swept)}) != 1:
        faults.append("the small run has another digest beside big ones")
    parity = "; ".join(dict.fromkeys(faults)) or "equal"
    told = (
        f"{len(small['symbols'])} instruments beside {BIG_RUNS} runs of {asked.instruments}, {asked.bars:,} bars of 1h "
        f"each; median of {REPEATS} small runs, from the request to the end of the run."
    )
    report = ServiceReport(asked, machine(), commit(), told, parity, peak_rss_mb=peak)
    if not faults:
        first, last = (share([one[place] for one in beside], 0.5) for place in (0, 1))
        by_sweep = share([one[1] for one in swept], 0.5)
        before = share([one[1] for one in alone], 0.5)
        report.first_ms, report.last_ms = first, last
        report.figures = [
            Figure("small run alone", before),
            Figure("small run beside big ones", last),
            Figure("small run beside big ones, the longest", max(one[1] for one in beside)),
            Figure("times as long as alone", last / before, "times", 5.0),
            Figure("first result alone", share([one[0] for one in alone], 0.5)),
            Figure("first result beside big ones", first),
            Figure(f"small run beside a sweep of {SETS:,} sets", by_sweep),
            Figure(f"small run beside a sweep of {SETS:,} sets, the longest", max(one[1] for one in swept)),
            Figure("times as long as alone, beside the sweep", by_sweep / before, "times", 5.0),
        ]
    return report


def _beside_a_sweep(service: Service, small: dict[str, Any]) -> tuple[list[tuple[float, float, str, list[str]]], bool]:
    """Return small runs beside a sweep, and whether it went on when the last of them had ended."""
    begun = service.ask("/api/v1/runs", SPEC | {"universe": "crypto", "grid": GRID})
    place = f"/api/v1/runs/{begun['id']}"
    while not service.ask(place)["count"]:
        time.sleep(0.05)
    beside = [_run(service, small) for _ in range(REPEATS)]
    going = service.ask(place)["state"] == "running"
    service.ask(f"{place}/cancel", {})
    return beside, going


def _run(service: Service, spec: dict[str, Any]) -> tuple[float, float, str, list[str]]:
    """Return ms to the first result and to the end of one run, its digest, and what was wrong."""
    stream = asking(service.host, "POST", "/api/v1/runs/stream", spec)
    asyncio.run(stream.follow(service.host, service.port))
    frames = stream.frames()
    faults = prove(frames, service.url)
    digest = frames[-1].data.partition(b'"digest":"')[2][:64].decode() if frames else ""
    times = [(stream.when(event) - stream.asked_s) * 1000 for event in ("result", "completed")]
    return times[0], times[1], digest, faults


def _varied(number: int) -> dict[str, Any]:
    """Return one of the big runs."""
    return SPEC | {"universe": "crypto", "parameters": {"period": 5 + number}}
