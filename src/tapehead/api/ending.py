"""ending_of, total_of: how a run ended and how many results it was to have, as its log tells it."""

from typing import Any

import orjson

from tapehead.api.frames import ENDINGS
from tapehead.model.result import RunId
from tapehead.ports.runs import EventLog, RunRecord


def ending_of(log: EventLog, run: RunId) -> dict[str, Any] | None:
    """Return the event that ended a run, as plain values; None of one that goes on, or whose events are not kept."""
    rows = log.read(run, max(log.last(run) - 1, 0), 1, tiles=True)
    body: dict[str, Any] = orjson.loads(rows[0][1]) if rows else {}
    return body if body.get("event") in ENDINGS else None


def total_of(log: EventLog, record: RunRecord) -> int:
    """Return how many results a run was to have; those it has where its events are not kept."""
    rows = log.read(record.run, 0, 1, tiles=True)
    first: dict[str, Any] = orjson.loads(rows[0][1]) if rows else {}
    return int(first.get("total", record.count + record.failed))
