"""rates: a bucket of tokens for each key or client address; one request takes one."""

import ipaddress
import math
from collections import OrderedDict
from functools import lru_cache
from typing import NamedTuple

MOST_BUCKETS = 10_000


class Taken(NamedTuple):
    """What became of a wish for a token.

    Attributes
    ----------
    allowed : bool
    remaining : int
        Whole tokens left.
    reset_s : int
        Seconds until the bucket is full again, rounded up.
    retry_s : int
        Seconds until there is a token, rounded up; 0 where there was one.
    """

    allowed: bool
    remaining: int
    reset_s: int
    retry_s: int


class Rates:
    """Buckets that fill at `per_s` tokens a second up to `burst`; used from one thread.

    The least lately used bucket is forgotten where there are more than `most`; a full one is the same as none.
    """

    def __init__(self, per_s: float, burst: int, *, most: int = MOST_BUCKETS) -> None:
        self.per_s = per_s
        self.burst = burst
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now_s: float) -> Taken:
        """Take a token out of a bucket, if there is one."""
        tokens, at = self._buckets.pop(name, (float(self.burst), now_s))
        tokens = min(float(self.burst), tokens + max(now_s - at, 0.0) * self.per_s)
        allowed = tokens >= 1.0
        if allowed:
            tokens -= 1.0
        self._buckets[name] = (tokens, now_s)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        retry_s = 0 if allowed else math.ceil((1.0 - tokens) / self.per_s)
        return Taken(allowed, int(tokens), math.ceil((self.burst - tokens) / self.per_s), retry_s)

    def to_headers(self, taken: Taken) -> list[tuple[bytes, bytes]]:
        """Return the headers that tell a client where it stands."""
        headers = [
            (b"ratelimit-policy", b"%d;w=%d" % (self.burst, math.ceil(self.burst / self.per_s))),
            (b"ratelimit-limit", b"%d" % self.burst),
            (b"ratelimit-remaining", b"%d" % taken.remaining),
            (b"ratelimit-reset", b"%d" % taken.reset_s),
        ]
        if not taken.allowed:
            headers.append((b"retry-after", b"%d" % taken.retry_s))
        return headers


@lru_cache(1024)
def bucket_of(address: str) -> str:
    """Return the name of an address's bucket; of IPv6 the /64, since one client has a whole one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
