"""Readiness: what the first run out of a server would wait for, made ready while its store is opened."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from tapehead.database.pool import Pool
from tapehead.errors import TapeheadError
from tapehead.wiring.ahead import load_ahead

_LINKS = 2
"""Connections beside the one that plans: two threads read, and one keeps."""


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
            threading.Thread(target=self._connect, name="tapehead-ready", daemon=True).start()

    def _connect(self) -> None:
        """Have the pool open connections, and the claims theirs."""
        with suppress(TapeheadError), ExitStack() as held:
            for _ in range(min(_LINKS, self._pool.settings.largest - 1)):
                held.enter_context(self._pool.connection())
            self._claim()
