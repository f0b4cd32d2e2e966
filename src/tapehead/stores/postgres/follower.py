"""Follower: one replica, whether it is asked, and what it lacks."""

import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import psycopg

from tapehead.database.asker import asked_by
from tapehead.database.figures import PoolFigures
from tapehead.database.pool import Pool
from tapehead.database.url import parse_url
from tapehead.errors import DamagedSegmentError, ParameterError, PoolExhaustedError, SurroundingsError
from tapehead.model.instrument import Series
from tapehead.model.segment import Manifest, SegmentRef
from tapehead.ports.bars import Codec
from tapehead.stores.postgres.bars import PostgresBars
from tapehead.stores.postgres.statements import read_dialect

Standing = Literal["new", "ok", "lagging", "away", "refused"]
_LOOK_S: Final = 2.0
_HEADS: Final = 4096
_NO_FIGURES: Final = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server stands: whether it follows another one, its cluster and database, and its newest commit."""

    follows: bool
    cluster: int
    database: int
    head: int


def place_of(pool: Pool) -> Place:
    """Ask a server where it stands; raises psycopg.Error, SurroundingsError."""
    statements = read_dialect("replicas.sql")
    with asked_by(patience_s=_LOOK_S), pool.connection() as link:
        follows, cluster, database, has_schema = link.execute(statements["standing"]).fetchone() or (False, 0, 0, False)
        row = link.execute(statements["head"]).fetchone() if has_schema else None
    return Place(follows, cluster, database, 0 if row is None else row[0])


class Follower:
    """A replica of one PostgreSQL, asked while it keeps up. Safe from many threads.

    Parameters
    ----------
    name : str
        What figures call it.
    url : str
        Of the same database there.
    primary : Pool
        What it follows; sizes and waits are the same.
    codec : Codec
        Makes the bytes of segments.

    Notes
    -----
    Nothing that it answers is stale. Numbers of commits rise in the order of the commits, so that a replica which has
    replayed number N holds all of snapshot N, and it gives no manifest before. Bytes are asked for by their hash: they
    are those, or are not there yet.
    """

    def __init__(self, name: str, url: str, primary: Pool, codec: Codec) -> None:
        self.name = name
        self.url = parse_url(url, "TAPEHEAD_REPLICAS")
        self.standing: Standing = "new"
        self._text = "nobody has looked at it yet"
        self._primary, self._codec = primary, codec
        self._opened: tuple[Pool, PostgresBars] | None = None
        self._heads: deque[tuple[float, int]] = deque(maxlen=_HEADS)
        self._behind: int | None = None
        self._missed = 0
        self._guard = threading.Lock()
        self._pid = os.getpid()

    @property
    def is_asked(self) -> bool:
        """Whether reads may come here; in a forked child nobody looks after it."""
        return self.standing == "ok" and self._pid == os.getpid()

    def manifest(
        self, number: int | None, series: Sequence[Series], start: int, end: int, warm: int
    ) -> Manifest | None:
        """Return the refs at snapshot `number`; None where it is not replayed here, or was given back meanwhile."""
        if self._opened is None:
            return None
        pool, bars = self._opened
        try:
            # One moment: a sweep that is replayed in between would leave half a manifest.
            with bars.reading(number):
                return bars.manifest(series, start, end, warm=warm, snapshot=number)
        except ParameterError:
            self._missed += 1
        except SurroundingsError as error:
            self._fail(pool, error)
        return None

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield the bytes of refs in order, and end before the first that is not here."""
        if self._opened is None:
            return
        pool, bars = self._opened
        try:
            yield from bars.read(refs)
        except DamagedSegmentError:
            self._missed += 1
        except SurroundingsError as error:
            self._fail(pool, error)

    def look(self, primary: Place, lag_s: float) -> None:
        """Find out how it stands beside the primary, which was asked before."""
        pool = None
        try:
            pool = self._pool()
            found = place_of(pool)
        except PoolExhaustedError:
            # Everybody reads from it: it lives.
            return
        except (psycopg.Error, SurroundingsError) as error:
            self._fail(pool, error)
            return
        self._behind = max(primary.head - found.head, 0)
        late = self._late_s(primary.head, found.head) >= lag_s
        if not found.follows:
            self._stand("refused", "it follows no other server: name a streaming replica in TAPEHEAD_REPLICAS")
        elif (found.cluster, found.database) != (primary.cluster, primary.database):
            self._stand("refused", "it follows another server, or is of another database")
        elif late:
            self._stand(
                "lagging",
                f"it lacks {self._behind:,} commit{'' if self._behind == 1 else 's'} for {lag_s:g} s and longer",
            )
        else:
            self._stand("ok", "")

    def figures(self) -> PoolFigures:
        """Return how its connections are used, and how it stands."""
        opened = self._opened
        figures = opened[0].figures() if opened else PoolFigures(self.name, self.url.shown, *_NO_FIGURES)
        missed = f"the primary answered {self._missed:,} reads of what was not replayed here" if self._missed else ""
        return replace(figures, state=self.standing, text=self._text or missed, behind=self._behind)

    def close(self) -> None:
        """Close its connections."""
        with self._guard:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()

    def _pool(self) -> Pool:
        """Return its connections, opened at the first look and at the first after it was away."""
        with self._guard:
            if self._opened is None:
                settings = replace(self._primary.settings, outage_s=0.0)
                pool = Pool(self.url, settings, name=self.name, alerts=self._primary.alerts)
                self._opened = pool, PostgresBars(pool, self._codec)
            return self._opened[0]

    def _late_s(self, newest: int, replayed: int) -> float:
        """Return for how long it lacks a commit that the primary had."""
        now = time.monotonic()
        if not self._heads or self._heads[-1][1] < newest:
            self._heads.append((now, newest))
        while self._heads and self._heads[0][1] <= replayed:
            self._heads.popleft()
        return now - self._heads[0][0] if self._heads else -1.0

    def _fail(self, pool: Pool | None, error: Exception) -> None:
        """Ask it no more until a look finds it well; what is busy is not gone."""
        if isinstance(error, PoolExhaustedError):
            return
        if pool is None or (self._opened is not None and self._opened[0] is pool):
            facts = getattr(error, "facts", {})
            self._stand("away", str(facts.get("cause") or error).splitlines()[0])
            self.close()

    def _stand(self, standing: Standing, text: str) -> None:
        """Take note how it stands; tell when that changes."""
        before, self.standing, self._text = self.standing, standing, text
        if before == standing or (before, standing) == ("new", "ok"):
            return
        told = f"{self.name} is asked again" if standing == "ok" else f"{self.name} is not asked: {text}"
        self._primary.alerts.tell("replica", self.url.shown, told)
