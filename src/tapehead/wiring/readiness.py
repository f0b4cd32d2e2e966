"""Readiness: what the first read out of a server would wait for, made ready while a run is planned."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from tapehead.database.pool import Pool
from tapehead.errors import TapeheadError
from tapehead.wiring.plugins import running

_LINKS = 2
"""Connections beside the one that plans: two threads read, and one keeps."""


class Readiness:
    """Makes a store in PostgreSQL ready to be read by several threads, once.

    Parameters
    ----------
    pool : Pool
    load : callable
        Loads what decodes segments: 70 ms in a process that has decoded none.
    """

    def __init__(self, pool: Pool, load: Callable[[], None]) -> None:
        self._pool = pool
        self._load = load
        self._lock = threading.Lock()
        self._begun = False

    def begin(self) -> None:
        """Begin in a thread, the first time; what fails there is told to who reads."""
        with self._lock:
            begun, self._begun = self._begun, True
        if not begun:
            threading.Thread(target=self._make, name="tapehead-ready", daemon=True).start()

    def _make(self) -> None:
        """Load, and have the pool open connections."""
        with running:
            self._load()
        with suppress(TapeheadError), ExitStack() as held:
            for _ in range(min(_LINKS, self._pool.settings.largest - 1)):
                held.enter_context(self._pool.connection())
