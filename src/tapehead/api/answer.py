"""answer: plain values as a body in the form that was asked for, known by its ETag."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tapehead.api import arrow
from tapehead.api.etag import make_tag, matched_tag
from tapehead.api.measure.stages import stage
from tapehead.errors import ServiceError

JSON = "application/json"
HTML = "text/html"
TABLE = (JSON, arrow.MEDIA_TYPE)
"""Forms of what has columns, the one of choice first."""
CACHING = "private, no-cache"
"""A client may keep an answer, and asks whether it is still true."""
_PIECE = 64 * 1024
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
_MEDIA = re.compile(r"\s*([\w!#$&^.+*-]+/[\w!#$&^.+*-]+)\s*((?:;[^,]*)?)$")
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", re.IGNORECASE)


def dump(values: Any) -> bytes:
    """Return JSON; arrays as lists, datetime64 as ISO with Z, NaN and infinities as null."""
    with stage("encode"):
        return orjson.dumps(values, option=_OPTIONS)


def document(name: str, values: Mapping[str, Any]) -> bytes:
    """Return the JSON of a document, which says first what it is: `tapehead.NAME/1`."""
    return dump({"schema": f"tapehead.{name}/1", **values})


class Whole(Response):
    """A body that is there. A long one is sent in pieces, so that compressing it does not hold up the event loop."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        body = bytes(self.body)
        if len(body) <= 2 * _PIECE:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for place in range(0, len(body), _PIECE):
            more = place + _PIECE < len(body)
            await send({"type": "http.response.body", "body": body[place : place + _PIECE], "more_body": more})
            await asyncio.sleep(0)


def pick_media(request: Request, offers: Sequence[str] = (JSON,)) -> str:
    """Return the form among `offers` that the client wants most; the first one where it does not mind.

    Raises
    ------
    ServiceError
        `input.accept`: it takes none of them.
    """
    asked = ", ".join(request.headers.getlist("accept"))
    if not asked.strip():
        return offers[0]
    wanted = [one for part in asked.split(",") if (one := _read_media(part)) is not None]
    best = max(offers, key=lambda offer: (_quality(offer, wanted), -offers.index(offer)))
    if _quality(best, wanted) <= 0:
        raise ServiceError(
            f"{request.url.path} gives {' or '.join(offers)}, and Accept takes neither of that. Leave the header out, "
            f"or send: Accept: {offers[0]}",
            code="input.accept",
        )
    return best


def answer(
    request: Request,
    body: bytes,
    media: str = JSON,
    *,
    tag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a body with its ETag, or 304 where the client has it.

    Parameters
    ----------
    tag : str, optional
        ETag; made of the body where none is given.
    """
    own = make_tag(media, body) if tag is None else tag
    held = unchanged(request, own, headers)
    if held is not None:
        return held
    return Whole(body, headers={"ETag": own, **_heads(headers)}, media_type=media)


def unchanged(request: Request, tag: str, headers: Mapping[str, str] | None = None) -> Response | None:
    """Return 304 where the client has the answer of this tag, else None."""
    found = matched_tag(request.headers.get("if-none-match"), tag)
    if found is None:
        return None
    heads = {"ETag": found, **_heads(headers)}
    return Response(status_code=304, headers={**heads, "Vary": f"{heads['Vary']}, Accept-Encoding"})


async def takes_json(request: Request) -> None:
    """Raise for a client that does not take JSON; a dependency of every route that gives nothing else."""
    pick_media(request)


def _heads(more: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers of every answer to a GET."""
    return {"Cache-Control": CACHING, "Vary": "Accept", **(more or {})}


def _read_media(part: str) -> tuple[str, float] | None:
    """Return a media range and its quality; None for what is none."""
    found = _MEDIA.match(part)
    if found is None:
        return None
    quality = _QUALITY.search(found[2])
    return found[1].lower(), 1.0 if quality is None else float(quality[1])


def _quality(offer: str, wanted: Sequence[tuple[str, float]]) -> float:
    """Return how much an offer is wanted: by the most exact range that names it."""
    ranges = (offer, f"{offer.partition('/')[0]}/*", "*/*")
    for name in ranges:
        found = [quality for media, quality in wanted if media == name]
        if found:
            return max(found)
    return 0.0
