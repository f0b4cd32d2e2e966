"""Flights: calls of this process that go on, so that whoever asks meanwhile waits for the same one."""

import os
import threading
from concurrent.futures import Future
from typing import Any, Final

from tapehead.ports.values import ValueKey

ABANDONED: Final = object()
"""What a flight ends with whose caller was cancelled or interrupted: another one has to call."""

Flight = Future[Any]


class Flights:
    """Calls by key. Safe from many threads and event loops; a child of `fork` begins with none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[ValueKey, Flight] = {}
        self._pid = os.getpid()

    def join(self, key: ValueKey) -> tuple[Flight, bool]:
        """Return the flight of a key, and whether the caller has begun it and must `end` it."""
        if self._pid != os.getpid():
            # Those who would end the parent's flights do not live here.
            self._lock, self._open, self._pid = threading.Lock(), {}, os.getpid()
        with self._lock:
            flight = self._open.get(key)
            if flight is not None:
                return flight, False
            flight = self._open[key] = Future()
            # One waiter that is cancelled does not cancel it for the others.
            flight.set_running_or_notify_cancel()
            return flight, True

    def end(self, key: ValueKey, flight: Flight, result: Any = ABANDONED, error: Exception | None = None) -> None:
        """Wake who waits, with the bytes of a value or what the call raised."""
        with self._lock:
            if self._open.get(key) is flight:
                del self._open[key]
        if error is None:
            flight.set_result(result)
        else:
            flight.set_exception(error)
