"""context: which request and which run this thread or coroutine works for. Copied wherever work is handed on."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST: ContextVar[str] = ContextVar("tapehead.request", default="")
RUN: ContextVar[str] = ContextVar("tapehead.run", default="")
KEY: ContextVar[str] = ContextVar("tapehead.key", default="")
"""Prefix of the key that a request came with; never the key."""


@contextmanager
def working_for(*, run: str) -> Iterator[None]:
    """Have what is logged inside name a run."""
    token = RUN.set(run)
    try:
        yield
    finally:
        RUN.reset(token)
