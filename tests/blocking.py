"""Whether anything blocks a service's event loop: calls that wait are noticed on its thread, and fail the test."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import blockbuster.blockbuster as detector

SERVER = "tapehead-serve"
"""The thread that the event loop of a service in this process runs on."""


class Blocked(detector.BlockingError):
    """A call that waits, made on the event loop; remembered however it is caught."""

    seen: list[str] | None = None
    given = detector.BlockingError

    def __init__(self, function: str) -> None:
        super().__init__(function)
        if Blocked.seen is not None:
            Blocked.seen.append(f"{function}\n{''.join(traceback.format_stack(limit=14)[:-2])}")


@contextmanager
def watching_the_loop(thread: str = SERVER) -> Iterator[None]:
    """Fail where the block makes the event loop on the thread of that name wait: for a disk, a lock, a database.

    Within another watch, what is noticed counts for the inner one alone.
    """
    outer, Blocked.seen = Blocked.seen, []
    found = None if outer is not None else _detector(thread)
    try:
        yield
    finally:
        if found is not None:
            found.deactivate()
            detector.BlockingError = Blocked.given
        seen, Blocked.seen = Blocked.seen, outer
    assert not seen, f"{len(seen)} calls made the event loop wait; the first:\n{seen[0]}"


def _detector(thread: str) -> detector.BlockBuster:
    """Return a detector that is on, for one thread."""
    found = detector.BlockBuster()
    # FastAPI looks once for the source of each route, to name it in its errors.
    found.functions["os.stat"].can_block_in("fastapi/routing.py", "_extract_endpoint_context")
    # pytest keeps what is logged, in files of its own; the service has a thread that writes.
    for name in ("io.TextIOWrapper.write", "io.BufferedWriter.write"):
        found.functions[name].can_block_in("logging/__init__.py", {"emit", "flush"})
    for each in found.functions.values():
        each.can_block_predicate = _elsewhere_or(thread, each.can_block_predicate)
    detector.BlockingError = Blocked
    found.activate()
    return found


def _elsewhere_or(thread: str, allowed: Callable[..., bool]) -> Callable[..., bool]:
    """Allow every call on other threads; clients of the tests have loops too, and may wait on them."""

    def may_block(*args: Any, **words: Any) -> bool:
        return threading.current_thread().name != thread or allowed(*args, **words)

    return may_block
