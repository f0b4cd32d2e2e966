"""kill_import: an import is killed at one of the store's file calls; of every file all or nothing is there."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import tapehead.library.store
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, ask
from tests.torture.writelog import Killer, WriteLog

SYMBOLS = tuple(f"K{i:02d}USDT" for i in range(6))
ROWS = 60
FILES = 4
VENUE = "crash"
_KILLED = -9


def kill_import(point: Point, bench: Bench) -> list[str]:
    """Import files one after another by the Python door, killed on the way, then all of them again."""
    chance = point.chance
    with bench.folder() as folder:
        files = [write_file(folder / f"part{number}.csv", number) for number in range(FILES)]
        calls = Child(_count(folder / "counted", files)).wait().numbers()[0]
        killer = Killer(chance.randrange(calls), chance.choice(("before", "middle", "after")), chance.random())
        ended = Child(_importing(folder / "home", files, killer)).wait()
        if ended.code != _KILLED:
            return [f"the import ended with {ended.code}", *ended.lines]
        return ask(lambda: judge_files(folder / "home", files, len(ended.lines)))


def write_file(path: Path, number: int, symbols: Sequence[str] = SYMBOLS) -> Path:
    """Write a panel of every symbol, the same bars in whatever order; each follows the one before in time."""
    lines = ["date,open,high,low,close,volume,ticker"]
    first = np.datetime64("2021-12-29T00:00") + np.timedelta64(number * ROWS, "h")
    for symbol in symbols:
        chance = random.Random(f"{number} {symbol}")
        for row in range(ROWS):
            price = chance.randint(5_000, 9_000) / 100
            lines.append(f"{first + np.timedelta64(row, 'h')},{price},{price},{price},{price},1.5,{symbol}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _count(home: Path, files: Sequence[Path]) -> Callable[[Callable[[object], None]], None]:
    """Return work that tells how many file calls the imports make."""

    def work(tell: Callable[[object], None]) -> None:
        log = WriteLog()
        log.begin()
        with tapehead.library.store.open(home) as store:
            for path in files:
                store.import_files(path, venue=VENUE)
        tell(log.calls)

    return work


def _importing(home: Path, files: Sequence[Path], killer: Killer) -> Callable[[Callable[[object], None]], None]:
    """Return work that imports until it is killed, and tells the snapshot of each file."""

    def work(tell: Callable[[object], None]) -> None:
        killer.begin()
        with tapehead.library.store.open(home) as store:
            for path in files:
                tell(store.import_files(path, venue=VENUE).snapshot)

    return work


def judge_files(home: Path | str, files: Sequence[Path], told: int) -> list[str]:
    """Count what is there, and import everything again."""
    with tapehead.library.store.open(home) as store:
        rows = {one.instrument.symbol: one.intervals[0][3] for one in store.instruments(venue=VENUE)}
        if rows and (len(rows) != len(SYMBOLS) or len(set(rows.values())) != 1):
            return [f"an import is there in part: {rows}"]
        held = next(iter(rows.values()), 0)
        if held not in {told * ROWS, (told + 1) * ROWS}:
            return [f"{held} bars a symbol are held, and {told} files of {ROWS} were told of"]
        total = store.import_files(*files, venue=VENUE).total
        wanted = (len(SYMBOLS) * (FILES * ROWS - held), len(SYMBOLS) * held)
        if (total.added, total.unchanged) != wanted:
            return [f"the files again add {total.added} bars and know {total.unchanged}, not {wanted}"]
        return [f"check: {one.text}" for one in store._house.bars.check(rows=True) if one.what != "orphan"]
