"""Showing a run while it goes: a table that redraws on a terminal, a line every two seconds elsewhere."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from tapehead.cli.board import Board
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.cli.table import Glyphs, header_lines, more_line, progress_line, progress_words, table_lines
from tapehead.model.events import Completed

if TYPE_CHECKING:
    from rich.text import Text

    from tapehead.cli.profile import Profile
    from tapehead.library.run import Run
    from tapehead.metrics.foreign import Table

_REDRAWS_PER_S = 10
_LINE_EVERY_S = 2.0
_SAME_LINE_EVERY_S = 10.0


@contextmanager
def cancelled_by_ctrl_c(run: "Run") -> Iterator[None]:
    """Let the first Ctrl-C cancel the run, which then ends in order, and the second one interrupt; close the run."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        run.cancel()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        run.close()


def stream_events(
    run: "Run",
    session: Session,
    compat: str | None = None,
    clock: "Profile | None" = None,
    board: Board | None = None,
) -> Board:
    """Write each event as its canonical bytes and a line end, at once; return the board of the run, or that given.

    A tile is written as the results that it stands for. With `compat` each result also has that tool's table, under
    the key `compat`; with `clock` the event `completed` says where the time went, under the key `profile`. The log
    keeps neither.
    """
    from tapehead.model.events import Result, to_bytes, told_as

    board, out = board or Board(), sys.stdout.buffer
    sys.stdout.flush()
    with cancelled_by_ctrl_c(run), outages_told(session):
        for last, told in run.events():
            for number, event in told_as(told, last):
                line = to_bytes(event, number)
                if compat is not None and isinstance(event, Result):
                    line = _with(line, "compat", run.compat(event.result, compat))
                if clock is not None and isinstance(event, Completed):
                    line = _with(line, "profile", clock.body(run))
                out.write(line + b"\n")
            out.flush()
            board.take(told)
    return board


def _with(line: bytes, key: str, value: "Table | dict[str, Any]") -> bytes:
    """Return the line of an event with one more key."""
    import json

    from tapehead.model.spec import canonical

    return canonical({**json.loads(line), key: value})


def follow(run: "Run", session: Session, board: Board, top: int) -> None:
    """Drive the run to its end and show it; leave header and final rows on standard output."""
    view = _View(run, session, board, top)
    with cancelled_by_ctrl_c(run), _live(view) if session.interactive else _spoken(view):
        for _, event in run.events():
            board.take(event)
    session.put(*view.final())


class _View:
    """The lines of one run for one window."""

    def __init__(self, run: "Run", session: Session, board: Board, top: int) -> None:
        self.run, self.session, self.board, self.top = run, session, board, top
        self.ink = Ink(session.colored)
        self.glyphs = Glyphs.of(sys.stdout.encoding)

    def final(self) -> list[str]:
        """Return header, the best rows, and how many more there are."""
        return self._drawn(self.top)

    def running(self) -> list[str]:
        """Return the same with the progress line, within the height of the window."""
        height = self.session.size[1]
        lines = self._drawn(min(self.top, max(1, height - 8)))
        width = self.session.size[0]
        far = progress_line(self.board, width, self.ink, self.glyphs, [*_compiles(), *_waits()])
        return [*lines, "", far, *(f" {line}"[:width] for line in self.board.aside)]

    def _drawn(self, limit: int) -> list[str]:
        """Return header and rows."""
        width, _ = self.session.size
        ended = self.board.ended
        # Of a sweep the end counts the bars of all its sets.
        bars = ended.bars if isinstance(ended, Completed) and not ended.found else self.run.header.bars
        above = header_lines(self.run.header, self.run.spec.rules, width, self.ink, bars)
        rows = self.board.best(limit)
        if not rows:
            return above
        return [
            *above,
            "",
            *table_lines(rows, width, self.ink, self.glyphs),
            *more_line(self.board, len(rows), self.ink),
        ]


@contextmanager
def _live(view: _View) -> Iterator[None]:
    """Redraw at most ten times a second; leave nothing behind."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False, no_color=not view.session.colored, soft_wrap=False)

    def draw() -> "Text":
        return Text.from_ansi("\n".join(view.running()), no_wrap=True, overflow="crop")

    with Live(
        get_renderable=draw,
        console=console,
        refresh_per_second=_REDRAWS_PER_S,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield


@contextmanager
def _spoken(view: _View) -> Iterator[None]:
    """Say how far the run is every two seconds, and every ten while nothing has changed."""
    say = seldom_twice(view.session.say)

    def line() -> None:
        say("   ".join([*_compiles(), *_waits(), *progress_words(view.board), *view.board.aside]))

    with every(_LINE_EVERY_S, line):
        yield


def seldom_twice(say: Callable[[str], Any], clock: Callable[[], float] = time.monotonic) -> Callable[[str], None]:
    """Return a speaker that says what it said last again only after ten seconds of `clock`."""
    said, at = "", 0.0

    def speak(words: str) -> None:
        nonlocal said, at
        now = clock()
        if words != said or now - at >= _SAME_LINE_EVERY_S:
            said, at = words, now
            say(words)

    return speak


def _compiles() -> list[str]:
    """Say that machine code is being made, of a process that has loaded the compiler."""
    jit = sys.modules.get("tapehead.kernels.jit")
    return ["compiling"] if jit is not None and jit.compiling() else []


def _waits() -> list[str]:
    """Say that a database is away and waited for, of a process that uses one."""
    outage = sys.modules.get("tapehead.database.outage")
    waited_s = None if outage is None else outage.waited_s()
    return [] if waited_s is None else [f"waiting for PostgreSQL ({waited_s:.0f} s)"]


@contextmanager
def outages_told(session: Session) -> Iterator[None]:
    """Say every two seconds that a database is waited for, while it is."""

    def line() -> None:
        for words in _waits():
            session.say(words)

    with every(_LINE_EVERY_S, line):
        yield


@contextmanager
def every(period_s: float, act: Callable[[], Any]) -> Iterator[None]:
    """Call `act` every `period_s` seconds on a thread of its own, until left."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(period_s):
            act()

    thread = threading.Thread(target=beat, daemon=True, name="tapehead-lines")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Ticker:
    """Progress of one long step: a line that rewrites itself on a terminal, else one every two seconds."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._again = sys.stderr.isatty() and not session.json
        self._next = time.monotonic() + (0.2 if self._again else _LINE_EVERY_S)
        self._shown = False

    def __call__(self, what: str, *counts: int) -> None:
        """Tell what is worked on, and how many of it are done, or how many of how many; most calls show nothing."""
        now = time.monotonic()
        if self._session.quiet or now < self._next:
            return
        self._next = now + (1 / _REDRAWS_PER_S if self._again else _LINE_EVERY_S)
        width = self._session.size[0] - 1
        text = f"{what}   {' of '.join(f'{count:,}' for count in counts)}".rstrip()
        if self._again:
            sys.stderr.write(f"\r\x1b[2K{text[:width]}")
            sys.stderr.flush()
            self._shown = True
        else:
            self._session.say(text)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._shown = False
