"""`tapehead sql`: one SELECT over the store, as a table, as CSV or as JSON, or its plan."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.cells import cut, folded, harmless, padded, width_of
from tapehead.cli.closing import plural
from tapehead.cli.commands import Command
from tapehead.cli.export import write_csv
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.library.documents.queries import plain_rows, sql_json

if TYPE_CHECKING:
    from tapehead.library.sql.ask import SqlAnswer

_GAP = "  "


@click.command(
    "sql",
    cls=Command,
    example='tapehead sql "SELECT symbol FROM instruments"',
    help="Answer one SELECT over the tables bars, instruments, runs and trades, read at one snapshot, in DuckDB's "
    "dialect; DESCRIBE names their columns. Needs tapehead[sql]. It writes nothing and reaches no file and no network. "
    "Times are UTC.",
)
@click.argument("query")
@click.option("--snapshot", type=click.IntRange(min=0), metavar="N", help="State of the store; default the newest.")
@click.option("--rows", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="At most so many.")
@click.option(
    "--seconds", type=click.FloatRange(0.001, 3600), default=30, show_default=True, help="It is stopped then."
)
@click.option("--memory", type=click.IntRange(64, 1 << 20), default=1024, show_default=True, help="MB it may take.")
@click.option("--plan", is_flag=True, help="Run it, and show its steps with their rows and times instead.")
@click.option("--csv", "as_csv", is_flag=True, help="Rows as CSV, every digit.")
@click.pass_context
def sql(context: click.Context, /, query: str, as_csv: bool, memory: int, **options: Any) -> int:
    """Ask, then show."""
    session: Session = context.find_root().obj
    if as_csv and (session.json or options["plan"]):
        raise click.UsageError("--csv contradicts --json and --plan; give one.", context)
    ticker = Ticker(session)
    try:
        found = session.store.sql(query, memory_mb=memory, progress=ticker, **options)
    finally:
        ticker.clear()
    rows = plain_rows(found)
    if session.json:
        session.put_document("sql", sql_json(found, rows))
    elif options["plan"]:
        session.put(*(found.plan or "").splitlines(), "", *folded(_scanned(found), session.size[0]))
    elif as_csv:
        write_csv(sys.stdout, iter(rows))
    else:
        session.put(*_lines(found.table.column_names, rows, session), *_closing(found))
    return 0


def _lines(names: Sequence[str], rows: Sequence[Mapping[str, Any]], session: Session) -> list[str]:
    """Return a table, or a block a row where a line would be wider than the window."""
    width, ink = session.size[0], Ink(session.colored)
    heads = [harmless(name) for name in names]
    cells = [["-" if row[name] is None else harmless(str(row[name])) for name in names] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(heads, *cells, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        label = max(map(width_of, heads))
        blocks = [
            [cut(f"{padded(name, label)}  {cell}", width) for name, cell in zip(heads, row, strict=True)]
            for row in cells
        ]
        return [line for block in blocks for line in [*block, ""]]
    numeric = [all(row[name] is None or isinstance(row[name], (int, float)) for row in rows) for name in names]

    def line(row: Sequence[str]) -> str:
        placed = (
            cell.rjust(size) if right else padded(cell, size)
            for cell, size, right in zip(row, widths, numeric, strict=True)
        )
        return _GAP.join(placed).rstrip()

    return [ink.head(line(heads)), *(line(row) for row in cells)]


def _closing(found: "SqlAnswer") -> list[str]:
    """Return how many rows there are, and of which snapshot."""
    more = "" if found.whole else "; there are more, --rows says how many are shown"
    return [f"{plural(len(found), 'row')} of snapshot {found.snapshot}, {found.elapsed_s:.2f} s{more}"]


def _scanned(found: "SqlAnswer") -> str:
    """Return what of the bars was read."""
    read = found.scanned
    if not read["segments"]:
        return f"No segment of bars was read; snapshot {found.snapshot}, {found.elapsed_s:.2f} s."
    return (
        f"Of bars: {read['series']:,} of {read['held_series']:,} series, {plural(read['segments'], 'segment')}, "
        f"{plural(read['bars'], 'bar')}, columns {', '.join(read['columns'])}; snapshot {found.snapshot}, "
        f"{found.elapsed_s:.2f} s."
    )
