"""new_ulid: run ids that sort by time."""

import os
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_lock = threading.Lock()
_last = 0


def new_ulid() -> str:
    """Return a ULID: 48 bits of milliseconds and 80 random bits, 26 characters of Crockford's base 32.

    Strictly rising within a process, also when the clock stands still or steps back: then the last id plus one.
    """
    global _last  # noqa: PLW0603 - the last id is what makes the next one larger
    value = (time.time_ns() // 1_000_000) << _RANDOM_BITS | int.from_bytes(os.urandom(10), "big")
    with _lock:
        _last = value = max(value, _last + 1)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
