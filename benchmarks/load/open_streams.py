"""W10: a thousand event streams open at once on one server process, with the events of real runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain

from benchmarks.asked import Asked
from benchmarks.load.report import Figure, ServiceReport, share
from benchmarks.load.service import Service, serving
from benchmarks.load.streams import Frame, Stream, asking, compare, prove
from benchmarks.machine import commit, machine
from benchmarks.warm_store import warm_store

RUNS = 16
"""As many as go on at once."""
OPENED_PER_S = 200
"""How fast the streams are opened; the storm afterwards opens them all at once."""
SPEC = {"strategy": "Held", "universe": "crypto", "fee": "10bps", "fresh": True}


def measure(asked: Asked, say: Callable[[str], None]) -> ServiceReport:
    """Hold runs, open the streams, let the runs go on; then let every client come back at once."""
    store = warm_store(asked.seed, asked.instruments, asked.bars, fresh=asked.fresh)
    say(f"store: {store.told()}")
    with serving(store.home) as service:
        runs = [service.ask("/api/v1/runs", SPEC | {"parameters": {"period": 5 + n}})["id"] for n in range(RUNS)]
        paths = [f"/api/v1/runs/{runs[n % RUNS]}/events" for n in range(asked.streams)]
        live = [asking(service.host, "GET", path) for path in paths]
        opened, released_s = asyncio.run(_follow_held(service, live))
        say(f"{opened:,.0f} streams were open at once, and have ended")
        whole = {run: _replay(service, run) for run in runs}
        storm = [asking(service.host, "GET", path) for path in paths]
        asyncio.run(_follow(service, storm))
        say("every client came back at once, and has everything")
        peak = service.peak_rss_mb()
    faults = [fault for frames in whole.values() for fault in prove(frames, service.url)]
    events = 0
    for number, stream in enumerate(chain(live, storm)):
        frames = stream.frames()
        events += len(frames)
        faults += compare(frames, whole[runs[number % asked.streams % RUNS]])
    if opened < asked.streams:
        faults.append(f"only {opened:,.0f} of {asked.streams:,} streams were open at once")
    parity = "; ".join(dict.fromkeys(faults)) or "equal"
    told = (
        f"{asked.streams:,} streams on {RUNS} runs of {asked.instruments} instruments × {asked.bars:,} bars of 1h: "
        f"opened at {OPENED_PER_S} a second while the runs wait for a file, which is then made. Each stream is "
        f"compared with its run's log, event by event, and each log with its run's count and digest."
    )
    report = ServiceReport(asked, machine(), commit(), told, parity, peak_rss_mb=peak)
    if not faults:
        report.figures = _figures(live, storm, released_s, opened, events)
        report.first_ms = report.figures[2].value
        report.last_ms = (max(_end(stream) for stream in live) - released_s) * 1000
    return report


async def _follow_held(service: Service, streams: Sequence[Stream]) -> tuple[float, float]:
    """Open streams one after another, let the runs go on once all have begun; return how many were open, and when."""
    going = []
    for stream in streams:
        going.append(asyncio.create_task(stream.follow(service.host, service.port)))
        await asyncio.sleep(1 / OPENED_PER_S)
    started = asyncio.gather(*(stream.told.wait() for stream in streams))
    await asyncio.wait([started, *going], return_when=asyncio.FIRST_COMPLETED)
    opened = await asyncio.to_thread(service.metric, "streams_open")
    released_s = asyncio.get_running_loop().time()
    service.gate.touch()
    await asyncio.gather(*going)
    started.cancel()
    return opened, released_s


async def _follow(service: Service, streams: Sequence[Stream]) -> None:
    """Open all streams at once and follow them to their ends."""
    await asyncio.gather(*(stream.follow(service.host, service.port) for stream in streams))


def _replay(service: Service, run: str) -> list[Frame]:
    """Return all events of a run that has ended."""
    stream = asking(service.host, "GET", f"/api/v1/runs/{run}/events")
    asyncio.run(_follow(service, [stream]))
    return stream.frames()


def _figures(
    live: Sequence[Stream], storm: Sequence[Stream], released_s: float, opened: float, events: int
) -> list[Figure]:
    """Return what came of the streams; times in ms."""
    first = [(stream.when("started") - stream.asked_s) * 1000 for stream in live]
    result = [(stream.when("result") - released_s) * 1000 for stream in live]
    ended = [(_end(stream) - released_s) * 1000 for stream in live]
    again = [(stream.when("started") - stream.asked_s) * 1000 for stream in storm]
    back = [(_end(stream) - stream.asked_s) * 1000 for stream in storm]
    return [
        Figure("streams open at once", opened, "streams"),
        Figure("first event after opening, median", share(first, 0.5)),
        Figure("first event after opening, p99", share(first, 0.99), reach=250.0),
        Figure("first result after the runs went on, median", share(result, 0.5)),
        Figure("first result after the runs went on, p99", share(result, 0.99)),
        Figure("last event of the last stream", max(ended)),
        Figure("events received, each once", events, "events"),
        Figure("all back at once: first event, p99", share(again, 0.99)),
        Figure("all back at once: everything replayed to the last", max(back)),
    ]


def _end(stream: Stream) -> float:
    """Return when the last piece came."""
    return stream.pieces[-1][0]
