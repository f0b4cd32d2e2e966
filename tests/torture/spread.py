"""make_point: which kind of torture a number stands for, and what it says of itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, NamedTuple

from tests.torture.clock import jump
from tests.torture.crash import cut_power, kill
from tests.torture.crossing import cross
from tests.torture.crowd import readers, two_writers
from tests.torture.damage import rot
from tests.torture.exhausted import exhaust
from tests.torture.full_disk import fill
from tests.torture.importing import kill_import
from tests.torture.network import cut
from tests.torture.points import Bench, Point
from tests.torture.read_only import protect
from tests.torture.rebuilding import rebuild
from tests.torture.server import kill_server
from tests.torture.shared_tier import kill_valkey
from tests.torture.taking_over import take_over


class Kind(NamedTuple):
    """A kind of torture: what does it, its share of many points, and the sentence of the page."""

    work: Callable[[Point, Bench], list[str]]
    share: int
    says: str


KINDS: Final = {
    "kill": Kind(
        kill,
        36,
        "A writer is killed before, in the middle of, or after one of its file calls, drawn from all of them: those of"
        " the store's one room and those of SQLite. The store is opened again and must hold what was acknowledged.",
    ),
    "power": Kind(
        cut_power,
        38,
        "The power goes at some moment of a recorded run. Of all writes, truncations, renames, removals and new folders"
        " that no fsync had made durable any subset is missing, and writes are torn by sectors; for the files of SQLite"
        " too, log and database alike.",
    ),
    "import": Kind(
        kill_import,
        5,
        "An import of several files is killed at a file call. Each file is there whole or not at all, and importing all"
        " of them again adds exactly what is missing.",
    ),
    "rot": Kind(
        rot,
        12,
        "Bytes of a segment or of the database are flipped, zeroed, overwritten, exchanged or cut off. A damaged"
        " segment or block of the tail is refused with its series, never read, and a check finds it; a damaged database"
        " is refused, or reads as it was, or a check tells of it.",
    ),
    "writers": Kind(
        two_writers, 4, "Two processes commit and append to the same series at once; half of the time one is killed."
    ),
    "full": Kind(
        fill,
        3,
        "The disk gets full (a small file system of its own, or a limit on the size of files), a few more writes are"
        " refused, room is made, and the store goes on.",
    ),
    "clock": Kind(jump, 2, "The clock leaps by up to years, forward and back, at any look."),
    "readers": Kind(
        readers, 2, "Eight processes read leased snapshots while a writer commits and sweeps old ones away."
    ),
    "protected": Kind(protect, 1, "The disk becomes read-only, after a clean end or a killed writer."),
    "server": Kind(
        kill_server,
        4,
        "A PostgreSQL is killed and started again, or stopped for up to 1.5 s while its kernel answers for it, up to"
        " three times, under a writer of results, events and bars, and up to seven COMMITs are lost on their way or"
        " their answers on theirs. The writer waits and goes on; what it was told is there once, and nothing else.",
    ),
    "takeover": Kind(
        take_over,
        2,
        "Three runners on one PostgreSQL; the one at work is killed, or its claim is cut off, or the server is killed,"
        " twice. The run is completed once, its events without gap or double, with the digest of an undisturbed one.",
    ),
    "rebuild": Kind(
        rebuild,
        2,
        "Rows in a PostgreSQL are inserted, updated, deleted and truncated by plain SQL; before or after any statement"
        " that makes segments of them anew the server is killed, and started again, twice. Every snapshot is what the"
        " rows were, by one commit an edit; no mark is left; who may only read meanwhile never sees half of an edit.",
    ),
    "cut": Kind(
        cut,
        1,
        "The network between a store and its PostgreSQL goes before or after any statement of a run or an import, once"
        " or twice, for up to 2.5 s: a network of its own, or a relay where the machine allows none. The run is whole,"
        " once, with the digest of an undisturbed one; each file is there, by one commit.",
    ),
    "valkey": Kind(
        kill_valkey,
        1,
        "The Valkey that keeps columns is killed before any question or answer of a run, and started again or not."
        " Every run has the digest of one without it, and the store says while it is away that it is, and not after.",
    ),
    "pool": Kind(
        exhaust,
        1,
        "More threads than connections, all of which others hold at a drawn moment: for a while, or until some have"
        " waited too long. Those are told who holds them, and what they wanted is not there; all else is there once,"
        " and every connection comes back.",
    ),
    "crossing": Kind(
        cross,
        1,
        "Two or three processes import the same series into one PostgreSQL, files and rows in opposite orders; half of"
        " the time one is killed before or after any statement. The others end, every bar is there once, and each"
        " commit was told to one of them.",
    ),
}


def make_point(seed: str, number: int, kind: str | None = None) -> Point:
    """Return a point; the first numbers are one of each kind, the others are drawn by share, unless a kind is named."""
    chance = random.Random(f"{seed}/point {number}")
    kinds = list(KINDS)
    drawn = chance.choices(kinds, [kind.share for kind in KINDS.values()])[0]
    return Point(seed, number, kind or (kinds[number] if number < len(kinds) else drawn), chance)


def try_point(point: Point, bench: Bench) -> list[str]:
    """Return what went wrong at a point; an error of the torture itself is one of those things."""
    try:
        return KINDS[point.kind].work(point, bench)
    except (AssertionError, OSError, ValueError, LookupError) as error:
        return [f"{type(error).__name__}: {error}"]
