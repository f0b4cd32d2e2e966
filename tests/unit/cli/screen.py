"""A terminal of our own: runs a program on a pty and keeps what its window would show."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Ended(NamedTuple):
    """Exit code, all that was written, and how long it took."""

    code: int
    written: str
    seconds: float


def run_on_pty(
    words: Sequence[str], env: Mapping[str, str], columns: int = 80, lines: int = 24, cwd: Path | None = None
) -> Ended:
    """Run a program in a window and wait for its end."""
    begun = time.monotonic()
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    child = subprocess.Popen(
        list(words), stdin=slave, stdout=slave, stderr=slave, env=dict(env), cwd=cwd, start_new_session=True
    )
    os.close(slave)
    parts = []
    while select.select([master], [], [], 120)[0]:
        try:
            part = os.read(master, 65_536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(master)
    return Ended(child.wait(60), b"".join(parts).decode(), time.monotonic() - begun)


class Screen:
    """The lines a terminal of some width would hold, scrolled-off ones included.

    `deepest` is how far above its last line the cursor ever went.
    """

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.lines: list[str] = [""]
        self.row = self.column = self.deepest = 0

    def feed(self, written: str) -> "Screen":
        """Take characters and the sequences that move the cursor or clear a line."""
        place = 0
        while place < len(written):
            found = SEQUENCE.match(written, place)
            if found:
                self._move(found[1], int(found[2] or 1) if found[2].isdigit() or not found[2] else 0, found[3])
                place = found.end()
                continue
            self._put(written[place])
            place += 1
        return self

    def _move(self, private: str, count: int, letter: str) -> None:
        """Follow one sequence."""
        if private or letter in "mhl":
            return
        if letter == "A":
            self.row = max(0, self.row - count)
            self.deepest = max(self.deepest, len(self.lines) - 1 - self.row)
        elif letter == "K":
            self.lines[self.row] = ""
        else:
            raise AssertionError(f"unknown sequence ending in {letter}")

    def _put(self, character: str) -> None:
        """Write one character."""
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")
        else:
            assert self.column < self.columns, f"a line is wider than the window: {self.lines[self.row]}"
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += 1

    @property
    def text(self) -> str:
        """What is to be read in the end."""
        return "\n".join(line.rstrip() for line in self.lines).rstrip("\n") + "\n"
