"""The real command in a process of its own, begun cold or from a warm one, and small real files for it to read."""

import json
import os
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.acceptance.warm import PROGRAM, warm_folder

FIRST = datetime(2021, 1, 1, tzinfo=UTC)


class Ended(NamedTuple):
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines on standard output."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(**changes: str) -> dict[str, str]:
    """Ours, without what would colour, widen or redirect, and with the program on PATH."""
    dropped = ("NO_COLOR", "COLUMNS", "LINES", "TAPEHEAD_HOME", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "COLUMNS": "80", "LINES": "24", "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", **changes}


def tapehead(*words: str | Path, home: Path | str | None = None, cwd: Path | None = None, **changes: str) -> Ended:
    """Run the command, in a process that the warm one forks, and wait for its end."""
    return _run(warm_folder() / PROGRAM.name, words, home, cwd, changes)


def cold(*words: str | Path, home: Path | str | None = None, cwd: Path | None = None, **changes: str) -> Ended:
    """Run the command as a user's shell starts it, and wait for its end."""
    return _run(PROGRAM, words, home, cwd, changes)


def _run(
    program: Path, words: tuple[str | Path, ...], home: Path | None, cwd: Path | None, changes: dict[str, str]
) -> Ended:
    """Run a program with the environment of tests."""
    given = [] if home is None else ["--home", str(home)]
    done = subprocess.run(
        [str(program), *given, *map(str, words)],
        capture_output=True,
        text=True,
        env=environment(**changes),
        cwd=cwd,
        check=False,
        timeout=240,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def write_bars(folder: Path, symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT", "SOLUSDT"), n_bars: int = 3_000) -> Path:
    """Write one CSV of hourly bars a symbol: a seeded walk in cents; ETHUSDT has a hole, SOLUSDT starts late."""
    folder.mkdir(parents=True, exist_ok=True)
    for symbol in symbols:
        walk = random.Random(symbol)
        cents = walk.randrange(50_000, 900_000)
        lines = ["open_time,open,high,low,close,volume"]
        for bar in range(n_bars):
            ends = max(100, cents + round(cents * walk.gauss(0.0, 0.012)))
            high, low = max(cents, ends) + walk.randrange(200), min(cents, ends) - walk.randrange(90)
            if not (symbol == "ETHUSDT" and 700 <= bar < 712) and not (symbol == "SOLUSDT" and bar < 900):
                at = int((FIRST + timedelta(hours=bar)).timestamp()) * 1_000
                prices = ",".join(f"{value / 100:.2f}" for value in (cents, high, low, ends))
                lines.append(f"{at},{prices},{walk.randrange(1, 900)}")
            cents = ends
        (folder / f"{symbol}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
