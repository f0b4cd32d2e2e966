"""queue: which run goes next. Two levels, small runs before big ones, bounded."""

import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Literal

from tapehead.errors import ServiceError
from tapehead.library.run import Run

SMALL = 64
"""Results up to which a run is small: instruments of a backtest, cells of a sweep."""


@dataclass(slots=True, eq=False)
class Entry:
    """A run that waits or goes on; `run` is driven by one thread, `cancel` of it may be called by any.

    `waited` says that it had a place, and that its watchers know of it. `context` is that of the request that asked
    for it, so that what its thread logs names the request.
    """

    run: Run
    total: int
    place: int = 0
    waited: bool = False
    cancelled: bool = False
    context: Context = field(default_factory=copy_context)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def small(self) -> bool:
        """Whether it belongs to the upper level."""
        return self.total <= SMALL

    @property
    def level(self) -> Literal["small", "big"]:
        """The name of its level."""
        return "small" if self.small else "big"


class Queue:
    """Runs that wait, and how many go on at once.

    Parameters
    ----------
    slots : int
        Runs that go on at once; big ones take an eighth of them at most: each uses every worker, and more of them only
        wait for each other's commits, as would a small one among them.
    bound : int
        Runs that may wait; one more is refused with `queue.full`.
    moved : callable
        Told an entry whose place (from 1) changed, in the thread that moved it, never under the lock.
    """

    def __init__(self, slots: int, bound: int, moved: Callable[[Entry], None]) -> None:
        self._slots, self._bound, self._moved = slots, bound, moved
        self._big_slots = max(slots // 8, 1)
        self._changed = threading.Condition()
        self._small: deque[Entry] = deque()
        self._big: deque[Entry] = deque()
        self._active: list[Entry] = []
        self._closed = False

    def room(self) -> None:
        """Raise where no further run may wait."""
        with self._changed:
            waiting = len(self._small) + len(self._big)
        if waiting >= self._bound:
            raise ServiceError(
                f"{waiting} runs wait already and {self._bound} may. Try again when one is done: GET /api/v1/runs",
                code="queue.full",
            )

    def put(self, entry: Entry) -> None:
        """Let an entry wait for its turn; nothing is told of one that goes on at once."""
        with self._changed:
            at_once = self._free(entry)
            (self._small if entry.small else self._big).append(entry)
            self._changed.notify()
            moved = [] if at_once else self._places()
        self._tell(moved)

    def take(self) -> Entry | None:
        """Return the next entry as soon as it may go on; None once closed."""
        with self._changed:
            while True:
                if self._closed:
                    return None
                entry = self._next()
                if entry is not None:
                    break
                self._changed.wait()
            entry.place = 0
            self._active.append(entry)
            moved = self._places()
        self._tell(moved)
        return entry

    def leave(self, entry: Entry) -> bool:
        """Take an entry out of those that wait; False where it goes on already."""
        with self._changed:
            for level in (self._small, self._big):
                if entry in level:
                    level.remove(entry)
                    entry.place = 0
                    moved = self._places()
                    break
            else:
                return False
        self._tell(moved)
        return True

    def done(self, entry: Entry) -> None:
        """Free the slot of an entry that has ended."""
        with self._changed:
            if entry in self._active:
                self._active.remove(entry)
            self._changed.notify_all()

    def close(self) -> None:
        """Let nothing further begin."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def counts(self) -> dict[str, int]:
        """Return how many wait on each level, how many go on, and how many more may wait."""
        with self._changed:
            small, big = len(self._small), len(self._big)
            return {"small": small, "big": big, "active": len(self._active), "room": max(self._bound - small - big, 0)}

    def _next(self) -> Entry | None:
        """Return the entry whose turn it is, taken off its level; None while no slot is free for one."""
        if len(self._active) >= self._slots:
            return None
        if self._small:
            return self._small.popleft()
        if self._big and self._active_big() < self._big_slots:
            return self._big.popleft()
        return None

    def _free(self, entry: Entry) -> bool:
        """Say whether a slot is left for an entry after those that wait."""
        waiting = len(self._small) + len(self._big)
        if entry.small:
            return len(self._active) + len(self._small) < self._slots
        return len(self._active) + waiting < self._slots and self._active_big() + len(self._big) < self._big_slots

    def _active_big(self) -> int:
        """Count the big runs that go on."""
        return sum(not each.small for each in self._active)

    def _places(self) -> list[Entry]:
        """Number those that wait; return those whose number changed."""
        moved = []
        for place, entry in enumerate((*self._small, *self._big), 1):
            if entry.place != place:
                entry.place, entry.waited = place, True
                moved.append(entry)
        return moved

    def _tell(self, moved: list[Entry]) -> None:
        """Tell of new places."""
        for entry in moved:
            self._moved(entry)
