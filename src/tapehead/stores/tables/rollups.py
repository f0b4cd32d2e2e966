"""Coarser bars that are kept: one row a series and interval, over named statements."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final

from tapehead.errors import SurroundingsError
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.rollup import RollUp
from tapehead.stores.codec import encode_block, join_blocks
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.writing import write

_SUM: Final = 32


def read_roll_ups(database: Database, series: Sequence[Series], interval: Interval) -> dict[Series, RollUp]:
    """Return what is kept of each series by one statement; what rotted in the database is left out."""
    names = json.dumps([(one.venue, one.symbol, one.interval.us) for one in series])
    rows = database.execute("roll_ups", {"series": names, "coarse_us": interval.us}).fetchall()
    found = {}
    for place, key, made, parts, content in rows:
        if _sum_of(key, parts[_SUM:], content) == parts[:_SUM]:
            found[series[place]] = RollUp(bytes(key), bytes(parts[_SUM:]), join_blocks([bytes(content)]), made)
    return found


def keep_roll_ups(database: Database, roll_ups: Mapping[Series, RollUp], interval: Interval, snapshot: int) -> bool:
    """Keep them in the place of those of before; say whether that could be done.

    A reader calls it. Where the disk is full, or another one writes for too long, the next reader makes them again.
    """
    rows = []
    for series, one in roll_ups.items():
        content, _, _ = encode_block(one.columns)
        parts = _sum_of(one.key, one.parts, content) + one.parts
        name = (series.venue, series.symbol, series.interval.us)
        rows.append((interval.us, one.key, snapshot, len(one.columns["ts"]), one.made, parts, content, *name))
    try:
        write(database, "roll-ups", lambda: database.execute_many("keep_roll_up", rows))
    except SurroundingsError:
        return False
    return True


def _sum_of(key: bytes, parts: bytes, content: bytes) -> bytes:
    """Return the hash by which a row is seen to be whole."""
    digest = hashlib.sha256(bytes(key))
    for part in (parts, content):
        digest.update(part)
    return digest.digest()
