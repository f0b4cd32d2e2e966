"""keyring: the keys as the event loop knows them, and the requests that each of them keeps open."""

import asyncio
import hmac
from collections.abc import Mapping, Sequence

from tapehead.library.keys import KEY_PATTERN, digest_of
from tapehead.ports.access import Key

NOTE_USE_EVERY_US = 60_000_000
_NOBODY = bytes(32)


class Grant:
    """One request that goes on with a key; `ended` is set when the key is revoked or expires."""

    __slots__ = ("ended", "key")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.ended = asyncio.Event()


class Keyring:
    """Used on the event loop alone; what it holds is read from the store by another thread (`housekeeping`)."""

    def __init__(self) -> None:
        self._keys: Mapping[str, Key] = {}
        self._grants: dict[str, set[Grant]] = {}
        self._noted: dict[str, int] = {}
        self._used: dict[str, int] = {}

    def replace(self, keys: Sequence[Key], now: int) -> None:
        """Take the keys as the store has them now; end what goes on with those that are no longer usable."""
        self._keys = {key.prefix: key for key in keys}
        for key in keys:
            self._noted.setdefault(key.prefix, key.used_at or 0)
        self.end_unusable(now)

    def end_unusable(self, now: int) -> None:
        """End requests whose keys are revoked, gone or expired at `now` (us UTC)."""
        for prefix, grants in self._grants.items():
            key = self._keys.get(prefix)
            if key is None or not key.is_usable(now):
                for grant in grants:
                    grant.ended.set()

    def find(self, text: str, now: int) -> Key | None:
        """Return the usable key of this text; compared in constant time."""
        found = KEY_PATTERN.fullmatch(text)
        key = self._keys.get(found[1]) if found else None
        # The digest is compared for an unknown prefix too, so that an answer takes as long.
        same = hmac.compare_digest(digest_of(text), key.digest if key else _NOBODY)
        if key is None or not same or not key.is_usable(now):
            return None
        if now - self._noted.get(key.prefix, 0) >= NOTE_USE_EVERY_US:
            self._noted[key.prefix] = self._used[key.prefix] = now
        return key

    def enter(self, key: Key) -> Grant:
        """Note that a request goes on with a key."""
        grant = Grant(key)
        self._grants.setdefault(key.prefix, set()).add(grant)
        return grant

    def leave(self, grant: Grant) -> None:
        """Note that a request is over."""
        grants = self._grants[grant.key.prefix]
        grants.discard(grant)
        if not grants:
            del self._grants[grant.key.prefix]

    def take_used(self) -> dict[str, int]:
        """Return the last uses that are to be kept, once."""
        used, self._used = self._used, {}
        return used
