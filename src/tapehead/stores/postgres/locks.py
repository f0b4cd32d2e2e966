"""Numbers of advisory locks, which PostgreSQL keeps by database."""

import hashlib
from typing import Final

WRITER: Final = 0x7461_7731
LEASES: Final = 0x7461_7732


def key_of(run: str) -> int:
    """Return the lock of a run: 63 bits of its hash, never one of the numbers above."""
    return int.from_bytes(hashlib.sha256(run.encode()).digest()[:8], "big") >> 1 | 1 << 62
