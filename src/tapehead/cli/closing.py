"""The lines after the table: how it went, what to look at, what to type next."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tapehead.cli import numbers
from tapehead.cli.board import Board
from tapehead.cli.cells import cut, folded, padded
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.cli.table import display_names, return_line
from tapehead.cli.verdicts import cost_text, intrabar_text
from tapehead.model.events import Completed, Failed
from tapehead.model.pooling import ACCOUNT

if TYPE_CHECKING:
    from tapehead.model.rules import Rules

_WARNINGS_SHOWN = 8
_MANY = 3
_TEXT_AT = 16
_WARNED_WIDTH = 32


def summary_lines(board: Board, session: Session, rules: "Rules") -> list[str]:
    """Return the lines from `48 done` to the last warning."""
    ink, (width, _) = Ink(session.colored), session.size
    lines = [count_line(board, ink, len(board.rows))]
    lines += return_line(board)
    if isinstance(board.ended, Completed):
        if board.ended.reused:
            lines.append(f"  {'reused':<14}an equal run answered; --fresh computes it again")
        metrics = [row.metrics for row in board.rows]
        lines += _verdict("costs", cost_text(metrics, rules), width)
        lines += look_ahead_lines(board.ended.look_ahead, width, ink)
        lines += _verdict("intrabar", intrabar_text(metrics, rules.path), width)
        lines += work_lines(board.ended, width)
    return lines + warning_lines(board, session)


def count_line(board: Board, ink: Ink, kept: int) -> str:
    """Return how many are done, failed and worth a look, and how fast it was; `kept` results came so far."""
    ended = board.ended
    if isinstance(ended, Failed):
        return ink.bad("failed; nothing is kept")
    if not isinstance(ended, Completed):
        return ink.warn(f"{kept:,} of {board.total:,} done, then stopped; they are kept")
    warned = board.noted
    failed = f"{ended.failed:,} failed"
    failed = ink.bad(failed) if ended.failed else failed
    took = numbers.seconds(ended.last_ms / 1_000)
    words = [f"{ended.count:,} done, {failed}, {plural(warned, 'warning')} in {took}"]
    if ended.count:
        words.append(f"first result {numbers.milliseconds(ended.first_ms)}")
    if ended.last_ms > 0 and not ended.reused:
        words.append(f"{numbers.rate(ended.bars / ended.last_ms * 1_000)} bars/s")
    return "   ".join(words)


def _verdict(label: str, text: str, width: int) -> list[str]:
    """Return a labelled line, or none where there is nothing to say."""
    return _labelled(label, text, width) if text else []


def work_lines(ended: Completed, width: int) -> list[str]:
    """Return lines on what ran the tasks, where that was chosen on the way or lost some, and on what works badly."""
    worked, lines = ended.executor, []
    if worked.get("kind") == "processes" and worked["why"] != "asked for":
        lines += _labelled("executor", f"{plural(worked['workers'], 'process', 'es')}: {worked['why']}", width)
    for text in worked.get("lost", ()):
        lines += _labelled("executor", text, width)
    for text in ended.degraded:
        lines += _labelled("degraded", text, width)
    return lines


def look_ahead_lines(told: Mapping[str, Any] | None, width: int, ink: Ink) -> list[str]:
    """Return what the look-ahead test of a run says; none where it had no result to test."""
    if told is None:
        return []
    cuts, instruments = told["cuts"], told["instruments"]
    stopped = "stopped by Ctrl-C; " if told.get("stopped") else ""
    if told["found"]:
        word = "found" if told.get("fault", "look_ahead") == "look_ahead" else "failed"
        first, *rest = _labelled("look-ahead", f"{stopped}{word}: {told['text']}", width)
        return [first.replace(word, ink.bad(word), 1), *rest]
    if not cuts:
        return _labelled("look-ahead", f"{stopped}not tested: {told.get('text', 'there was nothing to cut')}", width)
    among = f"x {plural(instruments, 'instrument')}" if cuts % instruments == 0 else f"in {instruments:,} instruments"
    each = cuts // instruments if cuts % instruments == 0 else cuts
    words = f"{stopped}none: {plural(each, 'cut')} {among}, past unchanged bit for bit"
    return _labelled("look-ahead", words, width)


def warning_lines(board: Board, session: Session) -> list[str]:
    """Return a line a warning, by instrument; what many share is said once, and the first lines only, unless `-v`."""
    ink, (width, _) = Ink(session.colored), session.size
    told = _told(board, shared=not session.verbose)
    shown = told if session.verbose else told[:_WARNINGS_SHOWN]
    lines: list[str] = []
    for name, text, _ in shown:
        first, *rest = _labelled(f"! {cut(name, _WARNED_WIDTH)}", text, width)
        lines += [first.replace("!", ink.warn("!"), 1), *rest]
    hidden = sum(count for _, _, count in told[len(shown) :])
    return [*lines, f"  ! {plural(hidden, 'more warning')}; -v shows all"] if hidden else lines


def _told(board: Board, shared: bool) -> list[tuple[str, str, int]]:
    """Return who is warned of what, and how many warnings that is; a text that many share comes first."""
    names = display_names([instrument for instrument, _, _ in board.warnings if instrument is not None])
    by_text: dict[str, list[str]] = {}
    for instrument, _, text in board.warnings:
        by_text.setdefault(text, []).append("" if instrument is None else names[instrument])
    many = {text: len(who) for text, who in by_text.items() if shared and len(who) >= _MANY}
    counts = {text: sum(name != ACCOUNT for name in by_text[text]) for text in many}
    together = sorted(
        ((f"{counts[text]:,} of {board.asked:,}", text, n) for text, n in many.items()), key=lambda one: -one[2]
    )
    alone = sorted((name, text, 1) for text, who in by_text.items() if text not in many for name in who)
    return together + alone


def _labelled(label: str, text: str, width: int) -> list[str]:
    """Return a label and its text, wrapped into a column of its own."""
    first = padded(f"  {label}", _TEXT_AT - 2) + "  "
    return folded(text, max(width, 40), first, " " * _TEXT_AT) or [first.rstrip()]


def next_lines(commands: Iterable[tuple[Sequence[str], str]], session: Session) -> list[str]:
    """Return commands with what they do, each on one line where all fit, else on two."""
    pairs = [(f"  {session.command(*words)}", text) for words, text in commands]
    widest = max((len(command) for command, _ in pairs), default=0) + 6
    if all(widest + len(text) <= session.size[0] for _, text in pairs):
        return [f"{command:<{widest}}{text}".rstrip() for command, text in pairs]
    return [line for command, text in pairs for line in (command, f"      {text}".rstrip()) if line]


def plural(number: int, word: str, ending: str = "s") -> str:
    """Return `1 warning`, `2 warnings`."""
    return f"{number:,} {word}{'' if number == 1 else ending}"


def wrap_names(names: Sequence[str], width: int, *, gap: str = "  ", indent: str = "  ") -> list[str]:
    """Return names in lines of at most `width`, `gap` between them; the first line is indented by `indent`."""
    return folded(gap.join(cut(name, width - 2) for name in names), width, indent, "  ")
