"""`tapehead latest`: one bar of every instrument, the newest or that of a moment."""

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.asked import split_names
from tapehead.cli.cells import cut, padded, width_of
from tapehead.cli.closing import plural
from tapehead.cli.commands import Command
from tapehead.cli.export import write_csv
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.library.documents.prices import latest_rows
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.model.table import Table

_PRICES = ("open", "high", "low", "close", "volume")
_LEAST_NAME = 12


@click.command(
    "latest",
    cls=Command,
    example="tapehead latest --universe demo --interval 1h",
    help="Show one bar of every instrument: the newest, or the last that opens at or before --at, read by one look for "
    "all of them. Times are opens, UTC.",
)
@click.option("--universe", metavar="U", help="Its instruments; default all.")
@click.option("--symbols", multiple=True, metavar="A,B", callback=split_names, help="Or these, in place of a universe.")
@click.option("--interval", metavar="1h", help="Needed where there are bars of several.")
@click.option("--at", metavar="TIME", help="A moment, UTC: 2023-06-01T12:00. Such a bar may close after it.")
@click.option("--snapshot", type=click.IntRange(min=0), metavar="N", help="State of the store; default the newest.")
@click.option("--csv", "as_csv", is_flag=True, help="Rows as CSV, every digit.")
@click.pass_context
def latest(context: click.Context, /, as_csv: bool, **options: Any) -> int:
    """Read, then show."""
    session: Session = context.find_root().obj
    if as_csv and session.json:
        raise click.UsageError("--csv and --json contradict each other; give one.", context)
    found = session.store.latest(**options)
    if session.json:
        session.put_document("latest", {"count": found.rows, "latest": list(latest_rows(found))})
    elif as_csv:
        write_csv(sys.stdout, _rows(found))
    else:
        session.put(*_lines(found, session), plural(found.rows, "instrument"))
    return 0


def _rows(found: "Table") -> Iterator[dict[str, Any]]:
    """Yield a row an instrument, every digit."""
    columns = {name: values.tolist() for name, values in found.items()}
    for row in zip(*columns.values(), strict=True):
        one = dict(zip(columns, row, strict=True))
        yield {**one, "ts": iso(one["ts"])}


def _texts(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield prices and volume in short; --csv and --json have every digit."""
    for name in _PRICES:
        yield numbers.plain(row[name], 2) if name == "volume" else numbers.price(row[name])


def _lines(found: "Table", session: Session) -> list[str]:
    """Return a line an instrument; a name that does not fit is cut."""
    table = [("instrument", "open (UTC)", *_PRICES)]
    table += [(row["instrument"], row["ts"][:16].replace("T", " "), *_texts(row)) for row in _rows(found)]
    widths = [max(width_of(line[place]) for line in table) for place in range(len(table[0]))]
    room = session.size[0]
    gap = "  " if sum(widths) + 2 * (len(widths) - 1) <= room else " "
    widths[0] = min(widths[0], max(room - sum(widths[1:]) - len(gap) * (len(widths) - 1), _LEAST_NAME))
    head, *lines = (
        gap.join(
            padded(cut(word, size), size) if place < 2 else word.rjust(size)
            for place, (word, size) in enumerate(zip(line, widths, strict=True))
        )
        for line in table
    )
    return [Ink(session.colored).head(head), *lines]
