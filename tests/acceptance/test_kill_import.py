"""`kill -9` in the middle of imports, twenty times on one store: every file's import is whole or not there at all."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import tapehead as th

KILLS = 20
SYMBOLS = tuple(f"K{i:02d}USDT" for i in range(12))
ROWS = 200
WRITER = """
import sys
import tapehead as th

store = th.open(sys.argv[1])
print("begun", flush=True)
for path in sys.argv[2:]:
    print(store.import_files(path, venue="crash").snapshot, flush=True)
"""


def write_panel(path: Path, part: int) -> None:
    """Write one panel of every symbol; part n follows part n-1 in time."""
    rng = np.random.default_rng(part)
    lines = ["date,open,high,low,close,volume,ticker"]
    first = np.datetime64("2022-01-01T00:00") + np.timedelta64(part * ROWS, "h")
    for symbol in SYMBOLS:
        close = np.round(100 * np.cumprod(1 + rng.normal(0, 0.01, ROWS)), 2)
        for row in range(ROWS):
            price = f"{close[row]:.2f}"
            lines.append(f"{first + np.timedelta64(row, 'h')},{price},{price},{price},{price},1.5,{symbol}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def killed_import(home: Path, paths: list[Path], after_s: float) -> int:
    """Import the panels one after another, killed after a while; return the last snapshot that was told."""
    command = [sys.executable, "-c", WRITER, str(home), *map(str, paths)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        time.sleep(after_s)
        os.kill(writer.pid, signal.SIGKILL)
        told = writer.stdout.read()
    whole = [line for line in told.splitlines(keepends=True) if line.endswith("\n")]
    return int(whole[-1]) if whole else 0


def test_an_import_that_is_killed_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    held = 0
    home, random_s = tmp_path / "home", random.Random(5)
    parts = [tmp_path / f"part{n:03d}.csv" for n in range(60)]
    for number, path in enumerate(parts):
        write_panel(path, number)
    for _ in range(KILLS):
        told = killed_import(home, parts[held : held + 8], random_s.uniform(0.02, 0.9))
        with th.open(home) as store:
            rows = {row.instrument.symbol: row.intervals[0][3] for row in store.instruments(venue="crash")}
            snapshot = store._house.bars.head()
        assert len(set(rows.values())) <= 1, f"some instruments have more than others: {rows}"
        assert snapshot >= told, "an import that was told of is gone"
        whole = next(iter(rows.values()), 0)
        assert whole % ROWS == 0, f"a part of an import is there: {whole} bars"
        assert len(rows) in (0, len(SYMBOLS))
        held = whole // ROWS
    assert held > 0, "no import was ever finished: the kills came too early to try anything"
    with th.open(home) as store:
        report = store.import_files(*parts[: held + 1], venue="crash")
        assert (report.total.added, report.total.unchanged) == (ROWS * len(SYMBOLS), held * ROWS * len(SYMBOLS))
