"""Crew: the worker processes of this process, kept warm between runs."""

import atexit
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from multiprocessing import Pipe
from typing import Any, Final

from tapehead.errors import SurroundingsError
from tapehead.executors.child import BOOT, PROTOCOL, READY, Answer, Order, Setup

_END_S: Final = 2.0
"""How long a process may take to end by itself before it is killed."""


class LostWorkerError(SurroundingsError):
    """A worker process ended in the middle of a task: {how}; fewer at a time (`--workers 1`) need less memory."""

    code = "surroundings.worker"


class Worker:
    """One worker process; used by one thread at a time, save `kill`.

    It is a fresh interpreter that never imports the program of its starter, so a script needs no
    `if __name__ == "__main__"`, and a prompt or `python -c` will do. Its own process group keeps Ctrl-C from it.

    Attributes
    ----------
    unwanted : bool
        Its crew was closed while it worked, so that nobody else need do what it did.

    Raises
    ------
    SurroundingsError
        The system starts no further process.
    """

    def __init__(self) -> None:
        self.unwanted = False
        here, there = Pipe()
        path = json.dumps(sys.path)
        flags = [f"-W{each}" for each in sys.warnoptions] + ["-O"] * sys.flags.optimize
        try:
            self._process = subprocess.Popen(
                [sys.executable, *flags, "-c", BOOT, str(there.fileno()), path],
                pass_fds=(there.fileno(),),
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError as error:
            here.close()
            raise _unstartable(error.strerror or str(error)) from error
        finally:
            there.close()
        self._connection: Any = here
        self._round = -1
        self._ready = False

    @property
    def lives(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def ask(self, number: int, setup: Setup, task: Any) -> Any:
        """Have one task done and return what its work gives; raise what it raises.

        Raises
        ------
        LostWorkerError
            The process ended meanwhile.
        SurroundingsError
            It ended before it was there.
        """
        known = self._round == number
        try:
            if not self._ready:
                self._ready = self._connection.recv_bytes() == READY
            self._connection.send_bytes(pickle.dumps(Order(number, None if known else setup, task), PROTOCOL))
            told = self._connection.recv_bytes()
        except (EOFError, OSError):
            how = self.wait()
            raise LostWorkerError(how=how) if self._ready else _unstartable(how) from None
        self._round = number
        answer: Answer = pickle.loads(told)  # noqa: S301 - from a process that this one started
        if answer.error is not None:
            raise answer.error
        return answer.done

    def kill(self) -> None:
        """End the process at once, from any thread; who asked it is told that it is lost."""
        self._process.kill()

    def close(self) -> None:
        """End a process that waits for work."""
        self._connection.close()
        self.wait()

    def forget(self) -> None:
        """Let go of the process in a copy of its starter that was forked: it is not its own."""
        self._connection.close()
        self._process.returncode = 0

    def wait(self) -> str:
        """Wait for the end, which is near, and say it in words."""
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if code >= 0:
            return f"it ended by itself with {code}"
        try:
            return f"it was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"it was ended by signal {-code}"


def _unstartable(cause: str) -> SurroundingsError:
    """Return the error of a process that did not come up."""
    text = f"A worker process could not be started: {cause}. Threads need none: --executor threads"
    return SurroundingsError(text)


class Crew:
    """The workers there are, lent to one round at a time. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._lent: set[Worker] = set()

    def hire(self) -> Worker:
        """Lend a process that waits, or a new one."""
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                worker = Worker()
            elif not worker.lives:
                worker.close()
                continue
            with self._lock:
                self._lent.add(worker)
            return worker

    def take_back(self, worker: Worker) -> None:
        """Keep a process warm that has nothing to do."""
        with self._lock:
            self._lent.discard(worker)
            self._idle.append(worker)

    def dismiss(self, worker: Worker) -> None:
        """Let go of a process that was lost, or that still works on what nobody wants."""
        worker.kill()
        worker.close()
        with self._lock:
            self._lent.discard(worker)

    def close(self) -> None:
        """End every process; those that work are killed, and who waits for them is told."""
        with self._lock:
            idle, self._idle = self._idle, []
            lent = list(self._lent)
        for worker in lent:
            worker.unwanted = True
            worker.kill()
            worker.wait()
        for worker in idle:
            worker.close()

    def forget(self) -> None:
        """Begin anew in a process that was forked."""
        for worker in (*self._idle, *self._lent):
            worker.forget()
        # Another thread of the starter may have held the lock: here nobody gives it back.
        self._lock, self._idle, self._lent = threading.Lock(), [], set()


CREW: Final = Crew()
"""The processes of this process."""
atexit.register(CREW.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CREW.forget)
