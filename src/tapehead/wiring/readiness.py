"""Readiness: what the first run out of a server would wait for, made ready while its store is opened."""

import threading
from collections.abc import Callable
from contextlib import suppress

from tapehead.database.pool import Pool
from tapehead.errors import TapeheadError
from tapehead.wiring.ahead import load_ahead

_LINKS = 3
"""Connections of a run: one plans and keeps, and two threads read."""


class Readiness:
    """Makes a store in PostgreSQL ready to be read by several threads, once.

    Parameters
    ----------
    pool : Pool
    claim : callable
        Opens the session in which runs are claimed.
    """

    def __init__(self, pool: Pool, claim: Callable[[], None]) -> None:
        self._pool = pool
        self._claim = claim
        self._lock = threading.Lock()
        self._begun = False

    def begin(self) -> None:
        """Begin in threads, the first time; what fails there is told to who reads."""
        load_ahead()
        with self._lock:
            begun, self._begun = self._begun, True
        if not begun:
            # Not by lending them: who plans would wait until the next one is open.
            self._pool.warm(_LINKS)
            threading.Thread(target=self._connect, name="tapehead-ready", daemon=True).start()

    def _connect(self) -> None:
        """Open the session of the claims."""
        with suppress(TapeheadError):
            self._claim()
