"""SharedTier: decoded columns in a Redis or Valkey, for all machines of a team."""

import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from redis.exceptions import AuthenticationError, ResponseError

from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.layout.formats import SHARED_FORMAT
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import TierStats
from tapehead.valkey.client import AWAY_ERRORS, check_url, clear_keys, make_client, server_figures

Array = NDArray[Any]

AWAY: Final = "Redis is away: slower, same results."
_PREFIX: Final = f"tapehead:bars:{SHARED_FORMAT}:"
_RETRY_S: Final = 5.0
_SUM: Final = 4
_MOST_BYTES: Final = 256 * 1024 * 1024
"""Of a column: a server takes 512 MiB at once."""


class SharedTier:
    """`ports.bars.ChunkCache` in a Redis or Valkey, by its URL.

    A key holds the raw bytes of one column with their checksum, and is named by the data hash of its segment: nothing
    is ever stale. How much is kept the server decides (`maxmemory`, `allkeys-lru`). A server that is away costs one
    wait, then is left alone for some seconds; `stats` says so, and the store answers.

    Parameters
    ----------
    url : str
        See `valkey.client.make_client`.
    wait_s : float
        How long to wait for it.
    """

    def __init__(self, url: str, *, wait_s: float = 1.0) -> None:
        self._url, self._wait_s = url, wait_s
        self._made: Any = None
        check_url(url, "TAPEHEAD_REDIS")
        self._guard = threading.Lock()
        self._hits = 0
        self._misses = 0
        self._hit_s = self._miss_s = 0.0
        self._degraded = ""
        self._retry_at = 0.0

    def read(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> bool:
        """Fill `into` from the server; False when a column is not there, damaged, or the server is away."""
        began = time.perf_counter()
        found = self._ask(lambda: self._client.mget([_key(ref, name) for name in columns]))
        whole = found is not None and all(_fill(into[name], data) for name, data in zip(columns, found, strict=True))
        with self._guard:
            self._hits += whole
            self._misses += not whole
            if whole:
                self._hit_s += time.perf_counter() - began
            else:
                self._miss_s += time.perf_counter() - began
        return whole

    def write(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Keep the columns, if all of them are given."""
        if any(name not in columns or columns[name].nbytes > _MOST_BYTES for name in BAR_COLUMNS):
            return
        self._ask(lambda: self._client.mset({_key(ref, name): _packed(columns[name]) for name in BAR_COLUMNS}))

    def has(self, ref: SegmentRef, columns: Sequence[Column]) -> bool:
        """Say whether all columns are there."""
        there = self._ask(lambda: self._client.exists(*(_key(ref, name) for name in columns)))
        return bool(there == len(columns))

    def clear(self) -> int:
        """Drop the keys of every segment, found with SCAN; no other key is touched."""
        return self._ask(lambda: clear_keys(self._client, f"{_PREFIX}*", lambda name: name.endswith(b":ts"))) or 0

    def stats(self) -> TierStats:
        """Return counts since the tier was opened; sizes are the server's, whoever filled it."""
        figures = self._ask(lambda: server_figures(self._client)) or {}
        size, limit = int(figures.get("used_memory", 0)), int(figures.get("maxmemory", 0))
        with self._guard:
            times = self._hit_s, self._miss_s
            return TierStats("redis", self._hits, self._misses, size, limit, self._degraded, *times)

    def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            self._made.close()

    @property
    def _client(self) -> Any:
        """The client, made at first use: that of a cluster asks it at once who is in it."""
        if self._made is None:
            self._made = make_client(self._url, wait_s=self._wait_s)
        return self._made

    def _ask(self, question: Any) -> Any:
        """Ask the server, or None where it is away."""
        if self._degraded and time.monotonic() < self._retry_at:
            return None
        try:
            answer = question()
        except (ResponseError, AuthenticationError) as error:
            # Full and told to evict nothing, or rights that lack: it answers, so that others may go on asking.
            return self._fail(f"Redis refuses: {str(error).rstrip('.')}. Slower, same results.")
        except AWAY_ERRORS:
            return self._fail(AWAY)
        with self._guard:
            self._degraded = ""
        return answer

    def _fail(self, why: str) -> None:
        """Say why, and leave the server alone for a while."""
        with self._guard:
            self._degraded = why
            self._retry_at = time.monotonic() + _RETRY_S


def _key(ref: SegmentRef, name: Column) -> str:
    """Return the key of a column; the braces keep those of one segment together in a cluster."""
    return f"{_PREFIX}{{{ref.data.hex()}}}:{name}"


def _packed(column: Array) -> bytes:
    """Return the bytes of a column, little-endian, with their checksum."""
    data = np.ascontiguousarray(column, column.dtype.newbyteorder("<")).tobytes()
    return data + zlib.crc32(data).to_bytes(_SUM, "little")


def _fill(into: Array, data: bytes | None) -> bool:
    """Undo `_packed`; False where nothing is there or it is not what was written."""
    if data is None or len(data) != into.nbytes + _SUM:
        return False
    plain = memoryview(data)[:-_SUM]
    if zlib.crc32(plain) != int.from_bytes(data[-_SUM:], "little"):
        return False
    into[:] = np.frombuffer(plain, into.dtype.newbyteorder("<"))
    return True
