"""connection: uvicorn's protocol with the bounds it lacks: size and time of headers, number of connections.

httptools buffers a header of any length, and uvicorn waits for the first request for ever.
"""

import asyncio
import resource

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tapehead.api.options import Options
from tapehead.api.problem import problem

OWN_FILES = 256
"""Files that the process has open for itself: databases, segments, logs."""
LINGER_BYTES = 16 * 1024 * 1024
"""Bytes of a refused body that are thrown away, so that a client which only writes still gets to read the answer."""


class Connection(HttpToolsProtocol):
    """One connection; `make_protocol` sets the bounds."""

    header_bytes = 0
    header_s = 0.0
    most = 0
    _deadline: asyncio.TimerHandle | None = None
    _begun = 0
    _size = 0
    _thrown = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin; refuse where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            text = f"This service keeps {self.most:,} connections at once, and they are taken. Try again soon."
            self._refuse("service.full", text, {"retry-after": "5"})
            return
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._headers_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; refuse headers that are too large before they are whole."""
        begun = self._begun
        super().data_received(data)
        if self._deadline is None or not self._begun or self.transport.is_closing():
            return
        # In the piece in which a request begins there may be the end of another one's body.
        new = self._begun != begun
        self._size = sum(len(name) + len(value) for name, value in self.headers) if new else self._size + len(data)
        if self._size + len(self.url) > self.header_bytes:
            self._refuse_headers()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._begun += 1
        self._size = self._thrown = 0
        self._await_headers()

    def on_headers_complete(self) -> None:
        """Let the request go on."""
        self._headers_came()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body; throw away what nobody waits for, up to a bound."""
        if self.cycle.response_complete:
            self._thrown += len(body)
            if self._thrown > LINGER_BYTES:
                self.transport.close()
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        # A path beyond 65,535 bytes does not parse.
        if self._begun and len(self.url) > self.header_bytes:
            self._refuse_headers()
            return
        self._refuse("input.http", f"{msg} What this service takes stands in /api/openapi.json")

    def _await_headers(self) -> None:
        """Start the clock for headers, unless it runs."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.header_s, self._late)

    def _headers_came(self) -> None:
        """Stop the clock."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        """End a connection whose headers do not come; one that was only opened asked nothing and gets no answer."""
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._begun:
            self._refuse("input.slow", f"The headers took longer than {self.header_s:.0f} s. Send them at once.")
        else:
            self.transport.close()

    def _refuse_headers(self) -> None:
        """Answer headers, or a path, that are too large."""
        text = f"The headers are larger than {self.header_bytes:,} bytes. Send fewer or shorter ones."
        self._refuse("input.header_size", text)

    def _refuse(self, code: str, text: str, headers: dict[str, str] | None = None) -> None:
        """Answer without the application, and end the connection."""
        self._headers_came()
        answer = problem(code, text, headers={"connection": "close", **(headers or {})})
        lines = [name + b": " + value + b"\r\n" for name, value in answer.raw_headers]
        self.transport.write(b"".join([STATUS_LINE[answer.status_code], *lines, b"\r\n", bytes(answer.body)]))
        self.transport.close()


def make_protocol(options: Options) -> type[Connection]:
    """Return the protocol of a service with its bounds."""
    most = _with_files(options.connections)
    bounds = {"header_bytes": options.header_bytes, "header_s": options.header_s, "most": most}
    return type("BoundedConnection", (Connection,), bounds)


def _with_files(connections: int) -> int:
    """Let the process open a file a connection beside its own; return how many connections that leaves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return connections
    wanted = connections + OWN_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    # Beyond it `accept` would fail and nobody would be told why.
    return min(connections, max(soft - OWN_FILES, 1))
