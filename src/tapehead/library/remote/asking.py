"""What is asked of a service, call by call: generators that yield requests and return what the answers say.

They know no socket: whoever drives one, in a thread or in a coroutine, sends what it yields and hands it the answer.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

import orjson

from tapehead.errors import UnknownRunError
from tapehead.library.remote.problems import error_of

T = TypeVar("T")
PAGE = 500
LARGE_PAGE = 10_000
_DOTS = {".": "%2E", "..": "%2E%2E"}
"""What a path would be shortened by before it is sent."""


class Repeated(list[str]):
    """A parameter that stands in an address once for each of its values; other lists are joined by commas."""


class Ask(NamedTuple):
    """One request; `path` is below the root of the interface, `file` one of this machine whose bytes are the body."""

    method: str
    path: str
    params: Mapping[str, Any] = {}
    json: Any = None
    headers: Mapping[str, str] = {}
    file: str | None = None

    def request(self) -> dict[str, Any]:
        """Return the arguments of an httpx request, but for a file; parameters that are None are left out."""
        params = {name: _text(value) for name, value in self.params.items() if value is not None}
        made: dict[str, Any] = {
            "method": self.method,
            "url": self.path,
            "params": params,
            "headers": dict(self.headers),
        }
        if self.file is not None:
            made["headers"]["Content-Type"] = "application/octet-stream"
        elif self.json is not None:
            made["headers"]["Content-Type"] = "application/json"
            made["content"] = orjson.dumps(self.json, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)
        return made


class Answer(NamedTuple):
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Return the document; raise the error that a problem tells."""
        self.check()
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise error_of(self.status, self.content) from None

    def check(self) -> None:
        """Raise the error that a problem tells."""
        if not 200 <= self.status < 300:
            raise error_of(self.status, self.content)


Asking = Generator[Ask, Answer, T]


def below(*names: str) -> str:
    """Return a path of parts, each quoted whole; raise UnknownRunError for what cannot be the id of a run."""
    if names[0] == "runs" and len(names) > 1 and not names[1].isalnum():
        # Such as "" or "../x": it would be another route, whose answer says nothing of runs.
        raise UnknownRunError(run=names[1], hint="")
    return "/" + "/".join(_DOTS.get(name) or quote(name, safe=":") for name in names)


def get(*names: str, **params: Any) -> Asking[Any]:
    """Ask for one document."""
    answer = yield Ask("GET", below(*names), params)
    return answer.json()


def post(*names: str, body: Any = None, **params: Any) -> Asking[Any]:
    """Ask for something to be done."""
    answer = yield Ask("POST", below(*names), params, body)
    return answer.json()


def pages(key: str, *names: str, limit: int | None = None, **params: Any) -> Asking[list[Any]]:
    """Ask for every page of a list that stands under `key`, or for its first `limit` rows."""
    found: list[Any] = []
    cursor: str | None = None
    while limit is None or len(found) < limit:
        size = PAGE if limit is None else min(PAGE, limit - len(found))
        document = yield from get(*names, **params, limit=size, cursor=cursor)
        found += document[key]
        cursor = document.get("cursor")
        if cursor is None:
            break
    return found[:limit]


def gathered(rows: Sequence[str], *names: str, limit: int, **params: Any) -> Asking[dict[str, Any]]:
    """Ask for every page of a document, and return the first with the rows of all: lists, or columns of lists."""
    whole: dict[str, Any] = yield from get(*names, **params, limit=limit)
    cursor = whole["cursor"]
    while cursor is not None:
        page = yield from get(*names, **params, limit=limit, cursor=cursor)
        for name in rows:
            _extend(whole.get(name), page.get(name))
        cursor = page["cursor"]
    return whole


def _extend(held: Any, more: Any) -> None:
    """Put rows behind those that are there."""
    if isinstance(held, list):
        held += more
    elif isinstance(held, dict):
        for name, values in held.items():
            _extend(values, more[name])


def _text(value: Any) -> Any:
    """Return a parameter as it stands in an address."""
    if isinstance(value, bool):
        return "true" if value else "false"
    joined = isinstance(value, (list, tuple)) and not isinstance(value, Repeated)
    return ",".join(map(str, value)) if joined else value


def _plain(value: Any) -> str:
    """Return what JSON has no form for as its text: a schedule of fees, a Decimal."""
    return str(getattr(value, "text", value))
