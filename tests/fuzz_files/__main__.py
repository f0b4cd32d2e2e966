"""Damage small files of every format: `python -m tests.fuzz_files [--cases N] [--seed S] [--at NUMBER]`.

Each damaged file is taken or refused with a sentence of Tapehead; anything else, a hang or too much memory is a fault.
What is taken is imported into a store too, once in ten times, and read back.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from tapehead.errors import TapeheadError
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.wiring.readers import source_of
from tests.fuzz_files.mutate import mutate
from tests.fuzz_files.seeds import seeds, write_seeds

LONGEST_S = 20.0
MOST_MB = 500
_TELL_S = 2.0
_STORED = 10
_ANYTHING = 1 << 61


class Fault(Exception):
    """Something that no file may bring about."""


def check_batch(batch: RawBatch) -> int:
    """Raise Fault where a batch is not what the port says; return its rows."""
    count = len(batch.ts)
    columns = {"codes": batch.codes, "ts_valid": batch.ts_valid, "volume": batch.volume, "factor": batch.factor}
    columns |= {name: getattr(batch, name) for name in ("open", "high", "low", "close")}
    for name, values in columns.items():
        if values is not None and values.shape != (count,):
            raise Fault(f"{name} has shape {values.shape} beside {count} rows")
    if batch.ts.dtype != np.int64 or batch.close.dtype != np.float64 or batch.codes.dtype != np.int32:
        raise Fault(f"dtypes {batch.ts.dtype} {batch.close.dtype} {batch.codes.dtype}")
    if count and (int(batch.codes.min()) < -1 or int(batch.codes.max()) >= len(batch.names)):
        raise Fault("a code names no symbol")
    if not all(batch.names[code] for code in np.unique(batch.codes) if code >= 0):
        raise Fault("a symbol is empty")
    for place in {0, count - 1} if count else ():
        batch.text(place)
    return count


def read_all(path: Path, hints: Hints) -> int:
    """Read a file by its source; return its rows."""
    return sum(check_batch(batch) for batch in source_of(str(path)).batches(Origin(str(path)), hints))


def check_stored(store: Store, venue: str) -> None:
    """Raise Fault where a bar of a venue is not finite, or times do not rise."""
    house = store._house
    series = [cover.series for cover in house.bars.coverage() if cover.series.venue == venue]
    for one, refs in house.bars.manifest(series, -_ANYTHING, _ANYTHING).refs.items():
        last = -_ANYTHING
        for ref, data in house.bars.read(refs):
            part = {column: np.empty(ref.rows, BAR_DTYPES[column]) for column in BAR_COLUMNS}
            house.codec.decode(data, BAR_COLUMNS, part)
            if not all(np.isfinite(part[name]).all() for name in ("open", "high", "low", "close", "volume")):
                raise Fault(f"{one}: a value is not finite")
            if part["ts"][0] <= last or np.any(np.diff(part["ts"]) <= 0):
                raise Fault(f"{one}: times do not rise")
            last = int(part["ts"][-1])


def try_case(number: int, seed: str, path: Path, data: bytes, store: Store) -> str:
    """Damage one file and look what comes of it; return `taken`, `refused`, or the fault."""
    draw = random.Random(f"{seed} {number}")
    path.write_bytes(mutate(data, draw))
    hints = Hints(interval="1m", venue=f"v{number}", tz="UTC", kind=draw.choice(("crypto", "equity")))
    began = time.monotonic()
    faulthandler.dump_traceback_later(LONGEST_S, exit=True)
    try:
        read_all(path, hints)
        if number % _STORED == 0:
            store.import_files(path, venue=hints.venue, kind=hints.kind, interval="1m", tz="UTC")
            check_stored(store, str(hints.venue))
        found = "taken"
    except TapeheadError as error:
        found = "refused" if str(path) in str(error) or "\n" not in str(error) else f"a sentence of two lines: {error}"
    except Exception as error:  # noqa: BLE001 - what this program looks for
        found = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
    finally:
        faulthandler.cancel_dump_traceback_later()
    took = time.monotonic() - began
    return found if took < LONGEST_S / 2 else f"took {took:.0f} s"


def run(numbers: range, seed: str) -> int:
    """Try cases; print what went wrong; return how many did."""
    warnings.simplefilter("error")
    counts: Counter[str] = Counter()
    told = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        names = write_seeds(Path(folder, "files"))
        valid = seeds()
        with open_store(Path(folder, "home")) as store:
            for number in numbers:
                name = names[number % len(names)]
                found = try_case(number, seed, Path(folder, "files", name), valid[name], store)
                counts[found if found in {"taken", "refused"} else "faults"] += 1
                if found not in {"taken", "refused"}:
                    sys.stdout.write(f"case {number} of seed {seed}, {name}: {found}\n")
                if time.monotonic() - told > _TELL_S:
                    told = time.monotonic()
                    sys.stderr.write(f"{number - numbers.start + 1:,} of {len(numbers):,}\n")
    # Not ru_maxrss: it begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    if peak > MOST_MB:
        sys.stdout.write(f"memory rose to {peak:.0f} MB\n")
        counts["faults"] += 1
    sys.stdout.write(
        f"{counts['taken']:,} taken, {counts['refused']:,} refused, {counts['faults']:,} faults, {peak:.0f} MB\n"
    )
    return counts["faults"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_files", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--at", type=int, help="one case alone")
    asked = parser.parse_args()
    chosen = range(asked.cases) if asked.at is None else range(asked.at, asked.at + 1)
    sys.exit(min(run(chosen, asked.seed), 1))
