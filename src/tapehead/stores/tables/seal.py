"""Seals: what the blocks of each snapshot hash to, so that a check sees whether they are those that were committed."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import xor
from typing import Any

from tapehead.stores.tables.database import Database


def make_seal(database: Database, number: int) -> int | None:
    """Return the seal of the commit being made in this transaction, when all its blocks are written.

    It is the seal of the snapshot before, with every block that came or went: an exclusive or of their hashes, so that
    a commit never looks at what it leaves alone. Where the one before has none (format 1), all that is held counts.
    """
    before = database.execute("seal", (number - 1,)).fetchone()
    if before is None or before[0] is not None:
        moved = database.execute("moved_blocks", {"number": number})
        return reduce(xor, map(_hash, moved), 0 if before is None else before[0])
    return reduce(xor, map(_hash, database.execute("held_blocks")), 0)


def find_broken(database: Database) -> list[int]:
    """Return the snapshots, not swept, of which the blocks are not those that were committed."""
    # In one moment: else a commit or a sweep in between would look like damage.
    with database.moment():
        blocks = database.execute("blocks_by_commit").fetchall()
        seals = database.execute("seals").fetchall()
    return list(_broken(blocks, seals))


def _broken(blocks: Iterable[Sequence[Any]], seals: Iterable[Sequence[int]]) -> Iterable[int]:
    """Yield each number whose seal is not that of the blocks held since <= number < until."""
    changes: defaultdict[int, int] = defaultdict(int)
    for *facts, since, until in blocks:
        digest = _hash(facts)
        changes[since] ^= digest
        if until is not None:
            changes[until] ^= digest
    passed, held = iter(sorted(changes)), 0
    coming = next(passed, None)
    for number, seal in seals:
        while coming is not None and coming <= number:
            held ^= changes[coming]
            coming = next(passed, None)
        if held != seal:
            yield number


def _hash(facts: Sequence[Any]) -> int:
    """Return 64 bits of what makes a block: series, period, layer, first, last, rows, and the hash of its columns."""
    *named, data = facts
    content = "\0".join(map(str, named)).encode() + bytes(data or b"")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big", signed=True)
