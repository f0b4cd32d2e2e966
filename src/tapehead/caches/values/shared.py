"""RedisValues: values in a Redis or Valkey, for all processes of all machines that name it."""

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from redis.exceptions import AuthenticationError, ResponseError

from tapehead.caches.shared import AWAY
from tapehead.caches.values.lease import Leases
from tapehead.layout.formats import VALUES_FORMAT
from tapehead.ports.values import Missing, NamespaceFacts, StoreAwayError, StoreFacts, ValueKey
from tapehead.valkey.client import AWAY_ERRORS, check_url, clear_keys, make_client, server_figures, shown_url

_PREFIX: Final = f"tapehead:cache:{VALUES_FORMAT}:"
_RETRY_S: Final = 5.0
_MOST_BYTES: Final = 256 << 20
"""Of a value: a server takes 512 MiB at once."""
_REMEMBERED_MS: Final = 86_400_000
"""How long after its end it is known that there was a value."""
_BATCH: Final = 1000
T = TypeVar("T")

# By the server's clock, so that machines whose clocks differ agree. One slot of a cluster holds the four keys.
_WRITE: Final = """
local now = redis.call('TIME')
local ends = now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[2]
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3] .. ':' .. string.format('%.0f', ends), 'PX', ARGV[2] + ARGV[4])
return 1
"""
_WHY: Final = """
local mark = redis.call('GET', KEYS[1])
if not mark then return 'absent' end
local version, ends = string.match(mark, '^(.*):(%d+)$')
if version ~= ARGV[1] then return 'changed' end
local now = redis.call('TIME')
if now[1] * 1000 + math.floor(now[2] / 1000) >= tonumber(ends) then return 'expired' end
return 'evicted'
"""
_RENEW: Final = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2])"
_RELEASE: Final = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1])"


class _LeaseClaim:
    """A key with our token in it, which the server drops by itself when we do not come back."""

    def __init__(self, values: "RedisValues", key: str, token: str) -> None:
        self._values, self._key, self._token = values, key, token

    def release(self) -> None:
        """Drop the key if it is still ours."""
        token, self._token = self._token, ""
        if token:
            self._values.release(self._key, token)


class RedisValues:
    """`ports.values.ValueStore` in a Redis or Valkey: one server, a cluster or behind sentinels.

    Keys are `tapehead:cache:1:NAMESPACE:{DIGEST}:VERSION`, with `:mark` (which version, until when; outlives the value
    by a day), `:VERSION:lease` (who makes it) and `tapehead:cache:1:NAMESPACE:counts` (a hash). How much is kept the
    server decides (`maxmemory`, `allkeys-lru`).

    Parameters
    ----------
    url : str
        See `valkey.client.make_client`.
    wait_s : float
        How long to wait for an answer.
    lease_s : float
        How long others wait for a process that was killed while it made a value.
    name_in_errors : str
        What the URL was given as, for errors.
    """

    name = "redis"

    def __init__(self, url: str, *, wait_s: float = 1.0, lease_s: float = 10.0, name_in_errors: str = "url") -> None:
        check_url(url, name_in_errors)
        self._url, self._wait_s, self._lease_ms = url, wait_s, int(lease_s * 1000)
        self._guard = threading.Lock()
        self._made: Any = None
        self._pid = os.getpid()
        self._leases = Leases(lease_s, self._renew)
        self._degraded = ""
        self._retry_at = 0.0

    def read(self, key: ValueKey) -> bytes | Missing:
        """Return the bytes, or why there are none."""
        found: bytes | None = self._ask(lambda client: _bytes_of(client, _value(key)))
        if found is not None:
            return found
        why: Missing = self._ask(lambda client: client.eval(_WHY, 1, _mark(key), key.version)).decode()
        return why

    def write(self, key: ValueKey, data: bytes, ttl_s: float, max_items: int) -> bool:
        """Keep the bytes; how many values there are the server decides."""
        del max_items
        if len(data) > _MOST_BYTES:
            return False
        ttl_ms = max(1, int(ttl_s * 1000))
        keys = (_value(key), _mark(key))
        self._ask(lambda client: client.eval(_WRITE, 2, *keys, data, ttl_ms, key.version, _REMEMBERED_MS))
        return True

    def claim(self, key: ValueKey) -> _LeaseClaim | None:
        """Put our token into the key's lease, unless there is one."""
        name, token = f"{_value(key)}:lease", secrets.token_hex(16)
        if not self._ask(lambda client: client.set(name, token, nx=True, px=self._lease_ms)):
            return None
        self._leases.add(name, token)
        return _LeaseClaim(self, name, token)

    def release(self, name: str, token: str) -> None:
        """Drop a lease that is ours; where the server is away, time does."""
        self._leases.drop(name)
        self._try(lambda client: client.eval(_RELEASE, 1, name, token))

    def forget(self, key: ValueKey) -> bool:
        """Drop one value."""
        return bool(self._ask(lambda client: client.unlink(_value(key), _mark(key))))

    def clear(self, namespace: str | None = None) -> int:
        """Drop keys by their names, found with SCAN; no other key is touched."""
        # A lease stays: who makes a value now goes on.
        match = f"{_PREFIX}{namespace or '*'}:*"
        return self._ask(lambda client: clear_keys(client, match, _is_value, lambda name: name.endswith(b":lease")))

    def count(self, counts: Mapping[str, Mapping[str, float]]) -> None:
        """Add to the counters."""

        def count(client: Any) -> None:
            added = [
                (f"{_PREFIX}{namespace}:counts", *each) for namespace, held in counts.items() for each in held.items()
            ]
            pipe = client.pipeline(transaction=False)
            for key, name, value in added:
                pipe.hincrbyfloat(key, name, value)
            for (key, _, _), error in zip(added, pipe.execute(raise_on_error=False), strict=True):
                if isinstance(error, ResponseError) and _is_foreign(error):
                    # Whoever wrote it, it counts nothing.
                    client.unlink(key)
                elif isinstance(error, Exception):
                    raise error

        if counts:
            self._ask(count)

    def namespaces(self) -> Sequence[NamespaceFacts]:
        """Return what each namespace holds; every key of ours is looked at."""
        return self._ask(_namespaces)

    def facts(self) -> StoreFacts:
        """Return the figures of the server, all its keys included, or why it is away."""
        where = shown_url(self._url)
        try:
            figures = self._ask(server_figures)
        except StoreAwayError as error:
            return StoreFacts(self.name, where, degraded=str(error))
        return StoreFacts(self.name, where, int(figures["used_memory"]), int(figures["maxmemory"]), server=figures)

    def close(self) -> None:
        """Close the connections."""
        with self._guard:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _renew(self, name: str, token: str) -> None:
        """Make a lease longer; should the server be away, it runs out."""
        self._try(lambda client: client.eval(_RENEW, 1, name, token, self._lease_ms))

    def _try(self, question: Callable[[Any], object]) -> None:
        """Ask for what need not be done."""
        try:
            self._ask(question)
        except StoreAwayError:
            return

    def _client(self) -> Any:
        """Return the client, made at first use and again in a child of `fork`: connections are not shared."""
        with self._guard:
            if self._made is None or self._pid != os.getpid():
                self._made, self._pid = make_client(self._url, wait_s=self._wait_s), os.getpid()
                self._leases = Leases(self._lease_ms / 1000, self._renew)
            return self._made

    def _ask(self, question: Callable[[Any], T]) -> T:
        """Ask the server; one that is away is left alone for a while."""
        if self._degraded and time.monotonic() < self._retry_at:
            raise StoreAwayError(self._degraded)
        try:
            answer = question(self._client())
        except (ResponseError, AuthenticationError) as error:
            self._fail(f"Redis refuses: {str(error).rstrip('.')}. Slower, same results.")
            raise StoreAwayError(self._degraded) from error
        except AWAY_ERRORS as error:
            self._fail(AWAY)
            raise StoreAwayError(self._degraded) from error
        self._degraded = ""
        return answer

    def _fail(self, why: str) -> None:
        """Leave the server alone for a while."""
        self._degraded, self._retry_at = why, time.monotonic() + _RETRY_S


def _bytes_of(client: Any, name: str) -> bytes | None:
    """Return what a key holds; of one of another type nothing that can be read, so that it is written over."""
    try:
        held: bytes | None = client.get(name)
    except ResponseError as error:
        if not _is_foreign(error):
            raise
        return b""
    return held


def _is_foreign(error: ResponseError) -> bool:
    """Say whether a key is refused for what it holds, which somebody else wrote there."""
    return str(error).startswith(("WRONGTYPE", "hash value is not a"))


def _stem(key: ValueKey) -> str:
    """Return what the keys of a value begin with; the braces keep them together in a cluster."""
    return f"{_PREFIX}{key.namespace}:{{{key.digest.hex()}}}"


def _value(key: ValueKey) -> str:
    """Return where the bytes stand."""
    return f"{_stem(key)}:{key.version}"


def _mark(key: ValueKey) -> str:
    """Return where it is noted that there was a value."""
    return f"{_stem(key)}:mark"


def _is_value(name: bytes) -> bool:
    """Say whether a key of ours holds a value."""
    return b"}:" in name and not name.endswith((b":mark", b":lease"))


def _namespaces(client: Any) -> Sequence[NamespaceFacts]:
    """Look at every key of ours."""
    sizes: dict[str, list[int]] = {}
    counts: dict[str, dict[str, float]] = {}
    batch: list[bytes] = []

    def measure() -> None:
        pipe = client.pipeline(transaction=False)
        for name in batch:
            pipe.strlen(name)
        for name, size in zip(batch, pipe.execute(raise_on_error=False), strict=True):
            if isinstance(size, int):
                sizes.setdefault(_namespace(name), []).append(size)
        batch.clear()

    for name in client.scan_iter(match=f"{_PREFIX}*", count=_BATCH):
        if name.endswith(b":counts"):
            counts[_namespace(name)] = _counts_of(client, name)
        elif _is_value(name):
            batch.append(name)
        if len(batch) == _BATCH:
            measure()
    if batch:
        measure()
    return [
        NamespaceFacts(name, len(sizes.get(name, ())), sum(sizes.get(name, ())), counts.get(name, {}))
        for name in sorted({*sizes, *counts})
    ]


def _counts_of(client: Any, name: bytes) -> dict[str, float]:
    """Return the counters of a namespace; none where somebody else wrote there."""
    try:
        return {each.decode(): float(value) for each, value in client.hgetall(name).items()}
    except ValueError:
        return {}
    except ResponseError as error:
        if not _is_foreign(error):
            raise
        return {}


def _namespace(name: bytes) -> str:
    """Return the namespace in the name of a key."""
    return name.decode(errors="replace").removeprefix(_PREFIX).partition(":")[0]
