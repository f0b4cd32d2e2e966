"""Soak a service: `python -m tests.soak [--rounds N] [--clients N]`; fails where something grows or is left over.

A round is a backtest that is followed to its end, the same replayed, one that is left in the middle of its stream, one
that is cancelled while it waits or runs, and plain requests. Memory is looked at after a warm-up and at the end: what
grows with the number of rounds shows as the difference, however many there were.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

import tapehead as th
from tests.serving import Served, serving

MIB = 1 << 20
MOST_GROWTH_BYTES = 32 * MIB
MOST_MORE_FILES = 100
MOST_MORE_THREADS = 45
"""Plain routes have up to 40 threads, each with its connections to three databases; idle ones end by themselves."""
PATIENCE_S = 120.0
TELL_S = 2.0
GAUGES = ("streams_open", "requests_open", "queue_active", "pool_running_tasks", "pool_waiting_tasks")


@dataclass(frozen=True)
class Weight:
    """What a service holds at one moment, and what goes on in it."""

    resident_bytes: float
    threads: float
    open_files: float
    going: dict[str, float]


def weigh(served: Served) -> Weight:
    """Ask a service what it holds."""
    text = httpx.get(f"{served.url}/metrics", timeout=PATIENCE_S).text
    told = {name: float(value) for name, value in re.findall(r"^tapehead_(\w+) (\S+)$", text, re.MULTILINE)}
    held = (told[f"process_{name}"] for name in ("resident_bytes", "threads", "open_files"))
    return Weight(*held, {name: told[name] for name in GAUGES})


def settle(served: Served) -> Weight:
    """Wait until nothing goes on but the question itself, and weigh."""
    end = time.monotonic() + PATIENCE_S
    while True:
        weight = weigh(served)
        if weight.going == dict.fromkeys(GAUGES, 0.0) | {"requests_open": 1.0}:
            return weight
        if time.monotonic() > end:
            raise AssertionError(f"left over after {PATIENCE_S:g} s: {weight.going}")
        time.sleep(0.05)


def events_of(text: str) -> list[dict[str, object]]:
    """The events of a whole stream."""
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def go_round(client: httpx.Client, number: int) -> None:
    """One round; raises AssertionError where an answer is not whole."""
    asked = {"strategy": "RsiReversion", "universe": "demo", "fresh": True, "parameters": {"period": 2 + number % 50}}
    events = events_of(client.post("/api/v1/runs/stream", json=asked).raise_for_status().text)
    last = events[-1]
    assert last["event"] == "completed", last
    assert sum(event["event"] == "result" for event in events) == last["count"], last
    again = client.get(f"/api/v1/runs/{last['run']}/events").raise_for_status()
    assert events_of(again.text) == events
    with client.stream("POST", "/api/v1/runs/stream", json=asked) as left:
        next(left.iter_bytes())
    begun = client.post("/api/v1/runs", json=asked).raise_for_status().json()
    client.post(f"/api/v1/runs/{begun['id']}/cancel").raise_for_status()
    for path in ("/livez", "/api/v1/operations", f"/api/v1/runs/{last['run']}/timings"):
        client.get(path).raise_for_status()
    assert client.get("/nowhere").status_code == 404


def go_rounds(served: Served, first: int, count: int, clients: int, tell: Callable[[int], None]) -> None:
    """Go rounds with some clients at once; raises what went wrong first."""
    numbers = iter(range(first, first + count))
    taking, wrong = threading.Lock(), []

    def take() -> int | None:
        with taking:
            return None if wrong else next(numbers, None)

    def work() -> None:
        with httpx.Client(base_url=served.url, timeout=PATIENCE_S) as client:
            while (number := take()) is not None:
                try:
                    go_round(client, number)
                except (AssertionError, httpx.HTTPError) as error:
                    wrong.append(error)
                tell(number)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise AssertionError(f"a round went wrong: {wrong[0]!r}") from wrong[0]


def growth(before: Weight, after: Weight) -> list[str]:
    """What grew more than it may."""
    more = after.resident_bytes - before.resident_bytes
    found = [f"memory grew by {more / MIB:.1f} MiB"] if more > MOST_GROWTH_BYTES else []
    if after.open_files - before.open_files > MOST_MORE_FILES:
        found.append(f"open files grew from {before.open_files:g} to {after.open_files:g}")
    if after.threads - before.threads > MOST_MORE_THREADS:
        found.append(f"threads grew from {before.threads:g} to {after.threads:g}")
    return found


def soak(home: Path, rounds: int, clients: int, tell: Callable[[int], None] = lambda _: None) -> tuple[Weight, Weight]:
    """Soak a service over a small market; return what it held after a warm-up and at the end."""
    with th.open(home) as store:
        store.demo(instruments=4, years=1)
    with serving(home, environment={"TAPEHEAD_LOG": "warning"}) as served:
        warm_up = max(rounds // 3, 2 * clients)
        go_rounds(served, 0, warm_up, clients, tell)
        before = settle(served)
        go_rounds(served, warm_up, rounds, clients, tell)
        return before, settle(served)


def main(words: Sequence[str] | None = None) -> int:
    """Soak and say what was held; 1 where something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--clients", type=int, default=4)
    given = parser.parse_args(words)
    told_at = time.monotonic()

    def tell(number: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_S:
            told_at = time.monotonic()
            sys.stderr.write(f"round {number + 1:,}\n")

    with tempfile.TemporaryDirectory() as folder:
        before, after = soak(Path(folder) / "home", given.rounds, given.clients, tell)
    for name, weight in (("after the warm-up", before), ("at the end", after)):
        memory = f"{weight.resident_bytes / MIB:.1f} MiB"
        sys.stdout.write(f"{name}: {memory}, {weight.threads:g} threads, {weight.open_files:g} open files\n")
    found = growth(before, after)
    sys.stdout.write(("; ".join(found) or f"nothing grew over {given.rounds:,} rounds") + "\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
