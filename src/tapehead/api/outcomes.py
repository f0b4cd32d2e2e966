"""outcomes: what a list says of each run beside its record: how many instruments, and how they came out."""

import threading
from collections import OrderedDict
from statistics import median
from typing import Any

import orjson

from tapehead.api.ending import ending_of
from tapehead.api.service import Service
from tapehead.model.events import OUTCOME
from tapehead.ports.runs import RunRecord


class Outcomes:
    """Outcomes of runs, made once after a run has ended and kept; safe from many threads.

    Parameters
    ----------
    service : Service
    most : int
        Runs that are kept, those that were asked for least lately go first.
    """

    def __init__(self, service: Service, most: int = 10_000) -> None:
        self._service, self._most = service, most
        self._kept: OrderedDict[tuple[str, int], dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, record: RunRecord) -> dict[str, Any]:
        """Return `total`, `active`, `median_return` and `profitable`; of a run that goes on the last two are None."""
        active = self._service.active(record.run)
        if record.finished_at is None or active:
            return {"total": self._total(record), "active": active, "median_return": None, "profitable": None}
        key = (record.run, record.finished_at)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        if found is None:
            found = self._made(record)
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return {**found, "active": active}

    def _made(self, record: RunRecord) -> dict[str, Any]:
        """Return how a run came out that has ended: its last event says it, where it is kept and was reckoned."""
        ended = ending_of(self._service.house.log, record.run) or {}
        if ended.keys() >= set(OUTCOME):
            return {"total": self._total(record), **{name: ended[name] for name in OUTCOME}}
        returns = self._service.house.runs.values(record.run, "total_return")
        return {
            "total": self._total(record),
            "median_return": median(returns) if returns else None,
            "profitable": sum(one > 0 for one in returns),
        }

    def _total(self, record: RunRecord) -> int:
        """Return the number of instruments a run is on: its first event says it, while its events are kept."""
        rows = self._service.house.log.read(record.run, 0, 1)
        first: dict[str, Any] = orjson.loads(rows[0][1]) if rows else {}
        return int(first.get("total", record.count + record.failed))
