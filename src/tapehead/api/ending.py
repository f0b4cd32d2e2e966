"""ending_of: how a run ended, as its log tells it."""

from typing import Any

import orjson

from tapehead.api.frames import ENDINGS
from tapehead.model.result import RunId
from tapehead.ports.runs import EventLog


def ending_of(log: EventLog, run: RunId) -> dict[str, Any] | None:
    """Return the event that ended a run, as plain values; None of one that goes on, or whose events are not kept."""
    rows = log.read(run, max(log.last(run) - 1, 0), 1)
    body: dict[str, Any] = orjson.loads(rows[0][1]) if rows else {}
    return body if body.get("event") in ENDINGS else None
