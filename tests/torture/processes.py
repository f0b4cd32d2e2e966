"""Child: a forked process that tells lines through a pipe until it ends or is killed."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

# Here once, and not in each of a thousand children.
import numba  # noqa: F401 - as said
import pyarrow.csv
import pyarrow.parquet  # noqa: F401 - as said

_PATIENCE_S = 120.0


class Ended(NamedTuple):
    """What a child told, and how it ended (`-9`: killed; 1: with a traceback, which is the last lines told)."""

    lines: list[str]
    code: int

    def numbers(self) -> list[int]:
        """Return the lines as numbers."""
        return [int(line) for line in self.lines]


class Child:
    """A fork of this process that runs `work(tell)`; nothing of it survives in the parent but the lines it told.

    The parent has not used the store itself, and no thread of its own runs: a fork would take its locks along.
    """

    def __init__(self, work: Callable[[Callable[[object], None]], None]) -> None:
        self._reading, writing = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reading)
            _run(work, writing)
        os.close(writing)
        self._text = b""

    def line(self) -> str | None:
        """Return the next line that it tells, None when it has ended."""
        end = time.monotonic() + _PATIENCE_S
        while b"\n" not in self._text:
            ready, _, _ = select.select([self._reading], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
                raise TimeoutError(f"a child said nothing for {_PATIENCE_S:.0f} s")
            part = os.read(self._reading, 65536)
            if not part:
                return None
            self._text += part
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()

    def wait(self) -> Ended:
        """Return the lines that are left once it has ended."""
        lines = list(iter(self.line, None))
        os.close(self._reading)
        return Ended(lines, os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]))


def _run(work: Callable[[Callable[[object], None]], None], writing: int) -> None:
    """Do the work of a child and end it without a look back."""
    code = 1
    try:
        work(lambda said: os.write(writing, f"{said}\n".encode()) and None)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the parent reads it
        os.write(writing, traceback.format_exc().encode())
    finally:
        os._exit(code)


def ask(work: Callable[[], list[str]]) -> list[str]:
    """Return the sentences that `work` returns in a child; one that ends otherwise is a sentence too."""

    def answer(tell: Callable[[object], None]) -> None:
        for sentence in work():
            tell(sentence.replace("\n", " | "))

    ended = Child(answer).wait()
    return ["\n".join(ended.lines) or f"ended with {ended.code}"] if ended.code else ended.lines
