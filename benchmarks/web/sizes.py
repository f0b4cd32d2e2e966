"""What the page weighs on the line, packed as the service sends it."""

from __future__ import annotations

import re
import urllib.request
from typing import NamedTuple

from benchmarks.load.service import Service
from benchmarks.machine import ROOT

BUILT = ROOT / "src" / "tapehead" / "api" / "page"
LINKED = re.compile(r'(?:src|href)="(/[^"]+)"')


class Sizes(NamedTuple):
    """Bytes: HTML, scripts and styles of the first route and of all routes; styles of all; the font."""

    first: int
    whole: int
    styles: int
    font: int


def weigh(service: Service) -> Sizes:
    """Fetch everything that was built, and what the first document names."""
    document = (BUILT / "index.html").read_text(encoding="utf-8")
    named = {path for path in LINKED.findall(document) if path.endswith((".js", ".css"))}
    built = {f"/{path.relative_to(BUILT).as_posix()}" for path in BUILT.rglob("*") if path.suffix in (".js", ".css")}
    bytes_of = {path: _packed(service, path) for path in built}
    html = _packed(service, "/")
    return Sizes(
        html + sum(bytes_of[path] for path in named),
        html + sum(bytes_of.values()),
        sum(size for path, size in bytes_of.items() if path.endswith(".css")),
        sum(path.stat().st_size for path in BUILT.rglob("*.woff2")),
    )


def _packed(service: Service, path: str) -> int:
    """Bytes of an answer's body as they are sent."""
    asked = urllib.request.Request(service.url + path, headers={"Accept-Encoding": "gzip"})  # noqa: S310 - http
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 - http
        return len(answer.read())
