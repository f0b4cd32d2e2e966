"""error_from: what a service says went wrong becomes the error that the same call would raise here."""

import json

from tapehead.errors import SurroundingsError, TapeheadError

_SERVICE_FAULT = 500
_REFUSED = (401, 403, 429)
_PASSING = (429, 502, 503, 504)
"""What a service that comes back, or a proxy before one, says meanwhile."""


def error_from(code: str, text: str, status: int = 422) -> TapeheadError:
    """Return the error of a stable code.

    Parameters
    ----------
    code, text : str
        As the problem or the event says them.
    status : int
        Of the answer; it picks the exit code where this Tapehead does not know the error's.
    """
    kinds: list[type[TapeheadError]] = [TapeheadError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    # From the leaves up: a kind that only narrows another one inherits its code.
    known = next((kind for kind in kinds if kind.__dict__.get("code") == code), None)
    if known is not None:
        return known(text)
    if status >= _SERVICE_FAULT or status in _REFUSED:
        return SurroundingsError(text, code=code)
    return TapeheadError(text, code=code)


def check_passing(status: int, content: bytes) -> str:
    """Return why an answer is none for now; raise the error of one that will not change by waiting."""
    return passing_cause(error_of(status, content))


def passing_cause(error: TapeheadError) -> str:
    """Return why the answer that an error was made of is none for now; raise what waiting does not mend."""
    if error.facts.get("status") not in _PASSING:
        raise error
    return str(error).split(". ")[0]


def error_of(status: int, content: bytes) -> TapeheadError:
    """Return the error of an answer: problem+json, or whatever else stands in front of a service.

    Its facts keep the `status`.
    """
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("code"), str) and isinstance(body.get("detail"), str):
        error = error_from(body["code"], body["detail"], status)
        error.facts.setdefault("request", body.get("request_id", ""))
        error.facts.setdefault("status", status)
        if "position" in body:
            error.facts.setdefault("position", body["position"])
        return error
    text = (
        f"What answers there is no Tapehead, or stands before one: status {status}. Is it the right address? Its "
        "beginning is /api/v1 of what this prints: tapehead serve"
    )
    return SurroundingsError(text, code="server.answer", status=status)
