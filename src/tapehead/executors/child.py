"""serve: what a worker process does, from its start to the end of whoever started it."""

import importlib
import os
import pickle
import select
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

PROTOCOL: Final = 5
READY: Final = b"ready"
BOOT: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from tapehead.executors.child import serve; serve(int(sys.argv[1]))"
)
"""What a fresh interpreter is given: the modules that its starter finds, and the socket between them."""
_inside = threading.Event()


class Setup(NamedTuple):
    """The work of one round, pickled, with where its modules and files are found."""

    folder: str
    path: tuple[str, ...]
    work: bytes


class Order(NamedTuple):
    """One task of a round; the setup comes with the first one that a process gets of it."""

    number: int
    setup: Setup | None
    task: Any


class Answer(NamedTuple):
    """What the work gave, or what it raised although work never should."""

    done: Any
    error: BaseException | None = None


def is_worker() -> bool:
    """Say whether this process works for another one."""
    return _inside.is_set()


def serve(fd: int) -> None:
    """Answer orders until the other end of the socket is closed; does not return.

    Who starts a process with Ctrl-C in mind ends it by the socket, so an interrupt is not heard here. Where the starter
    dies in the middle of a task, a thread sees the closed socket and ends the process with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _inside.set()
    connection: Any = Connection(fd)
    threading.Thread(target=_end_with, args=(fd,), name="tapehead-starter", daemon=True).start()
    try:
        connection.send_bytes(READY)
        works: dict[int, Callable[[Any], Any]] = {}
        while True:
            connection.send_bytes(_answer(works, connection.recv_bytes()))
    except (EOFError, OSError):
        _leave()


def _end_with(fd: int) -> None:
    """Wait until the other end is closed, and end this process."""
    closed = select.poll()
    closed.register(fd, 0)
    closed.poll()
    _leave()


def _leave() -> None:
    """End at once: nobody listens, and a task that goes on would only cost."""
    os._exit(0)


def _answer(works: dict[int, Callable[[Any], Any]], message: bytes) -> bytes:
    """Do one order and return its answer, pickled."""
    try:
        order: Order = pickle.loads(message)  # noqa: S301 - from the process that started this one
        if order.setup is not None:
            works.clear()
            works[order.number] = _set_up(order.setup)
        return pickle.dumps(Answer(works[order.number](order.task)), PROTOCOL)
    except BaseException as error:  # noqa: BLE001 - raised again by who asked
        return _told(error)
    finally:
        _flush()


def _set_up(setup: Setup) -> Callable[[Any], Any]:
    """Look where the starter looks for files and modules, and return the work."""
    if sys.path != list(setup.path):
        sys.path[:] = setup.path
        importlib.invalidate_caches()
    if setup.folder:
        os.chdir(setup.folder)
    work: Callable[[Any], Any] = pickle.loads(setup.work)  # noqa: S301 - from the process that started this one
    return work


def _told(error: BaseException) -> bytes:
    """Return an answer that raises; an error that cannot travel is told in words."""
    try:
        told = pickle.dumps(Answer(None, error), PROTOCOL)
        pickle.loads(told)  # noqa: S301 - an error may be made so that it can be packed, and not unpacked
    except Exception:  # noqa: BLE001 - whatever an error's own code does
        return pickle.dumps(Answer(None, RuntimeError(f"{type(error).__name__}: {error}")), PROTOCOL)
    return told


def _flush() -> None:
    """Let out what a strategy printed; nobody may read it any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue
