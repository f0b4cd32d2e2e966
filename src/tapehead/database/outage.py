"""Outage: a PostgreSQL that went away is waited for, and what it interrupted is done again."""

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from tapehead.database.asker import asker
from tapehead.database.url import DatabaseUrl
from tapehead.errors import CollisionError, DatabaseAwayError, DatabaseLostError

Given = TypeVar("Given")

_PAUSE_S: Final = 0.2
_LOSSES: Final = 20
"""Connections that one piece of work may lose: a statement that ends the server would else do so for ever."""
_COLLISIONS: Final = 20
_every: "weakref.WeakSet[Outage]" = weakref.WeakSet()


class Outage:
    """Whether one PostgreSQL is away, since when, and who waits for it. Safe from many threads and across `fork`.

    Parameters
    ----------
    url : DatabaseUrl
    bound_s : float
        How long it may be away before those who wait are told so.
    look : callable
        Connects anew; raises DatabaseAwayError where that cannot be done.
    renew : callable
        Called once it is back, before anybody goes on: connections of before are broken.

    Notes
    -----
    One of the threads that wait looks five times a second; the others wait for it. Once the bound has passed nobody
    waits any more: whoever asks looks once, until the server is back.
    """

    def __init__(
        self, url: DatabaseUrl, bound_s: float, look: Callable[[], object], renew: Callable[[], object]
    ) -> None:
        self._url, self._bound_s, self._look, self._renew = url, bound_s, look, renew
        self._over: list[Callable[[], object]] = []
        self._begin()
        _every.add(self)

    def _begin(self) -> None:
        """Begin with a server that is there."""
        self._pid = os.getpid()
        self._turn = threading.Lock()
        self._since: float | None = None
        self._recoveries = 0
        self._waiting = 0

    def when_over(self, call: Callable[[], object]) -> None:
        """Call each time the server is back, in a thread that waited; it must not wait for the server itself."""
        self._over.append(call)

    def outlast(self, body: Callable[[], Given]) -> Given:
        """Call `body` and return what it gives; once more where the server went away meanwhile and came back.

        Parameters
        ----------
        body : callable
            Whole in itself: a read, or one transaction from BEGIN to COMMIT. It changes nothing outside of the
            database, or the same however often it is called.

        Raises
        ------
        DatabaseAwayError
            The server is not back within the bound.

        Notes
        -----
        Why calling it again is right: a read changes nothing. A transaction whose connection is lost before COMMIT was
        sent is rolled back by the server; one whose COMMIT got no answer is looked up by its own row before anything is
        raised (`stores.postgres.settling`), so that what was done does not come here. Two writers in each other's way
        (40P01, 40001) are rolled back, one of them, before they are told.
        """
        lost = collided = 0
        while True:
            seen = self._seen()
            try:
                return body()
            except CollisionError:
                collided += 1
                if collided >= _COLLISIONS:
                    raise
            except DatabaseLostError as error:
                lost += 1
                if lost >= _LOSSES:
                    raise
                self._wait(seen, error)

    @property
    def waited_s(self) -> float | None:
        """For how long somebody waits already; None where nobody does."""
        since = self._since
        return time.monotonic() - since if self._waiting and since is not None else None

    def _seen(self) -> int:
        """Return how often the server came back so far."""
        if self._pid != os.getpid():
            self._begin()
        return self._recoveries

    def _wait(self, seen: int, error: DatabaseLostError) -> None:
        """Return when the server is back; raise where it is not within the bound, or who asks cannot wait."""
        patience_s = asker().patience_s
        bound_s = self._bound_s if patience_s is None else min(patience_s, self._bound_s)
        with self._turned():
            if self._recoveries != seen:
                return
            self._since = self._since or time.monotonic()
            while (cause := self._away()) is not None:
                waited_s = time.monotonic() - self._since
                if waited_s >= bound_s:
                    told = f"it has been away for {waited_s:.0f} s: {cause}" if bound_s else cause
                    raise DatabaseAwayError(url=self._url, cause=told) from error
                self._pause()
            self._renew()
            self._since = None
            self._recoveries += 1
        for call in self._over:
            call()

    @contextmanager
    def _turned(self) -> Iterator[None]:
        """Count who waits, and let one look at a time."""
        self._waiting += 1
        try:
            with self._turn:
                yield
        finally:
            self._waiting -= 1

    def _away(self) -> str | None:
        """Say why the server does not answer; None where it does."""
        try:
            self._look()
        except DatabaseAwayError as error:
            return str(error.facts.get("cause", error))
        return None

    def _pause(self) -> None:
        """Wait a little; whoever is interrupted here does not want to wait once more while he ends."""
        try:
            time.sleep(_PAUSE_S)
        except BaseException:
            self._since = (self._since or time.monotonic()) - self._bound_s
            raise


def waited_s() -> float | None:
    """Return for how long threads of this process wait for a PostgreSQL, at most; None where none does."""
    return max((each for one in list(_every) if (each := one.waited_s) is not None), default=None)
