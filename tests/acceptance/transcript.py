"""Executes the transcripts of a page: fenced `console` blocks, `$ ` before each command, what it prints below.

The blocks of a page run in order, in one folder of their own, which holds `bars/BTCUSDT.csv` and `bars/ETHUSDT.csv`
(hourly) and, where the shared data is there, `../shared`. A fenced `python` block whose first line is a comment with
a file name (`# mine.py`) is written there under that name. HOME is that folder too.

Each printed line must stand in the page, number by number. Only what cannot be the same twice may differ: times, rates,
ids of runs, receipts, digests, sizes, paths of folders. A line `...` stands for any lines, an empty line for itself.
Progress, which a slow machine prints and a fast one does not, is left out.
A command may name a run by the id that the page shows. A command that ends in an error shows its `error:` line.
A page may start a service in the background that notes its number in a file `*.pid`; whatever is left of it ends with
the page, and its port 8750 is one that is free.
Each command is a process; a warm one forks it (warm_server.py), unless the page names `.venv/bin`.
`make demo` is run as the recipe says, in that folder; what sets up, tests or clones is not run and shows no output.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.acceptance.warm import PROGRAM, warm_folder

FENCE = re.compile(r"^```([a-z]*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"^(?:make (?!demo\b)|git |cd |python3? -m venv|pip )")
KEEPS = re.compile(r"\b(?:backtest|sweep|portfolio|runs import|demo|python3?)\b|\.py\b|curl .*-[dX]")
"""Commands that may keep a run."""
_ALIKE_S = 1.024
"""Runs that begin within one such stretch have ids whose first eight characters are the same."""
RUN_ID = re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{6,24}\b")
VARIES = (
    # Before the ids of runs: one receipt in 256 begins as they do.
    re.compile(r"\b(?:receipt|digest)\s+[0-9a-f]{8,64}"),
    RUN_ID,
    re.compile(r"\b[0-9][0-9.,]* (?:ms|s|min)\b"),
    re.compile(r"\b[0-9][0-9.,]* (?:[MkG] )?bars/s"),
    re.compile(r"\b[0-9][0-9.,]* [kKMGT]i?B\b"),
    re.compile(r"\b[0-9,]+ cuts? (?:x|in) [0-9,]+ instruments?\b"),
    re.compile(r"\b\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?= )(?=.*(?:completed|cancelled))"),
    re.compile(r"\b\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?=  (?:import|append|fold|undo)\b| UTC\) is taken back)"),
)
PROGRESS = re.compile(
    r"^(?:reading|writing|comparing|checking|making|instruments filtered)\b.*   [0-9][0-9,]*(?: of [0-9][0-9,]*)?$"
)
ANY = "..."
_SHOWN_PORT = "8750"


class Step(NamedTuple):
    """A command of a page with its line, and the lines it shows below."""

    line: int
    command: str
    shown: tuple[str, ...]


class File(NamedTuple):
    """A file that a page shows before using it."""

    name: str
    text: str


def read_page(text: str) -> Iterator[Step | File]:
    """Yield what a page tells the reader to write and to type, in its order."""
    for block in FENCE.finditer(text):
        kind, body = block[1], block[2]
        named = re.match(r"# ([\w-]+\.py)\s*$", body.partition("\n")[0])
        if kind == "python" and named:
            yield File(named[1], body)
        elif kind == "console":
            yield from _steps(body, text[: block.start(2)].count("\n") + 1)


def _steps(body: str, first: int) -> Iterator[Step]:
    """Yield the commands of one block."""
    lines = body.splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith("$ ")]
    for place, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield Step(first + place, lines[place][2:], tuple(lines[place + 1 : following]))


def steady(line: str) -> str:
    """Return a line without what cannot be the same twice."""
    for pattern in VARIES:
        line = pattern.sub("~", line)
    return re.sub(r"\s+", " ", line).strip()


def difference(shown: tuple[str, ...], printed: list[str]) -> str | None:
    """Return where a page and a program part; None where they agree."""
    place = 0
    for at, line in enumerate(shown):
        if line.strip() == ANY:
            following = shown[at + 1] if at + 1 < len(shown) else None
            while place < len(printed) and (following is None or steady(printed[place]) != steady(following)):
                place += 1
            continue
        if place == len(printed):
            return f"the page shows {line!r}, the program ended before it"
        if steady(line) != steady(printed[place]):
            return f"the page shows {line!r}, the program printed {printed[place]!r}"
        place += 1
    rest = [line for line in printed[place:] if line.strip()]
    return f"the program also printed {rest[0]!r}" if rest and shown else None


class Reader:
    """Types the commands of one page in a folder of its own."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root = folder, root
        self.ids: dict[str, str] = {}
        self.last_run = -1.0
        self.port = _free_port()
        program = PROGRAM.parent
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(program)
        kept = {name: value for name, value in os.environ.items() if name not in ("TAPEHEAD_HOME", "NO_COLOR")}
        path = f"{warm_folder()}:{program}:{os.environ['PATH']}"
        self.env = {**kept, "PATH": path, "HOME": str(folder), "COLUMNS": "80", "LINES": "24"}

    def close(self) -> None:
        """End what the page has left running."""
        if (self.folder / ".tapehead" / "servers").is_dir():
            self._type("tapehead servers stop")
        for file in self.folder.glob("*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def read(self, part: Step | File) -> str | None:
        """Do what the page says; return what is wrong with it."""
        if isinstance(part, File):
            (self.folder / part.name).write_text(part.text.replace(_SHOWN_PORT, self.port), encoding="utf-8")
            return None
        if NOT_RUN.match(part.command):
            return (
                f"line {part.line}: `{part.command}` is not run, so nothing vouches for its output"
                if part.shown
                else None
            )
        if time.time() // _ALIKE_S == self.last_run and KEEPS.search(part.command):
            time.sleep(_ALIKE_S - time.time() % _ALIKE_S)
        code, printed = self._type(part.command)
        wrong = difference(part.shown, printed)
        if wrong is None and code and not any(line.startswith("error: ") for line in part.shown):
            wrong = f"exit code {code}: {' / '.join(printed[-3:])}"
        if wrong is not None:
            return f"line {part.line}: $ {part.command}: {wrong}"
        self._learn(part.shown, printed)
        return None

    def _type(self, command: str) -> tuple[int, list[str]]:
        """Run a command of the page; return its exit code and lines."""
        for shown, real in self.ids.items():
            command = re.sub(rf"\b{shown}\b", real, command)
        if command.startswith("make demo"):
            command = _recipe(self.root, "demo")
        done = subprocess.run(
            ["bash", "-c", command.replace(_SHOWN_PORT, self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=self.env,
            check=False,
            timeout=240,
        )
        out = done.stdout.replace(self.port, _SHOWN_PORT)
        return done.returncode, [line for line in out.splitlines() if not PROGRESS.match(line)]

    def _learn(self, shown: tuple[str, ...], printed: list[str]) -> None:
        """Remember which run the page means by its ids."""
        theirs = RUN_ID.findall("\n".join(line for line in shown if "Kept as run" in line))
        ours = RUN_ID.findall("\n".join(line for line in printed if "Kept as run" in line))
        self.ids.update(zip(theirs, ours, strict=False))
        if ours:
            self.last_run = time.time() // _ALIKE_S


def _free_port() -> str:
    """Return the number of a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def _recipe(root: Path, target: str) -> str:
    """Return the last line of a recipe, variables filled in."""
    text = (root / "Makefile").read_text(encoding="utf-8")
    found = re.search(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)+)", text, re.MULTILINE)
    assert found is not None, f"the Makefile has no target {target}"
    return found[1].splitlines()[-1].strip().lstrip("@").replace("$(BIN)", ".venv/bin")
