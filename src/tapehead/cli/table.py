"""The table of a run: header, rows, progress line. Text in, lines out; a window decides which columns fit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from tapehead.cli import numbers
from tapehead.cli.board import Board, Row
from tapehead.cli.cells import cut, padded, width_of
from tapehead.cli.ink import Ink
from tapehead.cli.terms import rule_words
from tapehead.model.given_trades import ELSEWHERE
from tapehead.model.interval import Interval

if TYPE_CHECKING:
    from tapehead.library.run import Header
    from tapehead.model.rules import Rules

BLOCKS = "▁▂▃▄▅▆▇█"
QUIET_FLAGS = (
    "short_history",
    "short_warm_up",
    "open_at_end",
    "unfilled_at_end",
    "vendor_adjusted",
    "slipped_beyond_bar",
)
"""Flags that a warning line or the metrics already tell; any other one draws `!` in the row."""
_SPARK_WIDTH = 8
_NAME_WIDTH = 14
_BAR_WIDTH = 39
_ADJUSTED_FOR = {"split": "splits", "all": "splits and dividends"}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Signs beyond ASCII, or what stands for them where the terminal's encoding lacks them."""

    infinity: str = "∞"
    full: str = "━"
    half: str = "╸"
    blocks: str = BLOCKS
    ellipsis: str = "…"

    @staticmethod
    def of(encoding: str | None) -> "Glyphs":
        """Choose by the encoding of the output."""
        try:
            "∞━╸▁█…".encode(encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return Glyphs("inf", "=", "-", "", ".")
        return Glyphs()


class Column(NamedTuple):
    """A column right of the name: `gap` blanks before it, at least `width` wide."""

    title: str
    gap: int
    width: int
    draw: Callable[[Row, Glyphs], str]
    colored: str | None = None


def sparkline(values: Sequence[float], blocks: str, width: int = _SPARK_WIDTH) -> str:
    """Return a curve in `width` blocks from its lowest to its highest value, the last value in the last block."""
    if not values or not blocks:
        return ""
    n = min(width, len(values))
    points = [values[(i + 1) * len(values) // n - 1] for i in range(n)]
    low, high = min(points), max(points)
    if high == low:
        return blocks[len(blocks) // 2 - 1] * n
    top = len(blocks) - 1
    return "".join(blocks[round((point - low) / (high - low) * top)] for point in points)


def _columns(glyphs: Glyphs) -> list[Column]:
    """Return the columns right of the name, in their order."""
    columns = [
        Column("return %", 1, 8, lambda row, _: numbers.percent(row.metrics.get("total_return")), "total_return"),
        Column("sharpe", 2, 6, lambda row, _: numbers.signed(row.metrics.get("sharpe"), 2)),
        Column("max dd %", 2, 8, lambda row, _: numbers.percent(row.metrics.get("max_drawdown"))),
        Column("trades", 2, 6, lambda row, _: numbers.count(row.metrics.get("trades"))),
        Column("win %", 2, 5, lambda row, _: numbers.share(row.metrics.get("win_rate"))),
        Column("pf", 2, 5, lambda row, g: numbers.profit_factor(row.metrics.get("profit_factor"), row.why, g.infinity)),
    ]
    if glyphs.blocks:
        columns.append(Column("equity", 2, _SPARK_WIDTH, lambda row, g: sparkline(row.equity, g.blocks)))
    return columns


def _fitting(columns: list[Column], width: int) -> list[Column]:
    """Return as many columns from the left as fit; the return always stays."""
    used = 6 + _NAME_WIDTH
    kept: list[Column] = []
    for column in columns:
        used += column.gap + column.width
        if used > width and kept:
            break
        kept.append(column)
    return kept


def _align(column: Column, text: str) -> str:
    """Pad a cell: numbers to the right, the curve to the left."""
    blank = " " * column.gap
    return blank + (text if column.title == "equity" else text.rjust(column.width))


def table_lines(rows: Sequence[Row], width: int, ink: Ink, glyphs: Glyphs) -> list[str]:
    """Return the titles and the rows, numbered from 1."""
    columns = _fitting(_columns(glyphs), width)
    titles = f"{'#':>4}  {'symbol':<{_NAME_WIDTH}}" + "".join(_align(column, column.title) for column in columns)
    names = display_names([row.instrument for row in rows])
    lines = [ink.head(titles)]
    for place, row in enumerate(rows, 1):
        cells = []
        for column in columns:
            cell = _align(column, column.draw(row, glyphs))
            cells.append(ink.money(cell, row.metrics.get(column.colored)) if column.colored else cell)
        lines.append(
            f"{place:>4}  {_name_cell(names[row.instrument], row.flags, ink, glyphs)}{''.join(cells)}".rstrip()
        )
    return lines


def _name_cell(name: str, flags: Sequence[str], ink: Ink, glyphs: Glyphs) -> str:
    """Return the name and, where something is to be looked at, `!`."""
    name = padded(cut(name, _NAME_WIDTH - 2, glyphs.ellipsis), 9)
    if all(flag in QUIET_FLAGS for flag in flags):
        return padded(name, _NAME_WIDTH)
    return f"{name} {ink.warn('!')}{' ' * (_NAME_WIDTH - width_of(name) - 2)}"


def display_names(instruments: Sequence[str]) -> dict[str, str]:
    """Return the symbol of each `venue:symbol`, and the whole name where two venues share a symbol."""
    symbols: dict[str, set[str]] = {}
    for name in instruments:
        symbols.setdefault(name.partition(":")[2] or name, set()).add(name)
    return {name: symbol if len(names) == 1 else name for symbol, names in symbols.items() for name in names}


def header_lines(header: "Header", rules: "Rules", width: int, ink: Ink, bars: int | None = None) -> list[str]:
    """Return what is run on what, and under which rules; `bars` where they are known better than before the run."""
    bars = header.bars if bars is None else bars
    n, end = header.instruments, header.last + Interval.parse(header.interval).us
    span = f"{numbers.moment(header.first)} to {numbers.moment(end)} UTC" if bars else "no bars"
    asked = [header.strategy, f"{n:,} instrument{'' if n == 1 else 's'}", header.interval, span]
    seen = [f"signals adjusted for {_ADJUSTED_FOR[header.adjust]}"] if header.adjust in _ADJUSTED_FOR else []
    ruled = [] if ELSEWHERE in header.stamps else rule_words(rules)
    held = [f"{bars:,} bars", *ruled, *seen, f"snapshot {header.snapshot}", *header.stamps]
    return [*headed(asked, width, ink), *wrapped(held, width)]


def headed(words: Sequence[str], width: int, ink: Ink) -> list[str]:
    """Join words as `wrapped` does, the first of them for the eye to find."""
    first, *rest = wrapped(words, width)
    return [ink.strong(first[: len(words[0])]) + first[len(words[0]) :], *rest]


def wrapped(words: Sequence[str], width: int) -> list[str]:
    """Join words by three blanks into lines of at most `width` columns; a word that is longer is cut."""
    lines = [cut(words[0], width)]
    for word in words[1:]:
        if width_of(lines[-1]) + 3 + width_of(word) <= width:
            lines[-1] += f"   {word}"
        else:
            lines.append(cut(word, width))
    return lines


def more_line(board: Board, shown: int, ink: Ink) -> list[str]:
    """Return the line that says how many rows are not shown, or none."""
    hidden = max(board.total, len(board.rows)) - shown
    return [ink.head(f"      {hidden:,} more; --top {hidden + shown} shows all")] if hidden > 0 else []


def progress_words(board: Board) -> list[str]:
    """Return how far a run is, how fast, and how long it will take; or how far its test is, or how long its queue."""
    words = [f"{board.done:,} of {board.total:,}"]
    if board.queued is not None:
        return [*words, f"queued, place {board.queued:,}"]
    if board.tested is not None:
        return [*words, "look-ahead test {:,} of {:,}".format(*board.tested)]
    if board.judged is not None:
        return [*words, f"weighing the best sets against luck, {board.judged} %"]
    if board.bars_per_s > 0:
        words += [f"{numbers.rate(board.bars_per_s)} bars/s", f"{numbers.seconds(board.eta_ms / 1_000)} left"]
    return words


def progress_line(board: Board, width: int, ink: Ink, glyphs: Glyphs, before: Sequence[str] = ()) -> str:
    """Return the bar, words that come before, how many are done, how fast, and how long it will take."""
    text = "   ".join([*before, *progress_words(board)])
    room = min(_BAR_WIDTH, width - len(text) - 2)
    if room < 8:
        return text[:width]
    halves = int(2 * room * board.done / board.total) if board.total else 0
    halves = min(halves, 2 * (room - 1))
    bar = glyphs.full * (halves // 2) + glyphs.half * (halves % 2)
    return f" {ink.head(bar)}{' ' * (room - len(bar))}{text}"


def return_line(board: Board) -> list[str]:
    """Return the summary of all returns, or none without a result."""
    returns = [(row, value) for row in board.rows if (value := row.metrics.get("total_return")) is not None]
    if not returns:
        return []
    above = sum(value > 0 for _, value in returns)
    words = [f"median {numbers.percent(median(v for _, v in returns))} %", f"{above:,} of {len(returns):,} above 0"]
    held = [(value, row.metrics.get("buy_and_hold_return")) for row, value in returns]
    against = [(value, hold) for value, hold in held if hold is not None]
    if against:
        words.append(f"{sum(v > h for v, h in against):,} of {len(against):,} beat buy and hold")
    return [f"  {'return':<14}{'   '.join(words)}"]
