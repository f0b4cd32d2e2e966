"""compress: bodies in the coding that a client takes; event streams pass as they are, frame by frame."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type

from tapehead.api import arrow, problem
from tapehead.api.etag import coded_tag

MINIMUM_BYTES = 1024


class Compression:
    """A layer that compresses, and gives what is compressed an ETag of its own.

    zstd before br before gzip, as far as `Accept-Encoding` takes them; small bodies are left alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        # By type, so that no stream is ever held back: what is not in the list passes untouched.
        remove_compress_type("text/event-stream")
        add_compress_type(arrow.MEDIA_TYPE)
        add_compress_type(problem.MEDIA_TYPE)
        # The 4 that is the default packs the scripts of the page 4 % worse; those who take zstd are not given gzip.
        self._inner = CompressMiddleware(app, minimum_size=MINIMUM_BYTES, zstd_level=3, gzip_level=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, compressed where that is taken."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def coded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _coded(message["headers"])
            await send(message)

        await self._inner(scope, receive, coded)


def _coded(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers in which the ETag names the coding."""
    coding = next((value.decode("latin-1") for name, value in headers if name.lower() == b"content-encoding"), None)
    if coding is None:
        return headers
    return [
        (name, coded_tag(value.decode("latin-1"), coding).encode("latin-1") if name.lower() == b"etag" else value)
        for name, value in headers
    ]
