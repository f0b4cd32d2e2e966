"""sweep_and_show: a sweep driven to its end, and what it found: best sets, a heat map, what to type next."""

import sys
from typing import TYPE_CHECKING

from tapehead.cli.closing import count_line, look_ahead_lines, next_lines, warning_lines, work_lines
from tapehead.cli.exit_codes import exit_code
from tapehead.cli.heat_map import heat_map
from tapehead.cli.ink import Ink
from tapehead.cli.live import follow, stream_events
from tapehead.cli.profile import Profile
from tapehead.cli.session import Session
from tapehead.cli.surface_table import set_words, surface_lines, varied_names, verdict_lines
from tapehead.cli.sweep_board import SweepBoard
from tapehead.cli.table import Glyphs
from tapehead.model.events import Cancelled, Completed

if TYPE_CHECKING:
    from tapehead.library.sweep_run import SweepRun
    from tapehead.library.sweep_surface import SweepSurface


def sweep_and_show(session: Session, run: "SweepRun", top: int, clock: Profile | None = None) -> int:
    """Drive a sweep, show it, say what to type next; return the exit code."""
    names = [axis.name.rpartition(".")[2] for axis in run.space.axes if len(axis) > 1]
    board = SweepBoard(instruments=run.header.instruments, names=tuple(dict.fromkeys(names)))
    if session.json:
        return exit_code(stream_events(run, session, clock=clock, board=board))
    follow(run, session, board, top)
    ended = board.ended
    if isinstance(ended, Completed | Cancelled) and board.cells:
        session.put("", *surface_view(session, run.surface(), top), "")
    session.put(*_summary(session, board))
    if clock is not None:
        session.put(*clock.lines(run))
    if isinstance(ended, Completed):
        session.put(f"Kept as run {run.short}, receipt {ended.receipt}.  Next:")
        session.put(*next_lines(next_commands(run), session))
    elif isinstance(ended, Cancelled):
        session.put(f"Kept as run {run.short}, {board.cells:,} of {board.total:,} results.  Next:")
        going_on = (("sweep", "--resume", run.short), "go on from there")
        session.put(*next_lines([going_on, (("show", run.short), "what was finished before Ctrl-C")], session))
    return exit_code(board)


def surface_view(session: Session, found: "SweepSurface", top: int) -> list[str]:
    """Return the table of the best sets, and the heat map where two axes can be drawn."""
    ink, (width, _), glyphs = Ink(session.colored), session.size, Glyphs.of(sys.stdout.encoding)
    lines = surface_lines(found, top, width, ink)
    drawn = heat_map(found.grid, found.found, found.objective, width, ink, shades=bool(glyphs.blocks))
    return [*lines, *(["", *drawn] if drawn else [])]


def _summary(session: Session, board: SweepBoard) -> list[str]:
    """Return the lines from the count to the last warning."""
    ink, (width, _) = Ink(session.colored), session.size
    lines = [count_line(board, ink, board.cells)]
    ended = board.ended
    if isinstance(ended, Completed):
        if ended.reused:
            lines.append(f"  {'reused':<14}an equal run answered; --fresh computes it again")
        found = ended.found
        if found:
            plateau = f"{found['plateau']:,} on the plateau of the best robust one"
            lines.append(f"  {'sets':<14}{found['sets']:,} by {found['objective']}, {plateau}")
            lines += verdict_lines(found, board.names)
        lines += look_ahead_lines(ended.look_ahead, width, ink)
        lines += work_lines(ended, width)
    return lines + warning_lines(board, session)


def next_commands(run: "SweepRun") -> list[tuple[tuple[str, ...], str]]:
    """Return commands that make sense after a sweep."""
    commands: list[tuple[tuple[str, ...], str]] = []
    found = run.surface()
    shown = found.best_robust or found.best
    if shown is not None:
        words = set_words(shown["parameters"], varied_names(found)).split()
        asked = [word for pair in words for word in ("-p", pair)]
        symbol = found.instruments[0]
        alone = sum(name.partition(":")[2] == symbol.partition(":")[2] for name in found.instruments) == 1
        symbol = symbol.partition(":")[2] if alone else symbol
        commands.append((("show", run.short, symbol, *asked), "one set on one instrument, with its trades"))
    commands.append((("verify", run.short), "make it again and compare every bit"))
    return commands
