"""Leases: claims in a Redis, made longer while the process that holds them lives."""

import threading
from collections.abc import Callable


class Leases:
    """One thread that renews every lease held by this process; it ends when there is none.

    Parameters
    ----------
    lease_s : float
        How long a lease holds without being renewed: so long others wait for a process that was killed.
    renew : callable
        Makes the lease of a key and token longer; may fail, which is told by nothing but the lease running out.
    """

    def __init__(self, lease_s: float, renew: Callable[[str, str], object]) -> None:
        self._pause_s, self._renew = lease_s / 3, renew
        self._held: dict[str, str] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, key: str, token: str) -> None:
        """Renew this lease from now on."""
        with self._changed:
            self._held[key] = token
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="tapehead-leases", daemon=True)
                self._thread.start()

    def drop(self, key: str) -> None:
        """Renew it no longer."""
        with self._changed:
            self._held.pop(key, None)
            self._changed.notify()

    def _work(self) -> None:
        """Renew what has been held for a while, until nothing is held."""
        seen: dict[str, str] = {}
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: not self._held, self._pause_s):
                    held = dict(self._held)
                else:
                    self._thread = None
                    return
            for key, token in held.items():
                if seen.get(key) == token:
                    self._renew(key, token)
            seen = held
