"""LoopWatch: how late the event loop wakes, and how busy the threads of plain routes are."""

import asyncio
from collections.abc import Callable

from anyio import to_thread

EVERY_S = 0.1


class LoopWatch:
    """A task on the service's loop. `busy` and `waiting` are of the last look; read from any thread.

    Parameters
    ----------
    late : callable
        Told after each sleep how many seconds late the loop woke.
    """

    def __init__(self, late: Callable[[float], None]) -> None:
        self._late = late
        self._task: asyncio.Task[None] | None = None
        self.busy = 0
        self.waiting = 0

    def open(self) -> None:
        """Begin on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._watch(), name="tapehead-loop-watch")

    def close(self) -> None:
        """End; from the loop."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _watch(self) -> None:
        """Sleep and look at the clock."""
        loop = asyncio.get_running_loop()
        limiter = to_thread.current_default_thread_limiter()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._late(max(loop.time() - due, 0.0))
            threads = limiter.statistics()
            self.busy, self.waiting = threads.borrowed_tokens, threads.tasks_waiting
