"""problem: every error as `application/problem+json` with its stable code."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
_STATUS = {
    "runs.unknown": 404,
    "runs.unknown_symbol": 404,
    "portfolio.shared": 404,
    "runs.busy": 409,
    "runs.changed": 409,
    "runs.elsewhere": 409,
    "runs.held": 409,
    "store.unknown_symbol": 404,
    "store.unknown_universe": 404,
    "preset.unknown": 404,
    "store.no_bars": 404,
    "store.no_reference": 404,
    "strategy.unknown": 404,
    "indicator.unknown": 404,
    "route.unknown": 404,
    "page.absent": 404,
    "route.method": 405,
    "access.key": 401,
    "access.scope": 403,
    "access.host": 403,
    "access.origin": 403,
    "access.key_in_url": 400,
    "access.rate": 429,
    "import.conflict": 409,
    "input.body_size": 413,
    "input.header_size": 431,
    "input.http": 400,
    "input.slow": 408,
    "queue.full": 429,
    "input.accept": 406,
    "input.media": 415,
    "input.left": 400,
    "import.root": 403,
    "runs.unfinished": 409,
    "runs.verify": 409,
    "runs.no_results": 404,
    "runs.lost": 409,
    "runs.suspended": 503,
    "database.away": 503,
    "database.collision": 503,
    "database.pool": 503,
    "database.refused": 503,
    "store.locked": 409,
    "store.not_empty": 409,
    "store.disk_full": 507,
    "store.unwritable": 503,
    "surroundings": 503,
    "service.draining": 503,
    "service.full": 503,
    "internal": 500,
}
_TITLES = {
    400: "That cannot be read",
    401: "A key is needed",
    403: "Not allowed",
    404: "Not there",
    405: "Not this way",
    406: "Not in that form",
    408: "Too slow",
    409: "Not now",
    413: "Too large",
    415: "Not such a body",
    422: "That does not fit",
    429: "Too much at once",
    431: "Headers too large",
    500: "Tapehead broke",
    503: "Not available",
    507: "No space left",
}


def status_of(code: str) -> int:
    """Return the HTTP status of an error code; what is not named is input that does not fit."""
    return _STATUS.get(code, 422)


def problem(
    code: str,
    detail: str,
    *,
    status: int | None = None,
    instance: str = "",
    request: str = "",
    fields: list[dict[str, str]] | None = None,
    position: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer that tells of an error.

    Parameters
    ----------
    code : str
        Stable, such as `store.unknown_symbol`; `type` and `status` follow from it.
    detail : str
        The sentence.
    instance, request : str
        Path and id of the request.
    fields : list of dict, optional
        Where single fields are wrong: `field` (path with dots) and `text` of each.
    position : int, optional
        Character, from 1, at which the text of that field stops making sense.
    """
    chosen = status_of(code) if status is None else status
    body: dict[str, Any] = {
        "type": f"urn:tapehead:{code}",
        "title": _TITLES.get(chosen, "That does not fit"),
        "status": chosen,
        "code": code,
        "detail": _plain(detail),
    }
    if instance:
        body["instance"] = _plain(instance)
    if request:
        body["request_id"] = request
    if fields:
        body["errors"] = [{name: _plain(text) for name, text in each.items()} for each in fields]
    if position is not None:
        body["position"] = position
    return Response(orjson.dumps(body), chosen, dict(headers or {}), MEDIA_TYPE)


def _plain(text: str) -> str:
    """Return text that UTF-8 can carry: JSON may hold half of a surrogate pair, and errors say what they were given."""
    return text.encode("utf-8", "replace").decode()
