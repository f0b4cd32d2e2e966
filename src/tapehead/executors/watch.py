"""Watch: what tasks in threads take of a processor, and how much of the time somebody holds the interpreter."""

import math
import resource
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from tapehead.ports.work import Done, Task

_PAUSE_S: Final = 0.001
_SELF: Final = getattr(resource, "RUSAGE_THREAD", None)


class Watch:
    """The clock of tasks in threads, and a thread beside them that asks for the interpreter once a millisecond.

    Whether it got it without waiting is told by the system, which counts how often a thread gives its processor away:
    once for the pause itself, again where the interpreter was held. So a busy machine changes nothing.

    Attributes
    ----------
    least_s : float
        Processor time of a cell in the task where it took least; inf before one has ended.
    """

    def __init__(self) -> None:
        self.least_s = math.inf
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._held_s = self._asked_s = 0.0

    def begin(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self._ask, name="tapehead-watch", daemon=True).start()

    def end(self) -> None:
        """Ask no more."""
        self._over.set()

    def run(self, work: Callable[[Task], Done], task: Task) -> Done:
        """Run a task and time it."""
        cpu = time.thread_time()
        try:
            return work(task)
        finally:
            cpu_s = time.thread_time() - cpu
            with self._lock:
                self.least_s = min(self.least_s, cpu_s / max(task.hi - task.lo, 1))

    def forget(self) -> None:
        """Begin anew to count who held the interpreter."""
        with self._lock:
            self._held_s = self._asked_s = 0.0

    def held(self) -> tuple[float, float]:
        """Return the share of the time in which the interpreter was held, and how long that was watched (s)."""
        with self._lock:
            return self._held_s / max(self._asked_s, 1e-9), self._asked_s

    def _ask(self) -> None:
        """Ask until told to end."""
        while not self._over.is_set():
            waits, began = _waits(), time.perf_counter()
            time.sleep(_PAUSE_S)
            took_s = time.perf_counter() - began
            was_held = _waits() - waits > 1 if _SELF is not None else took_s > sys.getswitchinterval() / 2
            with self._lock:
                self._asked_s += took_s
                self._held_s += took_s * was_held


def _waits() -> int:
    """Return how often this thread gave its processor away of itself; 0 where the system does not tell."""
    return 0 if _SELF is None else resource.getrusage(_SELF).ru_nvcsw
