"""`tapehead instruments`: what is held."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.cells import cut, padded, width_of
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.library.documents.market import instrument_json
from tapehead.library.limits import MOST_ROWS
from tapehead.model.instrument import KINDS

if TYPE_CHECKING:
    from tapehead.library.listing import InstrumentRow

_LEAST_NAME = 12


@click.command(
    "instruments",
    cls=Command,
    example="tapehead instruments BTC --kind crypto",
    help="List what the store holds: instruments whose name contains QUERY, with coverage by interval (times UTC).",
)
@click.argument("query", required=False)
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--venue", metavar="V", help="Only this venue.")
@click.option("--universe", metavar="U", help="Only the members of this universe.")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=500, show_default=True, help="At most so many.")
@click.option("--after", default="", metavar="NAME", help="Only those whose venue:symbol comes after it.")
@click.pass_context
def instruments(context: click.Context, /, limit: int, after: str, **options: Any) -> int:
    """List instruments."""
    session: Session = context.find_root().obj
    rows = session.store.instruments(**options, limit=limit, after=after)
    last = rows[-1].instrument.name if len(rows) == limit else ""
    more = last if last and session.store.instruments(**options, limit=1, after=last) else None
    if session.json:
        session.put_document("instruments", {"instruments": [instrument_json(row) for row in rows], "after": more})
    elif rows:
        session.put(*_instrument_lines(rows, Ink(session.colored), session.size[0]))
        if more is not None:
            session.say("More:", *next_lines([(("instruments", "--after", more), "")], session))
    else:
        session.put(*_nothing_lines(session, bool(after) or any(options.values())))
    return 0


def _nothing_lines(session: Session, asked: bool) -> list[str]:
    """Return what an empty list says."""
    if asked:
        return ["No instrument fits.  All of them:", *next_lines([(("instruments",), "")], session)]
    commands = [(("import", "PATH"), "CSV or Parquet files"), (("demo",), "a synthetic market of 48")]
    return ["No bars yet.  Next:", *next_lines(commands, session)]


def _instrument_lines(rows: "Sequence[InstrumentRow]", ink: Ink, width: int) -> list[str]:
    """Return a line an instrument and interval; a name that does not fit is cut."""
    table = [("instrument", "kind", "interval", "first", "last", "bars")]
    for row in rows:
        name, kind = row.instrument.name, row.instrument.kind
        for interval, first, last, bars in row.intervals:
            table.append((name, kind, interval, numbers.moment(first), numbers.moment(last), f"{bars:,}"))
        if not row.intervals:
            table.append((name, kind, "-", "-", "-", "0"))
    # As wide as what stands in them, so that a line keeps to 80 columns where it can.
    widths = [max(width_of(line[column]) for line in table) for column in range(6)]
    widths[0] = min(widths[0], max(width - sum(widths[1:]) - 10, _LEAST_NAME))
    head, *lines = (
        "  ".join(
            padded(cut(word, widths[place]), widths[place]) if place < 5 else word.rjust(widths[place])
            for place, word in enumerate(line)
        )
        for line in table
    )
    held = sum(bars for row in rows for _, _, _, bars in row.intervals)
    return [ink.head(head), *lines, f"{plural(len(rows), 'instrument')}, {held:,} bars"]
