"""stages: where the time of one request goes, told to its client as `Server-Timing`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

STAGES = ("plan", "queue", "run", "read", "encode")
_spent: ContextVar[dict[str, float] | None] = ContextVar("tapehead.stages", default=None)


def begin_stages() -> dict[str, float]:
    """Begin to count for a request; threads that work for it count into the same sums (s)."""
    spent: dict[str, float] = {}
    _spent.set(spent)
    return spent


def spend(name: str, seconds: float) -> None:
    """Add to a stage of the request this thread works for; nothing where it works for none."""
    spent = _spent.get()
    if spent is not None:
        spent[name] = spent.get(name, 0.0) + seconds


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Count what is done inside as a stage: one of STAGES."""
    began = time.perf_counter()
    try:
        yield
    finally:
        spend(name, time.perf_counter() - began)


def to_header(spent: dict[str, float], total_s: float | None) -> str:
    """Return the value of `Server-Timing` (durations in ms); `total_s` None leaves the total out."""
    told = [f"{name};dur={seconds * 1e3:.3f}" for name, seconds in tuple(spent.items())]
    return ", ".join(told if total_s is None else [*told, f"total;dur={total_s * 1e3:.3f}"])
