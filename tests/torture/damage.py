"""rot: bytes of a store change on the disk; they are found, refused by name or healed, and never give a wrong bar."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tapehead.errors import DamagedSegmentError, ParameterError, TapeheadError
from tapehead.stores.embedded.manifest import EmbeddedBars
from tests.torture.market import SERIES, Step
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, ask
from tests.torture.verdict import Expected, Reader, expect
from tests.torture.writer import open_store

_SECTOR = 512


def rot(point: Point, bench: Bench) -> list[str]:
    """Change bytes of a file of a finished store, then read and check all of it."""
    chance, plan = point.chance, point.plan
    recording = bench.recording(plan)
    with bench.folder() as folder:
        home = folder / "home"
        shutil.copytree(recording.home, home)
        if chance.random() < 0.5:
            # In order again, its log moved into the database.
            Child(lambda _: open_store(home).close()).wait()
        segments = sorted(home.glob("segments/*/*.parquet"))
        databases = [
            path for path in sorted(home.glob("bars.db*")) if path.name != "bars.db-shm" and path.stat().st_size
        ]
        path = chance.choice(segments if segments and chance.random() < 0.5 else databases)
        did = damage(chance, path)
        judges = judge_segments if path in segments else judge_database
        return [f"{path.name} {did}: {fault}" for fault in ask(lambda: judges(home, plan, recording.heads))]


def damage(chance: random.Random, path: Path) -> str:
    """Change a file in place; return how."""
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content))
    start = at - at % _SECTOR
    how = chance.choice(["flipped", "zeroed", "cut", "torn", "swapped"])
    if how == "flipped":
        content[at] ^= 1 << chance.randrange(8)
    elif how == "zeroed":
        content[start : start + _SECTOR] = bytes(len(content[start : start + _SECTOR]))
    elif how == "cut":
        del content[at:]
    elif how == "torn":
        content[start : start + _SECTOR] = chance.randbytes(len(content[start : start + _SECTOR]))
    else:
        other = chance.randrange(0, max(1, len(content) - _SECTOR), _SECTOR)
        part = content[other : other + _SECTOR]
        content[start : start + len(part)], content[other : other + _SECTOR] = part, content[start : start + len(part)]
    if bytes(content) == path.read_bytes():
        how += " without effect"
    path.write_bytes(content)
    return f"{how} at {at}"


def judge_segments(home: Path, plan: Sequence[Step], heads: Sequence[int]) -> list[str]:
    """Return what is wrong where a segment is damaged: wrong bars, an error without its series, a blind check."""
    store = open_store(home)
    try:
        expected = expect(plan, heads, store.head())
        faults, refused = _wrong(store, expected)
        found = [one for one in store.check(rows=True) if one.what in {"damaged", "gone", "rows"}]
        if refused and not found:
            faults.append("reads are refused, and check finds nothing")
        return faults
    finally:
        store.close()


def judge_database(home: Path, plan: Sequence[Step], heads: Sequence[int]) -> list[str]:
    """Return wrong bars of a store whose database is damaged, unless a check of the store tells of the damage.

    That it refuses to be used is right. A read alone cannot see each changed byte: SQLite keeps no checksums.
    """
    try:
        store = open_store(home)
    except (TapeheadError, sqlite3.DatabaseError):
        return []
    try:
        head = store.head()
        expected = expect(plan, heads, heads[-1])
        # A damaged log ends where it is damaged: the commits after that are gone, as a whole.
        markets = {number: market for number, market in expected.markets.items() if number <= head}
        faults = _wrong(store, expected._replace(markets=markets))[0]
        told = [one for one in store.check(rows=True) if one.what != "orphan"]
        return [] if told else faults
    except sqlite3.DatabaseError:
        return []
    finally:
        store.close()


def _wrong(store: EmbeddedBars, expected: Expected) -> tuple[list[str], int]:
    """Return each series of a snapshot that is read with other bars, and how many are refused."""
    faults, refused = list[str](), 0
    reader = Reader(store)
    for number, market in sorted(expected.markets.items()):
        for place, series in enumerate(SERIES):
            try:
                if reader.rows(place, number) != market.rows(place):
                    faults.append(f"snapshot {number} holds other bars of {series.symbol} {series.interval}")
            except DamagedSegmentError as error:
                refused += 1
                if f"{series.instrument} {series.interval}" not in str(error):
                    faults.append(f"refused without its name: {error}")
            except ParameterError:
                if number not in expected.swept:
                    faults.append(f"snapshot {number} is refused, and was kept")
            except (TapeheadError, sqlite3.DatabaseError):
                refused += 1
    return faults, refused
