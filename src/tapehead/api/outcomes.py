"""outcomes: what a list says of each run beside its record: how many instruments, and how they came out."""

import threading
from collections import OrderedDict
from statistics import median
from typing import Any

from tapehead.api.ending import ending_of, total_of
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
        """Return `total`, `active`, `median_return`, `profitable`; the last two None of a sweep and of what goes on."""
        active = self._service.active(record.run)
        if record.finished_at is None or active:
            return {"total": total_of(self._service.house.log, record), "active": active, **dict.fromkeys(OUTCOME)}
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
        total = {"total": total_of(self._service.house.log, record)}
        if "grid" in record.spec:
            # Its cells are of many sets, good and bad; its surface says which are which.
            return {**total, **dict.fromkeys(OUTCOME)}
        ended = ending_of(self._service.house.log, record.run) or {}
        if ended.keys() >= set(OUTCOME):
            return {**total, **{name: ended[name] for name in OUTCOME}}
        if "portfolio" in record.spec:
            return {**total, **dict.fromkeys(OUTCOME)}
        returns = self._service.house.runs.values(record.run, "total_return")
        gained = sum(one > 0 for one in returns)
        return {**total, "median_return": median(returns) if returns else None, "profitable": gained}
