"""Torture the store: `python -m tests.torture [--points N] [--seed S] [--at NUMBER] [--kind KIND]`.

A run of 1,000 points and more, of every kind, writes docs/torture.md.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

# Before NumPy: a process of several threads cannot be forked safely.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from tests.torture.page import to_page
from tests.torture.points import GROUP, Bench, scratch
from tests.torture.processes import Child
from tests.torture.spread import KINDS, make_point, try_point

_TELL_S = 2.0
_WORTH_A_PAGE = 1000
_PAGE = Path(__file__).resolve().parents[2] / "docs" / "torture.md"


def work_on(
    numbers: Sequence[int], seed: str, kind: str | None, folder: Path
) -> Callable[[Callable[[object], None]], None]:
    """Return the work of one worker: its points, each told with what went wrong."""

    def work(tell: Callable[[object], None]) -> None:
        folder.mkdir()
        bench = Bench(folder)
        for number in numbers:
            faults = " | ".join(try_point(make_point(seed, number, kind), bench))
            tell(f"{number} {faults}".replace("\n", " / "))

    return work


def run(numbers: Sequence[int], seed: str, kind: str | None) -> dict[int, str]:
    """Try every point, side by side; return what went wrong at each, empty where nothing did."""
    workers = min(2, os.cpu_count() or 1)
    told: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    found: dict[int, str] = {}
    with scratch() as folder:
        shares = [[one for one in numbers if one // GROUP % workers == which] for which in range(workers)]
        if len(numbers) <= GROUP:
            shares = [list(numbers[which::workers]) for which in range(workers)]
        children = [Child(work_on(share, seed, kind, folder / str(which))) for which, share in enumerate(shares)]

        def listen(child: Child) -> None:
            try:
                for line in iter(child.line, None):
                    told.put(line)
            except TimeoutError as error:
                told.put(str(error))
            told.put(None)

        for child in children:
            threading.Thread(target=listen, args=(child,), daemon=True).start()
        begun, left, said = time.monotonic(), workers, time.monotonic()
        while left:
            line = told.get()
            if line is None:
                left -= 1
                continue
            number, _, faults = line.partition(" ")
            if not number.isdigit():
                # A worker's traceback: all of it, up to its end, whatever the other one tells meanwhile.
                rest = [one for one in iter(told.get, None) if one and not one.partition(" ")[0].isdigit()]
                raise SystemExit("\n".join([line, *rest]))
            found[int(number)] = faults
            if time.monotonic() - said > _TELL_S:
                said = time.monotonic()
                bad = sum(map(bool, found.values()))
                tell(f"{len(found)} of {len(numbers)} points, {bad} failed, {said - begun:.0f} s")
        for child in children:
            child.wait()
    return found


def tell(sentence: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def main() -> int:
    """Run the points that were asked for; 1 if any failed."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--points", type=int, default=1000, help="how many points, from number 0")
    parser.add_argument("--seed", default="1", help="what everything is drawn from")
    parser.add_argument("--at", type=int, help="this one point only")
    parser.add_argument("--kind", choices=KINDS, help="points of this kind only")
    asked = parser.parse_args()
    begun = time.monotonic()
    numbers = range(asked.points) if asked.at is None else [asked.at]
    found = run(numbers, asked.seed, asked.kind)
    counts, failed = Counter[str](), dict[str, list[int]]()
    for number in numbers:
        kind = make_point(asked.seed, number, asked.kind).kind
        counts[kind] += 1
        fault = found.get(number, "nothing was told of it")
        if fault:
            failed.setdefault(kind, []).append(number)
            again = f"make torture SEED={asked.seed} AT={number}" + (f" KIND={kind}" if asked.kind else "")
            sys.stdout.write(f"point {number} ({kind}): {fault}\n  again: {again}\n")
    bad = sum(map(len, failed.values()))
    sys.stdout.write(", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]) + "\n")
    sys.stdout.write(f"{len(numbers) - bad} of {len(numbers)}\n")
    if len(numbers) >= _WORTH_A_PAGE and asked.kind is None:
        _PAGE.write_text(to_page(asked.seed, counts, failed, time.monotonic() - begun), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
