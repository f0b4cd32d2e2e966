"""Plain routes under locust, in an environment of its own: 10, 50 and 200 users."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.asked import Asked
from benchmarks.load.report import Figure, ServiceReport
from benchmarks.load.service import Service, serving
from benchmarks.machine import ROOT, commit, machine
from benchmarks.processes import EngineFailed
from benchmarks.warm_store import warm_store

LOCUST = ROOT / ".venv-load" / "bin" / "locust"
ROUTES = Path(__file__).with_name("plain_routes.py")
USERS = (10, 50, 200)
SECONDS = 15


def measure(asked: Asked, say: Callable[[str], None]) -> ServiceReport:
    """Serve a store with one finished run in it, and let users ask."""
    if not LOCUST.exists():
        raise EngineFailed("there is no locust; make its environment .venv-load: benchmarks/setup_peers.sh load")
    store = warm_store(asked.seed, asked.instruments, asked.bars, fresh=asked.fresh)
    say(f"store: {store.told()}")
    figures: list[Figure] = []
    wrong: list[str] = []
    rows: list[dict[str, Any]] = []
    with serving(store.home) as service:
        service.ask("/api/v1/runs", {"strategy": "RsiReversion", "universe": "crypto", "fee": "10bps"})
        for users in USERS:
            rows = _ask(service, users)
            failed = sum(row["num_failures"] for row in rows)
            wrong += [f"{failed} requests of {users} users failed"] if failed else []
            figures += _figures(users, rows)
            say(f"{users} users: {sum(row['num_requests'] for row in rows):,} requests, {failed} failed")
        peak = service.peak_rss_mb()
    told = (
        f"{asked.instruments} instruments × {asked.bars:,} bars of 1h; users who ask, then wait half a second on "
        f"average, {SECONDS} s for each number of them."
    )
    report = ServiceReport(asked, machine(), commit(), told, "; ".join(wrong) or "equal", peak_rss_mb=peak)
    report.figures = figures + [Figure(f"{USERS[-1]} users: {row['name']}, p95", _part(row, 0.95)) for row in rows]
    return report


def _ask(service: Service, users: int) -> list[dict[str, Any]]:
    """Return locust's rows, one a route."""
    command = [LOCUST, "-f", ROUTES, "--headless", "--host", service.url, "--json", "--only-summary"]
    # Figures begin when all users are there.
    ramp_s = 3
    given = [
        "-u",
        users,
        "-r",
        users / ramp_s,
        "--reset-stats",
        "-t",
        f"{ramp_s + SECONDS}s",
        "--exit-code-on-error",
        0,
    ]
    done = subprocess.run([str(part) for part in (*command, *given)], capture_output=True, text=True, check=False)
    if "Traceback" in done.stderr:
        raise EngineFailed(f"a user of locust broke:\n{done.stderr.strip()[-2000:]}")
    try:
        rows: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError as error:
        raise EngineFailed(f"locust ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}") from error
    return rows


def _figures(users: int, rows: list[dict[str, Any]]) -> list[Figure]:
    """Return what all routes together came to."""
    whole: dict[str, Any] = {"num_requests": sum(row["num_requests"] for row in rows), "response_times": {}}
    for row in rows:
        for ms, count in row["response_times"].items():
            whole["response_times"][ms] = whole["response_times"].get(ms, 0) + count
    return [
        Figure(f"{users} users: requests a second", whole["num_requests"] / SECONDS, "1/s"),
        *(Figure(f"{users} users: p{part * 100:.0f}", _part(whole, part)) for part in (0.5, 0.95, 0.99)),
    ]


def _part(row: dict[str, Any], part: float) -> float:
    """Return the ms that a part of all answers did not exceed; locust keeps them rounded, as a table of counts."""
    left = row["num_requests"] * part
    for ms, count in sorted((float(ms), count) for ms, count in row["response_times"].items()):
        left -= count
        if left <= 0:
            return ms
    return float("nan")
