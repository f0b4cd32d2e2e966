"""Outage: a PostgreSQL that went away is waited for, and what it interrupted is done again."""

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import psycopg

from tapehead.database.asker import asker
from tapehead.database.url import DatabaseUrl
from tapehead.errors import CollisionError, DatabaseAwayError, DatabaseLostError
from tapehead.settings import PoolSettings

Given = TypeVar("Given")

_PAUSE_S: Final = 0.2
_LOSSES: Final = 20
"""Connections that one piece of work may lose: a statement that ends the server would else do so for ever."""
_COLLISIONS: Final = 20
_ENDING_S: Final = 10.0
"""What a command that has given up may take to tell so, and to let go of what it held."""
_every: "weakref.WeakSet[Outage]" = weakref.WeakSet()


class Outage:
    """Whether one PostgreSQL is away, since when, and who waits for it. Safe from many threads and across `fork`.

    Parameters
    ----------
    url : DatabaseUrl
    settings : PoolSettings
        How long it may be away before those who wait are told so (`outage_s`), and after what silence it is looked at
        (`silence_s`).
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
        self, url: DatabaseUrl, settings: PoolSettings, look: Callable[[], object], renew: Callable[[], object]
    ) -> None:
        self._url, self._bound_s, self._look, self._renew = url, settings.outage_s, look, renew
        self._silence_s = settings.silence_s
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
        self._silent: dict[object, float] = {}
        self._given_up: tuple[float, float] | None = None

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
                given = body()
            except CollisionError:
                collided += 1
                if collided >= _COLLISIONS:
                    raise
            except DatabaseLostError as error:
                lost += 1
                if lost >= _LOSSES:
                    raise
                self._wait(seen, error)
            else:
                if not self._waiting:
                    # Whatever was given up before is over: the next outage is another one.
                    self._since = self._given_up = None
                return given

    @property
    def waited_s(self) -> float | None:
        """For how long somebody waits already; None where nobody does."""
        began = [*list(self._silent.values()), *([] if not self._waiting or self._since is None else [self._since])]
        return time.monotonic() - min(began) if began else None

    @property
    def silence_s(self) -> float:
        """After what silence who asks looks: half of his patience is for the look."""
        patience_s = asker().patience_s
        return self._silence_s if patience_s is None else min(self._silence_s, patience_s / 2)

    def doubt(self, who: object, since: float) -> bool:
        """Look whether a server that has told `who` nothing since then answers others; False where it may come back.

        Raises
        ------
        psycopg.OperationalError
            It has been silent for as long as is waited for one that is away.
        """
        cause = self._silent_to_others()
        if cause is None:
            self._given_up = None
            self.hear(who)
            return True
        self._silent[who] = since
        silent_s = time.monotonic() - since
        if silent_s < self._patience_s():
            return False
        self._given_up = time.monotonic(), since
        raise psycopg.OperationalError(f"it has said nothing for {silent_s:.0f} s: {cause}")

    @property
    def is_given_up(self) -> bool:
        """Whether somebody has just waited for the server in vain, so that nobody else should for long."""
        return self._silent_since() is not None

    def hear(self, who: object) -> None:
        """Take note that nothing is waited for any more."""
        self._silent.pop(who, None)

    def _seen(self) -> int:
        """Return how often the server came back so far."""
        if self._pid != os.getpid():
            self._begin()
        return self._recoveries

    def _wait(self, seen: int, error: DatabaseLostError) -> None:
        """Return when the server is back; raise where it is not within the bound, or who asks cannot wait."""
        bound_s = self._patience_s()
        with self._turned():
            if self._recoveries != seen:
                return
            self._since = self._since or self._silent_since() or time.monotonic()
            while (cause := self._away()) is not None:
                waited_s = time.monotonic() - self._since
                if waited_s >= bound_s:
                    self._given_up = time.monotonic(), self._since
                    told = f"it has been away for {waited_s:.0f} s: {cause}" if bound_s else cause
                    raise DatabaseAwayError(url=self._url, cause=told) from error
                self._pause()
            self._renew()
            self._since = None
            self._given_up = None
            self._recoveries += 1
        for call in self._over:
            call()

    def _silent_since(self) -> float | None:
        """Return since when somebody who has just given up waited; None where nobody has."""
        given_up = self._given_up
        return given_up[1] if given_up is not None and time.monotonic() - given_up[0] < _ENDING_S else None

    def _patience_s(self) -> float:
        """Return how long who asks waits for a server that is away."""
        patience_s = asker().patience_s
        return self._bound_s if patience_s is None else min(patience_s, self._bound_s)

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

    def _silent_to_others(self) -> str | None:
        """Say why nobody else is answered either; None where one is, be it by a refusal."""
        try:
            self._look()
        except DatabaseLostError as error:
            return str(error.facts.get("cause", error))
        except DatabaseAwayError:
            return None
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
