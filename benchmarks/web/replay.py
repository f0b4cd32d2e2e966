"""A recorded stream, sent to the page at a given pace by a server that passes everything else on to the service."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from playwright.sync_api import Browser

from benchmarks.load.report import share
from benchmarks.load.service import Service
from benchmarks.web.chromium import seen_ms, watched_page

PACE_PER_S = 1000
BEAT_S = 0.01
PASSED_ON = ("content-type", "content-encoding", "cache-control", "content-security-policy", "location")


class Replayed(NamedTuple):
    """How the page took it: frames and the longest task (ms), shift of its layout, rows at the end, events a second."""

    frame_p95_ms: float
    frame_worst_ms: float
    task_ms: float
    shift: float
    rows: int
    pace_per_s: float


def record(service: Service, run: str) -> list[bytes]:
    """All events of a run that has ended, each in the bytes it was sent in."""
    with urllib.request.urlopen(f"{service.url}/api/v1/runs/{run}/events", timeout=600) as answer:  # noqa: S310 - http
        return [frame + b"\n\n" for frame in answer.read().split(b"\n\n") if frame.startswith(b"id:")]


@contextmanager
def replaying(service: Service, run: str, frames: list[bytes], pace_per_s: int) -> Iterator[tuple[str, list[float]]]:
    """Serve the page with the recorded events of a run; gives the address, and when the replay began and ended."""
    times: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def log_message(self, *_said: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Replay the run, or ask the service."""
            if self.path.partition("?")[0] == f"/api/v1/runs/{run}/events":
                self._replay()
            else:
                _pass_on(self, service)

        def _replay(self) -> None:
            """Send as many events as are due, a hundred times a second."""
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            began = time.monotonic()
            sent = 0
            while sent < len(frames):
                due = min(int((time.monotonic() - began) * pace_per_s) + 1, len(frames))
                self.wfile.write(b"".join(frames[sent:due]))
                sent = due
                time.sleep(BEAT_S)
            times.extend((began, time.monotonic()))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", times
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def watch_replay(browser: Browser, service: Service, run: str, pace_per_s: int = PACE_PER_S) -> Replayed:
    """Open the run over its replay and watch the page until it has ended."""
    frames = record(service, run)
    with replaying(service, run, frames, pace_per_s) as (url, times), watched_page(browser) as page:
        page.goto(f"{url}/runs/{run}")
        seen_ms(page, "[data-row]")
        page.evaluate("watch.begin()")
        seen_ms(page, 'main[data-state="done"]')
        told: dict[str, Any] = page.evaluate("watch.end()")
        rows = page.locator("table[aria-rowcount]").get_attribute("aria-rowcount")
        pace = len(frames) / (times[1] - times[0])
    # The first entry is the wait for the first frame, no frame of its own.
    gaps = told["frames"][1:]
    tasks = [took for _, took in told["tasks"]]
    return Replayed(share(gaps, 0.95), max(gaps), max(tasks, default=0.0), told["shift"], int(rows or 1) - 1, pace)


def _pass_on(asked: BaseHTTPRequestHandler, service: Service) -> None:
    """Answer with what the service answers."""
    line = http.client.HTTPConnection(service.host, service.port, timeout=60)
    line.request("GET", asked.path, headers={"Accept-Encoding": asked.headers.get("Accept-Encoding", "")})
    answer = line.getresponse()
    body = answer.read()
    asked.send_response(answer.status)
    for name, value in answer.getheaders():
        if name.lower() in PASSED_ON:
            asked.send_header(name, value)
    asked.send_header("Content-Length", str(len(body)))
    asked.end_headers()
    asked.wfile.write(body)
    line.close()
