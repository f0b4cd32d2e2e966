"""ValueCache: values out of the first store that can be asked, each made once however many ask for it."""

import os
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from tapehead.caches.values.asking import MAKING, Ask, Join, Make, Pause, Steps, release, take, take_async
from tapehead.caches.values.flights import ABANDONED, Flights
from tapehead.caches.values.tally import Tally
from tapehead.ports.values import (
    Asked,
    Claim,
    Missing,
    NamespaceFacts,
    StoreAwayError,
    StoreFacts,
    ValueKey,
    ValueStore,
)

_TOOK: Final = struct.Struct("<d")
"""Before the bytes of a value: how long it took to be made (s)."""
_FIRST_PAUSE_S: Final = 0.002
_LONGEST_PAUSE_S: Final = 0.05
_THREADS: Final = 4


class _Found(NamedTuple):
    """Bytes of a value or why there are none, and the store that said so."""

    data: bytes | None
    why: Missing
    store: ValueStore | None


class ValueCache:
    """Values by key, in the first of several stores that can be asked.

    Parameters
    ----------
    stores : sequence of ValueStore
        A Redis, then the file on this machine, then memory; without any every call is made.

    Notes
    -----
    Safe from many threads, event loops and processes, and across `fork`. Of those who ask for a value that is not
    there one makes it: in a process the others wait for that call and get its value or its exception; other processes
    look again after 2 ms, then twice that, at most 50 ms, until the value is there or who made it has given up or
    died. A store that is away is passed over: what was kept there is made again and kept in the next one.
    """

    def __init__(self, stores: Sequence[ValueStore]) -> None:
        self._stores = tuple(stores)
        self._flights = Flights()
        self._tally = Tally(self._hand_on)
        self._guard = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._pid = os.getpid()

    def get_or_make(self, asked: Asked, make: Callable[[], Any]) -> Any:
        """Return the value, calling `make` where there is none; raises what that raises."""
        return take(self._steps(asked), make)

    async def get_or_make_async(self, asked: Asked, make: Callable[[], Awaitable[Any]]) -> Any:
        """Return the value, awaiting `make` where there is none."""
        return await take_async(self._steps(asked), make, self._executor())

    def look(self, asked: Asked) -> tuple[Any, Missing | None]:
        """Return a value that is there and None, or nothing and why."""
        began = time.perf_counter()
        found = self._find(asked.key)
        value, good = self._good(asked, found, began)
        if not good:
            why = found.why if found.data is None else "unreadable"
            self._tally.add(asked.key.namespace, **{why: 1.0})
            return None, why
        return value, None

    def put(self, asked: Asked, value: Any) -> None:
        """Keep a value that somebody has made."""
        self._keep(asked, asked.write(value), 0.0)

    async def put_async(self, asked: Asked, value: Any) -> None:
        """The same, while the event loop goes on."""
        data = asked.write(value)
        await take_async(self._put_steps(asked, data), _nothing, self._executor())

    def forget(self, key: ValueKey) -> bool:
        """Drop one value, wherever it is kept."""
        dropped = [self._each(store, lambda one: one.forget(key), otherwise=False) for store in self._stores]
        return any(dropped)

    def clear(self, namespace: str | None = None) -> int:
        """Drop the values of a namespace, or all; return how many."""
        self._tally.forget(namespace)
        return sum(self._each(store, lambda one: one.clear(namespace), otherwise=0) for store in self._stores)

    def here(self) -> Mapping[str, Mapping[str, float]]:
        """Return what was counted in this process, by namespace."""
        return self._tally.here()

    def namespaces(self) -> Sequence[tuple[str, NamespaceFacts]]:
        """Return what each store holds by namespace, counted over all processes."""
        self._tally.flush()
        nothing: Sequence[NamespaceFacts] = ()
        return [
            (store.name, facts)
            for store in self._stores
            for facts in self._each(store, lambda one: one.namespaces(), otherwise=nothing)
        ]

    def facts(self) -> list[StoreFacts]:
        """Return how each store stands."""
        return [store.facts() for store in self._stores]

    def close(self) -> None:
        """Hand on what was counted, and let go of files and connections; a later call opens them again."""
        self._tally.flush()
        with self._guard:
            threads, self._threads = self._threads, None
        if threads is not None and self._pid == os.getpid():
            threads.shutdown()
        for store in self._stores:
            store.close()

    def _put_steps(self, asked: Asked, data: bytes) -> Steps:
        """Keep bytes."""
        yield Ask(lambda: self._keep(asked, data, 0.0))

    def _steps(self, asked: Asked) -> Steps:
        """Ask for a value, and make it where nobody else does."""
        key = asked.key
        if not self._stores or key in MAKING.get():
            return (yield Make(key))
        told = False
        while True:
            value, why = yield from self._look(asked)
            if why is None:
                return value
            if not told:
                self._tally.add(key.namespace, **{why: 1.0})
                told = True
            flight, first = self._flights.join(key)
            if first:
                return (yield from self._lead(asked, flight))
            data = yield Join(flight)
            if data is not ABANDONED:
                self._tally.add(key.namespace, joined=1.0)
                return asked.read(data)

    def _lead(self, asked: Asked, flight: Any) -> Steps:
        """Be the one of this process that gets the value; whatever happens, wake the others."""
        claim: Claim | None = None
        try:
            pause = _FIRST_PAUSE_S
            while True:
                claim, alone = yield Ask(lambda: self._claim(asked.key), lambda got: release(got[0]))
                found = yield Ask(lambda: self._find(asked.key))
                value, good = self._good(asked, found, None)
                if good:
                    release(claim)
                    self._flights.end(asked.key, flight, found.data[_TOOK.size :])
                    self._tally.add(asked.key.namespace, joined=1.0)
                    return value
                if alone:
                    break
                yield Pause(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            return (yield from self._make(asked, flight, claim))
        except BaseException as error:
            release(claim)
            if not flight.done():
                told = error if isinstance(error, Exception) else None
                self._flights.end(asked.key, flight, error=told)
            raise

    def _make(self, asked: Asked, flight: Any, claim: Claim | None) -> Steps:
        """Call the function, keep what it gave, let the others have it."""
        began = time.perf_counter()
        namespace = asked.key.namespace
        try:
            value = yield Make(asked.key)
        except Exception as error:
            took = time.perf_counter() - began
            data = asked.write_error(error)
            self._tally.add(namespace, made=1.0, made_s=took, failed=1.0)
            if data is not None:
                yield Ask(lambda: self._keep(asked, data, took))
            yield Ask(lambda: release(claim))
            raise
        took = time.perf_counter() - began
        self._tally.add(namespace, made=1.0, made_s=took)
        written = asked.write(value)
        yield Ask(lambda: self._keep(asked, written, took))
        yield Ask(lambda: release(claim))
        self._flights.end(asked.key, flight, written)
        return value

    def _look(self, asked: Asked) -> Steps:
        """Look a value up; ends with it and None, or with nothing and why."""
        began = time.perf_counter()
        found = yield Ask(lambda: self._find(asked.key))
        value, good = self._good(asked, found, began)
        if good:
            return value, None
        return None, found.why if found.data is None else "unreadable"

    def _good(self, asked: Asked, found: _Found, began: float | None) -> tuple[Any, bool]:
        """Return the value in bytes and that it is one; `began` counts a hit."""
        if found.data is None or len(found.data) < _TOOK.size:
            return None, False
        good = True
        try:
            return asked.read(found.data[_TOOK.size :]), True
        except asked.unreadable:
            good = False
            return None, False
        finally:
            # What was kept may be an exception, which is a hit too.
            if good and began is not None and found.store is not None:
                (took,) = _TOOK.unpack_from(found.data)
                spent = time.perf_counter() - began
                hit = {f"hits_{found.store.name}": 1.0, f"hits_{found.store.name}_s": spent}
                self._tally.add(asked.key.namespace, hits=1.0, saved_s=max(0.0, took - spent), **hit)

    def _find(self, key: ValueKey) -> _Found:
        """Look into the first store that can be asked."""
        self._tally.flush_if_due()
        away = False
        for store in self._stores:
            try:
                found = store.read(key)
            except StoreAwayError:
                away = True
                continue
            if isinstance(found, bytes):
                return _Found(found, "absent", store)
            return _Found(None, "away" if away and found == "absent" else found, store)
        return _Found(None, "away", None)

    def _claim(self, key: ValueKey) -> tuple[Claim | None, bool]:
        """Take the right to make a value of the first store that can be asked: the claim, and whether it was free."""
        for store in self._stores:
            try:
                claim = store.claim(key)
            except StoreAwayError:
                continue
            return claim, claim is not None
        return None, True

    def _keep(self, asked: Asked, data: bytes, took: float) -> None:
        """Keep bytes in the first store that can be asked, unless they are too many or good no longer."""
        ttl_s, namespace = asked.ttl_s(), asked.key.namespace
        if ttl_s <= 0:
            self._tally.add(namespace, late=1.0)
            return
        for store in self._stores if len(data) <= asked.max_value_bytes else ():
            try:
                if store.write(asked.key, _TOOK.pack(took) + data, ttl_s, asked.max_items):
                    self._tally.add(namespace, kept=1.0, kept_bytes=float(len(data)))
                    return
            except StoreAwayError:
                continue
            break
        self._tally.add(namespace, too_large=1.0)
        self._warn(asked, len(data))

    def _warn(self, asked: Asked, size: int) -> None:
        """Log a value that is not kept; its maker goes on with it."""
        import logging

        text = "a value of %s takes %d bytes and is not kept; at most %d are (max_value_bytes, TAPEHEAD_CACHE_MB)"
        logging.getLogger("tapehead.caches").warning(text, asked.key.namespace, size, asked.max_value_bytes)

    def _hand_on(self, counts: Mapping[str, Mapping[str, float]]) -> None:
        """Add to the counters that all processes share."""
        for store in self._stores:
            try:
                store.count(counts)
            except StoreAwayError:
                continue
            return

    def _each(self, store: ValueStore, call: Callable[[ValueStore], Any], *, otherwise: Any) -> Any:
        """Ask one store, or pass it over where it is away."""
        try:
            return call(store)
        except StoreAwayError:
            return otherwise

    def _executor(self) -> Executor:
        """Return the threads that ask stores for tasks."""
        with self._guard:
            if self._threads is None or self._pid != os.getpid():
                self._threads, self._pid = ThreadPoolExecutor(_THREADS, "tapehead-cache"), os.getpid()
            return self._threads


async def _nothing() -> None:
    """Make nothing: there is a value."""
