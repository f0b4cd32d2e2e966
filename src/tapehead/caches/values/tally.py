"""Tally: what was asked of a cache, counted by namespace and handed on once a second."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

_EVERY_S: Final = 1.0


class Tally:
    """Counters by namespace and name, of this process. Safe from many threads; a child of `fork` begins at nothing.

    Parameters
    ----------
    hand_on : callable
        Is given what was counted since it was called before.
    """

    def __init__(self, hand_on: Callable[[Mapping[str, Mapping[str, float]]], None]) -> None:
        self._hand_on = hand_on
        self._begin()

    def _begin(self) -> None:
        """Count from nothing, for this process."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._here: dict[str, dict[str, float]] = {}
        self._waiting: dict[str, dict[str, float]] = {}
        self._next = time.monotonic() + _EVERY_S

    def _held(self) -> threading.Lock:
        """Return the lock; what the parent has counted it hands on itself."""
        if self._pid != os.getpid():
            self._begin()
        return self._lock

    def add(self, namespace: str, **counts: float) -> None:
        """Add to the counters of a namespace."""
        with self._held():
            for held in (self._here.setdefault(namespace, {}), self._waiting.setdefault(namespace, {})):
                for name, value in counts.items():
                    held[name] = held.get(name, 0.0) + value

    def flush_if_due(self) -> None:
        """Hand on what waits if that was not done for a second; may take a while."""
        if time.monotonic() >= self._next:
            self.flush()

    def here(self) -> dict[str, dict[str, float]]:
        """Return what was counted in this process."""
        with self._held():
            return {namespace: dict(held) for namespace, held in self._here.items()}

    def flush(self) -> None:
        """Hand on what waits."""
        with self._held():
            waiting, self._waiting = self._waiting, {}
            self._next = time.monotonic() + _EVERY_S
        if waiting:
            self._hand_on(waiting)

    def forget(self, namespace: str | None) -> None:
        """Begin to count anew."""
        with self._held():
            for held in (self._here, self._waiting):
                for name in [name for name in held if namespace in (None, name)]:
                    del held[name]
