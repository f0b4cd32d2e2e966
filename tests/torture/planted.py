"""Leave out one fsync at a time and see the power cut find a loss: `python -m tests.torture.planted`."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from tapehead.stores.embedded import disk, home, manifest, segments
from tests.torture.crash import cut_power
from tests.torture.points import Bench, Point, scratch

CUTS = 50
CUTS_WITHOUT_HARM = 12


def nothing(path: Path) -> None:
    """Stand where an fsync was."""


def plainly(path: Path) -> None:
    """Make folders without a thought of the power."""
    for folder in reversed([one for one in (path, *path.parents) if not one.is_dir()]):
        disk.make_folder(folder)


def hurried(database: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Open a database that does not wait for the disk."""
    return database(*given, **{**named, "synchronous": "NORMAL"})


PLANTED: dict[str, tuple[Any, str, Any]] = {
    "nothing": (segments, "sync_file", segments.sync_file),
    "the fsync of files": (segments, "sync_file", nothing),
    "the fsync of folders": (segments, "sync_folder", nothing),
    "the fsync of a new store's folders": (home, "make_folders", plainly),
    "the fsync of the database's log": (manifest, "Database", partial(hurried, manifest.Database)),
}


def cuts_until_a_loss(bench: Bench, seed: str, cuts: int) -> int | None:
    """Return the number of the cut that found a loss, None when none of them did."""
    for number in range(cuts):
        point = Point(seed, 0, "power", random.Random(f"{seed} {number}"))
        if cut_power(point, bench):
            return number
    return None


def main() -> None:
    """Print, as JSON, the cut that noticed each thing left out."""
    found = {}
    for name, (module, place, planted) in PLANTED.items():
        kept = getattr(module, place)
        setattr(module, place, planted)
        with scratch() as folder:
            found[name] = cuts_until_a_loss(Bench(folder), "planted", CUTS_WITHOUT_HARM if planted is kept else CUTS)
        setattr(module, place, kept)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
