"""The first thing a browser shows: where everything lies."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from tapehead.api.routes.runs import service_of
from tapehead.model.markup import Html, joined, tag

router = APIRouter(include_in_schema=False)
_PLACES = (
    ("/api/v1/instruments", "instruments and what is held of them"),
    ("/api/v1/strategies", "strategies that run here"),
    ("/api/v1/indicators", "indicators"),
    ("/api/v1/runs", "runs that are kept"),
    ("/api/openapi.json", "every route, for machines"),
    ("/readyz", "whether all that is needed is there"),
    ("/metrics", "figures of this service"),
)


@router.get("/")
def root(request: Request) -> HTMLResponse:
    """Return a page of links."""
    rows = joined(tag("li", tag("a", path, href=path), f": {text}") for path, text in _PLACES)
    body = tag("body", tag("h1", "Tapehead"), tag("p", f"Serves {service_of(request).store.home}."), tag("ul", rows))
    head = tag("head", tag("meta", charset="utf-8"), tag("title", "Tapehead"))
    return HTMLResponse(joined((Html("<!doctype html>"), tag("html", head, body, lang="en"))))
