"""old_frames: the events of a run in the frames that scripts of the source systems read, byte for byte as they were."""

import json
from collections.abc import Iterator
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tapehead.api.event_stream import EventStream

_END = b"\n\n"
_DATA = b"data: "


class OldFrames(Response):
    """An ASGI answer over an `EventStream`: bare `data: {"type": ...}` blocks ended by two line feeds, nothing else.

    The old client cuts the text at empty lines and reads the blocks that begin with `data: `. An id, an event name, a
    second field or a carriage return would make it pass a block over, so there is none, nor a comment to stay alive.
    """

    media_type = EventStream.media_type

    def __init__(self, stream: EventStream) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the stream sends, said the old way."""

        async def told(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            body = b"".join(_frame(one) for one in iter_old(message.get("body", b"")))
            if body or not message.get("more_body", False):
                await send({**message, "body": body})

        await self._stream(scope, receive, told)


def iter_old(blocks: bytes) -> Iterator[dict[str, Any]]:
    """Yield the old events of whole blocks of a stream."""
    for block in blocks.split(_END):
        data = next((line[len(_DATA) :] for line in block.split(b"\n") if line.startswith(_DATA)), None)
        made = None if data is None else old_event(orjson.loads(data))
        if made is not None:
            yield made


def old_event(body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the old event of one of today's; None for what there was none of."""
    name = body["event"]
    if name == "started":
        return {"type": "start", "total": body["total"]}
    if name == "result":
        kept = ("interval", "parameters", "metrics", "equity", "flags")
        symbol = body["instrument"].partition(":")[2]
        data = {"id": body["instrument"], "symbol": symbol, **{key: body[key] for key in kept}}
        return {"type": "result", "data": data}
    if name == "progress":
        percent = round(100.0 * body["done"] / body["total"], 1) if body["total"] else 100.0
        return {"type": "progress", "completed": body["done"], "total": body["total"], "percent": percent}
    if name == "completed":
        return {"type": "complete", "total": body["count"], "failed": body["failed"], "duration_ms": body["last_ms"]}
    if name in ("failed", "cancelled"):
        return {"type": "error", "message": body["text"]}
    return None


def _frame(event: dict[str, Any]) -> bytes:
    """Return the bytes of one event, as Python's json writes it."""
    return _DATA + json.dumps(event).encode() + _END
