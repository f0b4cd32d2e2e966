"""ReplicatedBars: the store of bars in PostgreSQL, whose reads of bars replicas answer while they keep up."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Final

import psycopg

from tapehead.database.figures import PoolFigures
from tapehead.database.pool import Pool
from tapehead.errors import SurroundingsError
from tapehead.model.instrument import Series
from tapehead.model.segment import Manifest, SegmentRef
from tapehead.ports.bars import Codec
from tapehead.stores.postgres.bars import PostgresBars
from tapehead.stores.postgres.follower import Follower, place_of

LOOK_EVERY_S: Final = 1.0
_FIRST_LOOK_S: Final = 2.0


class ReplicatedBars(PostgresBars):
    """`ports.bars.BarStore` in a database of PostgreSQL that others follow.

    Parameters
    ----------
    pool : Pool
        Of the primary: what is written, and the newest commit, is asked there alone.
    codec : Codec
        Makes the bytes of segments.

    Notes
    -----
    What a replica does not have, or does not answer, the primary is asked for in the same call, so that whoever reads
    never waits for a replica that is late and never sees less than was committed.
    """

    def __init__(self, pool: Pool, codec: Codec, *, lock_wait_s: float = 5.0) -> None:
        super().__init__(pool, codec, lock_wait_s=lock_wait_s)
        self._primary = pool
        self._followers: list[Follower] = []
        self._turns = count()
        self._looked, self._closed = threading.Event(), threading.Event()
        self._looking: threading.Thread | None = None
        self._pid = os.getpid()

    def follow(self, urls: Sequence[str], *, look_every_s: float = LOOK_EVERY_S) -> None:
        """Ask replicas from now on; a thread looks so often how they stand, with 0 whoever calls `look`.

        Raises ParameterError for what is no URL.
        """
        self._followers = [Follower(f"replica {k}", url, self._primary, self._codec) for k, url in enumerate(urls, 1)]
        if urls and look_every_s:
            end = (look_every_s,)
            self._looking = threading.Thread(target=self._keep_looking, args=end, name="tapehead-replicas", daemon=True)
            self._looking.start()

    def manifest(
        self, series: Sequence[Series], start: int, end: int, *, warm: int = 0, snapshot: int | None = None
    ) -> Manifest:
        """Return the refs of a range at a snapshot, from a replica that has replayed it; see `BarTables.manifest`."""
        followers = self._asked()
        number = self.head() if followers and snapshot is None else snapshot
        for follower in followers:
            found = follower.manifest(number, series, start, end, warm)
            if found is not None:
                return found
        return super().manifest(series, start, end, warm=warm, snapshot=number)

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield the bytes of each ref in order, as far as it has them from the replica whose turn it is."""
        done = 0
        for follower in self._asked()[:1]:
            for each in follower.read(refs):
                yield each
                done += 1
        if done < len(refs):
            yield from super().read(refs[done:])

    def look(self) -> None:
        """Look how every replica stands beside the primary; where that is away, they stay as they were."""
        with suppress(psycopg.Error, SurroundingsError):
            primary = place_of(self._primary)
            for follower in self._followers:
                follower.look(primary, self._primary.settings.lag_s)

    def figures(self) -> list[PoolFigures]:
        """Return how the connections to each replica are used, and how it stands."""
        return [follower.figures() for follower in self._followers]

    def close(self) -> None:
        """End the looking and close the connections to replicas."""
        self._closed.set()
        if self._looking is not None and self._pid == os.getpid():
            self._looking.join(_FIRST_LOOK_S)
        for follower in self._followers:
            follower.close()
        super().close()

    def _asked(self) -> list[Follower]:
        """Return the replicas that may be asked, that first whose turn it is; none within a transaction."""
        if self._database.in_transaction:
            return []
        if self._looking is not None and self._pid == os.getpid():
            self._looked.wait(_FIRST_LOOK_S)
        found = [follower for follower in self._followers if follower.is_asked]
        first = next(self._turns) % len(found) if found else 0
        return found[first:] + found[:first]

    def _keep_looking(self, every_s: float) -> None:
        """Look until closed."""
        while not self._closed.is_set():
            self.look()
            self._looked.set()
            self._closed.wait(every_s)
