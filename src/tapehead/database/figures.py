"""PoolFigures: how connections to one database are used, and what that advises."""

import math
import time
from dataclasses import dataclass
from typing import Final, Literal

Load = Literal["ok", "busy", "exhausted"]
BUSY_SHARE: Final = 0.8
"""Share in use from which on a pool is shown as busy."""
_FEWEST: Final = 100
_WAITED_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Held:
    """A connection that is out: whose, where it was taken, for which run, since when (s, of `time.monotonic`)."""

    thread: str
    place: str
    since: float
    run: str = ""

    @property
    def age_s(self) -> float:
        """For how long."""
        return time.monotonic() - self.since

    def __str__(self) -> str:
        """Say who, where and how long."""
        of = f" (run {self.run})" if self.run else ""
        return f"{self.thread}{of} at {self.place} for {self.age_s:.1f} s"


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """Connections to one database at one moment, and since it was opened.

    Attributes
    ----------
    name, where : str
        `primary`, `replica 1`, `bars.db`; its URL without a password, or its path.
    limit : int
        Connections there may be at once, overflow included; 0 where each thread has one of its own.
    open, in_use, waiting : int
        Connections that are open, those that are out, threads that wait for one.
    lent, waited, exhausted : int
        Connections lent; how many of them had to be waited for; how often none came in time.
    peak : int
        Most in use and waited for at once.
    replaced : int
        Connections that were found broken and made anew.
    mean_s, p95_s, longest_s : float
        Of waits: over all, of the newest 256, and the longest.
    held : tuple of Held
        Who has those that are out, the longest first.
    leaking : int
        How many of them are out for longer than `held` of the settings.
    starved : bool
        None came in time for the one who asked last, and none was lent since.
    state : str
        `ok`, or of a replica also why it is not asked: `lagging`, `away`, `refused`.
    text : str
        What is to be said of the state.
    behind : int or None
        Commits that a replica lacks.
    """

    name: str
    where: str
    limit: int
    open: int
    in_use: int
    waiting: int
    lent: int
    waited: int
    exhausted: int
    peak: int
    replaced: int
    mean_s: float
    p95_s: float
    longest_s: float
    held: tuple[Held, ...] = ()
    leaking: int = 0
    starved: bool = False
    state: str = "ok"
    text: str = ""
    behind: int | None = None

    @property
    def idle(self) -> int:
        """Connections that are open and not out."""
        return max(self.open - self.in_use, 0)

    @property
    def share(self) -> float:
        """Part of the limit that is in use, 0 to 1; 0 where there is no limit."""
        return self.in_use / self.limit if self.limit else 0.0

    @property
    def load(self) -> Load:
        """`busy` from 80 % on, `exhausted` where none is left and somebody waits, or gave up."""
        if self.limit and self.in_use >= self.limit and (self.waiting or self.starved):
            return "exhausted"
        return "busy" if self.share >= BUSY_SHARE else "ok"

    @property
    def advice(self) -> str:
        """What size the figures advise, in a sentence; empty where there is none to choose or too little was asked."""
        if not self.limit or self.lent < _FEWEST:
            return ""
        if self.waited and self.p95_s >= _WAITED_S:
            wait = f"{self.waited:,} of {self.lent:,} requests waited, the longest {self.longest_s:.2f} s"
            return f"{wait}. Allow more connections: TAPEHEAD_POOL={self.peak}"
        enough = max(math.ceil(self.peak * 1.25), 4)
        if self.peak > self.limit / 2 or enough >= self.limit:
            return "The size fits."
        return f"At most {self.peak} of {self.limit} were in use at once: TAPEHEAD_POOL={enough} is enough."


def said(held: tuple[Held, ...], most: int = 5) -> str:
    """Name who holds connections, the longest first."""
    more = f"; and {len(held) - most} more" if len(held) > most else ""
    return "; ".join(map(str, held[:most])) + more
