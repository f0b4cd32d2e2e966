"""`tapehead screen`: the instruments that an expression of indicators holds for."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.asked import split_names
from tapehead.cli.cells import cut, folded, padded, width_of
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.export import write_csv
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.library.documents.screens import screen_json
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.library.screens import Screened

_LEAST_NAME = 12
_MISSING_SHOWN = 4
_FINE = 10
_MINUTE_US = 60_000_000


@click.command(
    "screen",
    cls=Command,
    example='tapehead screen "rsi(14) < 30 and close > sma(200)" --universe demo',
    help="List the instruments that EXPRESSION holds for, by the newest bar that each has closed. It compares columns "
    "(open high low close volume bars age_days), change(N), dollar_volume(N) over N bars, every "
    "indicator as it is called, macd.signal for one line of several, X[1] for a bar before, and kind, "
    "venue, symbol, quote, calendar, basis; sums by + - * /; and, or, not, in join conditions. rank(X) is 1 for the "
    "largest, percentile(X) its share from below, top(N, X) the N largest, crosses_above(X, Y) and crosses_below(X, Y) "
    "what happened at that bar. What needs more bars than are held is not known, and no match. Times are opens, UTC.",
)
@click.argument("expression", required=False)
@click.option("--universe", metavar="U", help="Whom to look at; default all.")
@click.option("--symbols", multiple=True, metavar="A,B", callback=split_names, help="Or these, in place of a universe.")
@click.option("--interval", metavar="1d", help="Needed where there are bars of several.")
@click.option("--by", metavar="EXPR", help="A number that orders the answer, the largest first; default by name.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the first N by --by.")
@click.option("--ascending", is_flag=True, help="The smallest first.")
@click.option("--show", multiple=True, metavar="EXPR", help="One more number beside each; may be given again.")
@click.option("--at", metavar="TIME", help="Only bars that had closed at this moment, UTC: 2023-06-01T12:00.")
@click.option("--snapshot", type=click.IntRange(min=0), metavar="N", help="State of the store; default the newest.")
@click.option("--save", metavar="NAME", help="Keep the matches as a universe: a list, as they are now.")
@click.option("--csv", "as_csv", is_flag=True, help="Rows as CSV, every digit.")
@click.pass_context
def screen(context: click.Context, /, expression: str | None, as_csv: bool, **options: Any) -> int:
    """Ask, then show."""
    session: Session = context.find_root().obj
    if as_csv and session.json:
        raise click.UsageError("--csv and --json contradict each other; give one.", context)
    if expression is None and options["by"] is None:
        words = "Give an EXPRESSION, or --by what to order all. For instance: tapehead screen 'rsi(14) < 30'"
        raise click.UsageError(words, context)
    ticker = Ticker(session)
    try:
        found = session.store.screen(expression, **options, progress=ticker)
    finally:
        ticker.clear()
    if found.degraded:
        session.say(found.degraded)
    if session.json:
        session.put_document("screen", screen_json(found))
    elif as_csv:
        write_csv(sys.stdout, ({**row, "ts": iso(row["ts"])} for row in found))
    else:
        if len(found):
            session.put(*_table(found, session))
        session.put(*_closing(found, session))
        if options["save"] is not None:
            commands = [(("universe", "show", options["save"]), "who belongs to it")]
            session.put(f"Kept as universe {options['save']}.  Next:", *next_lines(commands, session))
    return 0


def _table(found: "Screened", session: Session) -> list[str]:
    """Return a line an instrument; columns that do not fit are left out, and named."""
    names = [name for name in found.columns if name not in ("instrument", "ts")]
    head = ["instrument", "bar (UTC)", *names]
    rows = [
        [
            row["instrument"],
            numbers.moment(row["ts"]),
            numbers.price(row["close"]),
            *(_text(name, row[name]) for name in names[1:]),
        ]
        for row in found
    ]
    widths = [max(width_of(line[place]) for line in (head, *rows)) for place in range(len(head))]
    room = session.size[0]
    widths[0] = min(widths[0], max(room - sum(widths[1:3]) - 4, _LEAST_NAME))
    last = 3
    while last < len(head) and sum(widths[: last + 1]) + 2 * last <= room:
        last += 1
    lines = ["  ".join(_cells(line[:last], widths)).rstrip() for line in (head, *rows)]
    lines[0] = Ink(session.colored).head(lines[0])
    if last < len(head):
        lines += folded(f"not shown, for the window's width: {', '.join(head[last:])}", room, "", "  ")
    return lines


def _cells(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Yield words from the left, numbers from the right."""
    for place, (word, size) in enumerate(zip(line, widths, strict=False)):
        yield padded(cut(word, size), size) if place < 2 else word.rjust(size)


def _text(name: str, value: Any) -> str:
    """Return a number in short, a place whole; --csv and --json have every digit."""
    if isinstance(value, str):
        return value
    if name.startswith("rank(") and value is not None and value == round(value):
        return f"{value:,.0f}"
    return numbers.plain(value, 2 if value is not None and abs(value) >= _FINE else 4)


def _closing(found: "Screened", session: Session) -> list[str]:
    """Return how many it holds for, and of whom it could not be told."""
    told, ink, width = found.found, Ink(session.colored), session.size[0]
    first = "" if len(found) == told.matched else f", the first {len(found):,} of them"
    made = f", {found.computed:,} computed anew" if found.computed else ""
    size = plural(told.asked, "instrument")
    lines = [f"{told.matched:,} of {size}{first}   {found.interval}   {found.elapsed_ms:,.0f} ms{made}"]
    for one in told.missing[:_MISSING_SHOWN]:
        bars = (
            f"{one.fewest_bars:,}" if one.fewest_bars == one.most_bars else f"{one.fewest_bars:,} to {one.most_bars:,}"
        )
        words = f"! {one.line} is not known of {one.instruments:,}, which have {bars} bars; those are no matches"
        lines += [ink.warn(line) for line in folded(words, width, "", "  ")]
    if len(told.missing) > _MISSING_SHOWN:
        lines.append(ink.warn(f"! {len(told.missing) - _MISSING_SHOWN} more lines are not known of some"))
    behind = told.behind()
    if behind.any():
        older, age = plural(int((behind > 0).sum()), "match", "es"), _age(int(behind.max()))
        words = f"! {older} with a bar before the newest, {numbers.moment(told.newest or 0)}: up to {age} older"
        lines += [ink.warn(line) for line in folded(words, width, "", "  ")]
    if told.quiet:
        lines.append(ink.warn(f"! {plural(told.quiet, 'instrument')} had no bar for 30 days, and were left out"))
    if told.absent:
        words = f"! {plural(told.absent, 'instrument')} without a bar of {found.interval}, left out"
        lines.append(ink.warn(words))
    return lines


def _age(us: int) -> str:
    """Return a time in days and hours, a short one in hours and minutes."""
    minutes = us // _MINUTE_US
    days, hours = divmod(minutes // 60, 24)
    return f"{days:,} d {hours} h" if days else f"{hours} h {minutes % 60} min"
