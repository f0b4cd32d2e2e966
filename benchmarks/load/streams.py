"""A client of many event streams: notes when bytes come, and looks at what they were only afterwards."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks.processes import EngineFailed
from tapehead.errors import TapeheadError
from tapehead.library.remote.following import ENDINGS, Following

PIECE = 1 << 18


class Frame(NamedTuple):
    """One event: its id `<run>/<number>`, its name, its JSON."""

    id: str
    event: str
    data: bytes


@dataclass(slots=True)
class Stream:
    """One answer: when it was asked for, and each piece of it with the time it came (seconds of one clock)."""

    request: bytes
    asked_s: float = 0.0
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the first event is there."""

    async def follow(self, host: str, port: int) -> None:
        """Ask, and take what comes until the other side ends."""
        self.asked_s = time.perf_counter()
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(self.request)
            while piece := await reader.read(PIECE):
                self.pieces.append((time.perf_counter(), piece))
                if not self.told.is_set() and b"\nevent: " in piece:
                    self.told.set()
        finally:
            writer.close()

    def when(self, event: str, *, last: bool = False) -> float:
        """Return when the first, or the last, event of a name had come whole; NaN where none did."""
        mark, body, found = f"event: {event}\n".encode(), bytearray(), float("nan")
        seen = 0
        for at_s, piece in self.pieces:
            body += piece
            end = body.rfind(b"\n\n")
            if end > seen and body.find(mark, max(seen - len(mark), 0), end) >= 0:
                found = at_s
                if not last:
                    return found
            seen = max(end, seen)
        return found

    def frames(self) -> list[Frame]:
        """Return every event in the order it came.

        Raises
        ------
        EngineFailed
            The service answered with something else.
        """
        whole = b"".join(piece for _, piece in self.pieces)
        head, _, body = whole.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise EngineFailed(f"the service answered {whole[:600]!r}")
        found = []
        for text in _whole(body).split(b"\n\n"):
            if text.startswith(b"id: "):
                identity, event, data = text.split(b"\n", 2)
                found.append(Frame(identity[4:].decode(), event[7:].decode(), data[6:]))
        return found


def asking(host: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Stream:
    """Return a stream that is not asked for yet."""
    sent = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: text/event-stream", "Connection: close"]
    if sent:
        head += ["Content-Type: application/json", f"Content-Length: {len(sent)}"]
    return Stream("\r\n".join([*head, "", ""]).encode() + sent)


def prove(frames: Sequence[Frame], url: str) -> list[str]:
    """Say what is wrong with all events of one run: gaps, doubles, no end, another count or digest than the run's."""
    if not frames:
        return ["nothing came"]
    run = frames[0].id.partition("/")[0]
    found = []
    if [frame.id for frame in frames] != [f"{run}/{number}" for number in range(1, len(frames) + 1)]:
        found.append(f"run {run}: events lost, doubled or out of order")
    if frames[-1].event not in ENDINGS:
        found.append(f"run {run}: no end came")
    # The proof that Tapehead's own client makes: the count, and the digest over all results.
    text = b"".join(b"id: %b\nevent: %b\ndata: %b\n\n" % (f.id.encode(), f.event.encode(), f.data) for f in frames)
    try:
        for _ in Following(run, url).take(text):
            pass
    except TapeheadError as error:
        found.append(str(error))
    return found


def compare(frames: Sequence[Frame], whole: Sequence[Frame]) -> list[str]:
    """Say how one stream differs from all events of its run; progress may be left out for a client that is slow."""
    held = {frame.id: number for number, frame in enumerate(whole)}
    places = [held.get(frame.id, -1) for frame in frames]
    found = [] if all(a < b for a, b in pairwise([-1, *places])) else ["events doubled or out of order"]
    if any(place >= 0 and whole[place] != frame for place, frame in zip(places, frames, strict=True)):
        found.append("an event changed on its way")
    came = set(places)
    lost = [frame for number, frame in enumerate(whole) if number not in came and frame.event != "progress"]
    return [*found, f"{len(lost)} events lost"] if lost else found


def _whole(body: bytes) -> bytes:
    """Undo the chunks of a body."""
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length:
            break
        parts.append(rest[:length])
        body = rest[length + 2 :]
    return b"".join(parts)
