"""Steps of asking a cache, told apart from how they are taken: by a thread that waits, or by a task of asyncio."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Executor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from tapehead.caches.values.flights import Flight
from tapehead.ports.values import Claim, ValueKey

MAKING: Final[ContextVar[frozenset[ValueKey]]] = ContextVar("tapehead_making", default=frozenset())
"""Keys that are being made further up: who asks for one of them from inside would wait for itself."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a store, which may take a while; its answer, where nobody is left to take it, goes to `drop`."""

    call: Callable[[], Any]
    drop: Callable[[Any], None] | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Join:
    """Wait for the call of another."""

    flight: Flight


@dataclass(frozen=True, slots=True)
class Make:
    """Call the function, knowing for which key."""

    key: ValueKey


Steps = Generator[Ask | Pause | Join | Make, Any, Any]


def take(steps: Steps, make: Callable[[], Any]) -> Any:
    """Take steps in this thread and return what they end with."""

    def do(step: Ask | Pause | Join | Make) -> Any:
        if isinstance(step, Ask):
            return step.call()
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        if isinstance(step, Join):
            return step.flight.result()
        token = MAKING.set(MAKING.get() | {step.key})
        try:
            return make()
        finally:
            MAKING.reset(token)

    try:
        step = next(steps)
        while True:
            try:
                answer = do(step)
            except BaseException as error:  # noqa: BLE001 - the steps decide what becomes of it
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        return end.value


async def take_async(steps: Steps, make: Callable[[], Awaitable[Any]], threads: Executor) -> Any:
    """Take steps in this task; stores are asked in `threads`, so that the loop goes on."""

    async def do(step: Ask | Pause | Join | Make) -> Any:
        if isinstance(step, Ask):
            return await _ask(step, threads)
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        if isinstance(step, Join):
            return await asyncio.wrap_future(step.flight)
        token = MAKING.set(MAKING.get() | {step.key})
        try:
            return await make()
        finally:
            MAKING.reset(token)

    try:
        step = next(steps)
        while True:
            try:
                answer = await do(step)
            except BaseException as error:  # noqa: BLE001 - the steps decide what becomes of it
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        return end.value


async def _ask(step: Ask, threads: Executor) -> Any:
    """Ask in a thread; a claim that comes when the task was cancelled meanwhile is given back."""
    asked = threads.submit(step.call)
    try:
        return await asyncio.wrap_future(asked)
    except asyncio.CancelledError:
        if step.drop is not None and not asked.cancel():
            drop = step.drop
            asked.add_done_callback(lambda done: None if done.exception() else drop(done.result()))
        raise


def release(claim: Claim | None) -> None:
    """Give a claim back, if it is one."""
    if claim is not None:
        claim.release()
