"""The detector of calls that make an event loop wait notices them, there and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.blocking import SERVER, watching_the_loop


def on_a_loop(call: Callable[[], object], thread: str) -> None:
    """Make a call on an event loop in a thread of that name; what it raises is swallowed, as a route's error is."""

    async def route() -> None:
        with contextlib.suppress(BaseException):
            call()

    started = threading.Thread(target=lambda: asyncio.run(route()), name=thread)
    started.start()
    started.join()


def take_a_lock() -> None:
    """Wait for a lock that somebody holds."""
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


CALLS: list[tuple[str, Callable[[], object]]] = [
    ("sqlite3.Connection.execute", lambda: sqlite3.connect(":memory:").execute("SELECT 1")),
    ("time.sleep", lambda: time.sleep(0)),
    ("acquire", take_a_lock),
    ("io.TextIOWrapper.read", lambda: Path(__file__).read_text(encoding="utf-8")),
    ("os.stat", lambda: Path(__file__).stat()),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_a_call_that_waits_on_the_loop_fails_the_test_even_where_it_is_caught(
    name: str, call: Callable[[], object]
) -> None:
    with pytest.raises(AssertionError, match=rf"1 calls made the event loop wait.*\n.*{name}"), watching_the_loop():
        on_a_loop(call, SERVER)


def test_other_threads_may_wait() -> None:
    with watching_the_loop():
        on_a_loop(CALLS[0][1], "a client")
        CALLS[0][1]()
        on_a_loop(asyncio.current_task, SERVER)


def test_what_a_watch_within_a_watch_notices_is_its_own() -> None:
    with watching_the_loop():
        with pytest.raises(AssertionError, match="1 calls"), watching_the_loop():
            on_a_loop(CALLS[0][1], SERVER)
        on_a_loop(asyncio.current_task, SERVER)
