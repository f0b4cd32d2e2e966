"""frames: kept events as server-sent events."""

from typing import NamedTuple

import orjson

from tapehead.model.result import RunId

ENDINGS = frozenset(("completed", "failed", "cancelled"))


class Frame(NamedTuple):
    """One event as it is sent: its number, its name, its bytes."""

    number: int
    name: str
    bytes: bytes


def make_frame(run: RunId, number: int, data: bytes) -> Frame:
    """Return the frame of a kept event: id, event and data, each on a line, ended by an empty one."""
    name = orjson.loads(data)["event"]
    return Frame(number, name, b"id: %b/%d\nevent: %b\ndata: %b\n\n" % (run.encode(), number, name.encode(), data))
