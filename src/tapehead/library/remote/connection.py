"""Connection: requests to one service over HTTP, and streams of bytes from it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tapehead.errors import ServerAwayError
from tapehead.library.remote.asking import Answer, Ask, Asking
from tapehead.library.remote.following import SILENT_S
from tapehead.library.remote.place import Place, httpx_module

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
CONNECT_S = 5.0
ANSWER_S = 600.0
"""A verification or an import may take minutes, and sends nothing before it is done."""
PIECE_BYTES = 1024 * 1024
_CAUSES = {
    "ConnectError": "nothing answers there",
    "ConnectTimeout": f"nothing answered within {CONNECT_S:.0f} s",
    "ReadTimeout": "it fell silent",
    "RemoteProtocolError": "the connection ended in the middle",
    "ReadError": "the connection ended in the middle",
    "WriteError": "the connection ended in the middle",
}


class Connection:
    """One service, asked by threads. Connections under it are kept open and shared."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.httpx = httpx_module("tapehead.connect")
        self._client = self.httpx.Client(timeout=request_times(self.httpx), **place.client())

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    def do(self, asking: Asking[T]) -> T:
        """Ask what `asking` asks, one after another, and return what it makes of the answers."""
        try:
            ask = next(asking)
            while True:
                ask = asking.send(self._send(ask))
        except StopIteration as done:
            made: T = done.value
            return made

    @contextlib.contextmanager
    def stream(self, ask: Ask) -> Iterator["httpx.Response"]:
        """Send and give the answer while it comes; what breaks it is an `httpx.TransportError`."""
        with self._client.stream(
            ask.method, ask.path, headers=ask.headers, timeout=stream_times(self.httpx)
        ) as response:
            yield response

    def _send(self, ask: Ask) -> Answer:
        """Send one request; again where an open connection turns out to be dead and nothing can happen twice."""
        for tries in range(2):
            try:
                body = {} if ask.file is None else {"content": iter_file(ask.file)}
                found = self._client.request(**ask.request(), **body)
            except self.httpx.TransportError as error:
                if tries or not may_repeat(ask, error, self.httpx):
                    raise away(self.place, error) from error
            else:
                return Answer(found.status_code, dict(found.headers), found.content)
        raise AssertionError("unreachable")


def iter_file(path: str) -> Iterator[bytes]:
    """Yield the bytes of a file, a MiB at a time."""
    with Path(path).open("rb") as file:
        while data := file.read(PIECE_BYTES):
            yield data


def request_times(httpx: Any) -> Any:
    """Return how long the parts of a request may take."""
    return httpx.Timeout(ANSWER_S, connect=CONNECT_S, pool=None)


def stream_times(httpx: Any) -> Any:
    """Return how long a stream may be silent."""
    return httpx.Timeout(SILENT_S, connect=CONNECT_S, pool=None)


def may_repeat(ask: Ask, error: Exception, httpx: Any) -> bool:
    """Say whether a request that broke may be sent once more."""
    return ask.method == "GET" and isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError))


def away(place: Place, error: Exception) -> ServerAwayError:
    """Return the error of a service that does not answer."""
    return ServerAwayError(url=place.url, cause=cause_of(error))


def cause_of(error: Exception) -> str:
    """Return why a connection broke, in words."""
    kind = type(error).__name__
    text = " ".join(str(error).split())
    said = _CAUSES.get(kind, kind)
    return f"{said} ({text})" if text and kind not in ("ReadTimeout", "RemoteProtocolError") else said
