"""housekeeping: what access reads from and writes to its store, in a thread of its own, off every request's way."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tapehead.api.access.keyring import Keyring
from tapehead.errors import TapeheadError
from tapehead.library.keys import now_us
from tapehead.ports.access import AccessStore, AuditEntry, Key

log = logging.getLogger("tapehead.access")

LOOK_EVERY_S = 0.5
PRUNE_EVERY_S = 3600.0
TRY_AGAIN_S = 30.0
MOST_WAITING = 10_000
MOST_AUDIT = 1_000_000
_DAY_US = 86_400_000_000


class _Seen(NamedTuple):
    """The keys of one generation; none where they have not changed."""

    generation: int
    keys: Sequence[Key] | None


class Housekeeping:
    """Looks for changed keys every half second, and keeps audit entries as they come, in groups.

    Parameters
    ----------
    store : AccessStore
    keyring : Keyring
        Told of changes, on the event loop.
    audit_days : int
        How long the audit log reaches back.
    """

    def __init__(self, store: AccessStore, keyring: Keyring, audit_days: int) -> None:
        self._store = store
        self._keyring = keyring
        self._audit_us = audit_days * _DAY_US
        self._generation = -1
        self._waiting: list[AuditEntry] = []
        self._woken = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "tapehead-access")
        self._pruned_s = self._failed_s = float("-inf")
        self._ending = False

    def note(self, entry: AuditEntry) -> None:
        """Have an entry of the audit log kept, within milliseconds."""
        if len(self._waiting) >= MOST_WAITING:
            # The disk has been full for long; what cannot be kept is at least said.
            log.error("audit entry lost", extra={"who": entry.who, "method": entry.method, "path": entry.path})
            return
        self._waiting.append(entry)
        self._woken.set()

    async def begin(self) -> None:
        """Read the keys, before the first request. Raises what the store raises."""
        self._take(await self._look_in_thread())

    async def go_on(self) -> None:
        """Look and keep until `end`, and once more then."""
        while not self._ending:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._woken.wait()
            self._woken.clear()
            await self._round()
        await self._round()
        self._thread.shutdown(wait=False)

    def end(self) -> None:
        """Let `go_on` keep what waits, and end."""
        self._ending = True
        self._woken.set()

    async def _round(self) -> None:
        """Keep what waits, look for changed keys, end what they no longer allow."""
        # A disk that is full or read-only stays so for a while; what waits is bounded.
        now_s = asyncio.get_running_loop().time()
        if self._ending or now_s - self._failed_s >= TRY_AGAIN_S:
            self._failed_s = float("-inf") if await self._is_done(self._keep) else now_s
        await self._is_done(self._look_again)
        self._keyring.end_unusable(now_us())

    async def _is_done(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do something with access.db; where that fails, log why and go on."""
        try:
            await work()
        except TapeheadError as error:
            log.error("access.db cannot be used", extra={"code": error.code, "why": str(error)})
            return False
        except Exception:
            log.exception("access.db cannot be used")
            return False
        return True

    async def _look_again(self) -> None:
        """Look for changed keys."""
        self._take(await self._look_in_thread())

    async def _keep(self) -> None:
        """Write audit entries and last uses; entries that could not be written wait on."""
        loop = asyncio.get_running_loop()
        entries, used = self._waiting, self._keyring.take_used()
        self._waiting = []
        try:
            if loop.time() - self._pruned_s >= PRUNE_EVERY_S:
                self._pruned_s = loop.time()
                await loop.run_in_executor(self._thread, self._prune)
            if entries:
                await loop.run_in_executor(self._thread, self._store.add_audit, entries)
        except BaseException:
            self._waiting = entries + self._waiting
            raise
        if used:
            await loop.run_in_executor(self._thread, self._store.note_use, used)

    def _prune(self) -> None:
        """Forget what is too old."""
        gone = self._store.prune_audit(before=now_us() - self._audit_us, keep=MOST_AUDIT)
        if gone:
            log.info("audit log pruned", extra={"entries": gone})

    async def _look_in_thread(self) -> _Seen:
        """Read the keys where they changed."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look)

    def _look(self) -> _Seen:
        """Return the generation of the keys, and them where it is another."""
        generation = self._store.generation()
        return _Seen(generation, self._store.all_keys() if generation != self._generation else None)

    def _take(self, seen: _Seen) -> None:
        """Hand changed keys to the keyring."""
        if seen.keys is not None:
            self._generation = seen.generation
            self._keyring.replace(seen.keys, now_us())
