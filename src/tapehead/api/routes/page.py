"""The page: its one document at every address that it knows, and the files of its build."""

import gzip
import re
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from tapehead.api.answer import answer
from tapehead.api.etag import make_tag, matched_tag
from tapehead.errors import ServiceError

router = APIRouter(include_in_schema=False)

BUILT: Final = Path(__file__).resolve().parent.parent / "page"
ADDRESSES: Final = (
    "/",
    "/sweep",
    "/sweep/{rest:path}",
    "/runs",
    "/runs/{rest:path}",
    "/compare/{rest:path}",
    "/market",
    "/market/{rest:path}",
    "/screen",
    "/data",
    "/operations",
)
_KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
# Vite names files by their content.
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_NEVER_OLD: Final = {"Cache-Control": "private, no-cache"}
# A browser looks at the sign again whenever the address changes, as with every run.
_A_DAY: Final = {"Cache-Control": "private, max-age=86400"}
_PACKED: Final = {"Content-Encoding": "gzip", "Vary": "Accept, Accept-Encoding"}
_TAKES_GZIP: Final = re.compile(r"(?:^|[\s,])gzip\s*(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))(?:[;,]|$)", re.IGNORECASE)
_LEAST_PACKED: Final = 1024


def document(request: Request) -> Response:
    """Return the page's document; what it shows it asks for by itself."""
    return _file(request, "index.html", _NEVER_OLD)


for address in ADDRESSES:
    router.add_api_route(address, document, methods=["GET"])


@router.get("/icon.svg")
def icon(request: Request) -> Response:
    """Return the page's sign."""
    return _file(request, "icon.svg", _A_DAY)


@router.get("/licences.md")
def licences(request: Request) -> Response:
    """Return the licences of what the page is made of."""
    return _file(request, "licences.md", _NEVER_OLD)


@router.get("/assets/{name:path}")
def asset(request: Request, name: str) -> Response:
    """Return a script, a style or a font of the page."""
    return _file(request, f"assets/{name}", _FOR_EVER)


@cache
def _built() -> dict[str, tuple[bytes, str, str]]:
    """Return each file of the page with its media type and its tag, by its path below the build."""
    files = [path for path in BUILT.rglob("*") if path.suffix in _KINDS]
    held = {path.relative_to(BUILT).as_posix(): (path.read_bytes(), _KINDS[path.suffix]) for path in files}
    return {name: (data, kind, make_tag(data)) for name, (data, kind) in held.items()}


def _takes_gzip(request: Request) -> bool:
    """Say whether the client takes a body packed by gzip."""
    return _TAKES_GZIP.search(request.headers.get("accept-encoding", "")) is not None


@cache
def _packed(name: str) -> bytes:
    """Return a file of the page as small as gzip makes it: once for all who ask, not as fast as can be for each."""
    return gzip.compress(_built()[name][0], 9, mtime=0)


def _file(request: Request, name: str, headers: dict[str, str]) -> Response:
    """Return a file of the page; only those of the build are ever read."""
    files = _built()
    if not files:
        raise ServiceError(
            "This service was installed without its page. Everything else is there: GET /api/openapi.json",
            code="page.absent",
        )
    if name not in files:
        # A tab that is older than the service asks for files of another build.
        raise ServiceError("The page has no such file now. Load it anew: GET /", code="page.absent")
    data, kind, tag = files[name]
    packs = kind != _KINDS[".woff2"] and len(data) >= _LEAST_PACKED
    if packs and matched_tag(request.headers.get("if-none-match"), tag) is None and _takes_gzip(request):
        return answer(request, _packed(name), kind, tag=tag, headers={**headers, **_PACKED})
    return answer(request, data, kind, tag=tag, headers=headers)
