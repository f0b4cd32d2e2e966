"""EventTable: the numbered, replayable events of runs."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final

from tapehead.model.events import Event, Tiled, numbers_of, to_bytes, told_as
from tapehead.model.result import RunId
from tapehead.model.space import Space
from tapehead.model.spec import RunSpec
from tapehead.model.tile import Tile
from tapehead.ports.runs import Rows, Told
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.writing import write

_POLL_S = 0.02
_TILE: Final = b'"event":"tile"'
"""Stands in the bytes of that event alone: quotes within a text are escaped."""


class EventTable:
    """`ports.runs.EventLog` over named statements. Safe from many threads and processes.

    `wait` wakes at once for events of this process and looks every 20 ms for those of another.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._news = threading.Condition()
        self._told = 0
        self._listeners: tuple[Told, ...] = ()

    def append(self, run: RunId, events: Sequence[Event]) -> int:
        """Number the events from the run's last one on and keep their bytes; survives `kill -9` on return."""
        return write(self._database, f"events of run {run}", lambda: self._add(run, events))

    def _add(self, run: RunId, events: Sequence[Event]) -> int:
        """Number and keep events in a transaction: called again it finds what is there then, and numbers from there."""
        last = self.last(run)
        rows: list[tuple[int, bytes]] = []
        for event in events:
            last += numbers_of(event)
            rows.append((last, to_bytes(event, last)))
        self._database.execute_many("add_event", [(run, *row) for row in rows])
        if rows:
            # The results of a tile are made when somebody reads them.
            at_hand = () if any(isinstance(event, Tiled) for event in events) else rows
            self._database.after_commit(partial(self._tell, run, last, at_hand))
        return last

    def _tell(self, run: RunId, last: int, rows: Rows) -> None:
        """Wake those who wait for events, and tell those who listen."""
        self._wake()
        for told in self._listeners:
            try:
                told(run, last, rows)
            except Exception:
                # The events are kept whatever a listener thinks of them.
                import logging

                logging.getLogger("tapehead.events").exception("a listener of events failed on run %s/%d", run, last)

    def _wake(self) -> None:
        """Wake those who wait."""
        with self._news:
            self._told += 1
            self._news.notify_all()

    def listen(self, told: Told) -> Callable[[], None]:
        """Have `told` called after every commit of events of this process; return the call that ends it."""
        with self._news:
            self._listeners = (*self._listeners, told)

        def end() -> None:
            with self._news:
                self._listeners = tuple(each for each in self._listeners if each is not told)

        return end

    def read(self, run: RunId, after: int, limit: int, *, tiles: bool = False) -> Rows:
        """Return events with a number above `after`, as first sent; without `tiles` a tile as its results."""
        rows: Rows = self._database.execute("events_after", (run, after, limit)).fetchall()
        if tiles or not any(_TILE in data for _, data in rows):
            return rows
        return list(islice(self._plainly(run, after, rows), limit))

    def _plainly(self, run: RunId, after: int, rows: Rows) -> Iterator[tuple[int, bytes]]:
        """Yield rows of the log with the results of each tile in its place."""
        named = None
        for number, data in rows:
            if _TILE not in data:
                yield number, data
                continue
            told = json.loads(data)
            row = self._database.execute("tile", (run, told["instrument"], told["lo"])).fetchone()
            spec = self._database.execute("spec", (run,)).fetchone()
            if row is None or spec is None:
                return
            named = named or Space.of(RunSpec.from_json(json.loads(spec[0]))).parameters
            event = Tiled(run, Tile.from_bytes(row[0]), told["t_ms"], named)
            for at, each in told_as(event, number, after):
                yield at, to_bytes(each, at)

    def last(self, run: RunId) -> int:
        """Return the number of a run's last event, 0 where it has none."""
        return int(self._database.execute("last_event", (run,)).fetchone()[0])

    def wait(self, run: RunId, after: int, timeout_s: float) -> bool:
        """Return True once an event above `after` is there, False after `timeout_s`."""
        end = time.monotonic() + timeout_s
        while True:
            with self._news:
                # Looked at under the condition: an event between the look and the wait would be slept through.
                if self.last(run) > after:
                    return True
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self._news.wait(min(_POLL_S, left))

    def prune(self, *, before: int, keep: int, stop: Callable[[], bool] | None = None) -> int:
        """Delete events of completed runs created before `before` (us UTC), sparing the newest `keep` runs.

        One commit a run, so that nobody else waits long for his turn to write.
        """
        gone = 0
        for (run,) in self._database.execute("prunable", {"before": before, "keep": keep}).fetchall():
            if stop is not None and stop():
                break
            gone += write(self._database, f"pruned events of run {run}", partial(self._drop, run))
        return gone

    def _drop(self, run: RunId) -> int:
        """Delete the events of a run; return how many there were."""
        return int(self._database.execute("delete_events", (run,)).rowcount)
