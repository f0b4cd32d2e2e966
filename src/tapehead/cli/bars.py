"""`tapehead import` and `tapehead instruments`: bars on their way in, and what is held."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.errors import TapeheadError
from tapehead.model.instrument import KINDS
from tapehead.model.quality import FileReport, ImportReport
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.library.market import InstrumentRow

_TAKEN = ("ts", "symbol", "open", "high", "low", "close", "volume")
_NOTED = {
    "duplicates": ("exact duplicate", "dropped"),
    "conflicting": ("row", "of one time with other values; the last one counts"),
    "out_of_order": ("row", "out of order, sorted"),
    "nulls": ("row", "with a null price set aside"),
    "quarantined": ("row", "set aside in all"),
    "ohlc_violations": ("bar", "with a high or low that contradicts open and close, flagged suspect"),
    "partial": ("unfinished last bar", "flagged"),
    "zero_volume": ("bar", "without volume"),
    "jumps": ("jump", "as of a wrong unit"),
}


def read_columns(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str] | None:
    """Read `open=o,close=c`."""
    columns: dict[str, str] = {}
    for pair in (part for value in values for part in value.split(",")):
        name, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not theirs or name not in _TAKEN:
            raise click.BadParameter(
                f"'{pair}' is not OURS=THEIRS with ours one of {', '.join(_TAKEN)}; "
                "for instance --columns ts=date,close=c",
                param=option,
            )
        columns[name] = theirs
    return columns or None


@click.command(
    "import",
    cls=Command,
    example="tapehead import bars.parquet --kind crypto --interval 1h --unit ms",
    help="Read Parquet and CSV files, or folders of them, into the store: one commit, all or nothing.",
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--symbol", metavar="S", help="The instrument, where the file does not say.")
@click.option("--venue", metavar="V", help="Where it trades; default the name of the file's folder.")
@click.option(
    "--kind",
    type=click.Choice([kind for kind in KINDS if kind != "option"]),
    help="What it is; default by the quote suffix.",
)
@click.option("--interval", metavar="1h", help="Bar spacing, where the steps leave it open.")
@click.option("--tz", metavar="ZONE", help="Zone of times without one, such as UTC or Europe/Berlin.")
@click.option("--unit", type=click.Choice(["s", "ms", "us", "ns"]), help="Of numeric times.")
@click.option(
    "--columns", metavar="OURS=THEIRS,...", multiple=True, callback=read_columns, help="Names of the file's columns."
)
@click.option("--dry-run", is_flag=True, help="Report only; write nothing.")
@click.option("--strict", is_flag=True, help="Refuse a file with any defect.")
@click.option("--supersede", is_flag=True, help="Let differing bars take the place of held ones, however many.")
@click.pass_context
def import_(context: click.Context, /, paths: tuple[str, ...], **options: Any) -> int:
    """Import, then report."""
    session: Session = context.find_root().obj
    ticker = Ticker(session)
    try:
        report = session.store.import_files(*paths, progress=ticker, **options)
    except TapeheadError as error:
        raise _with_given(error, options) from error
    finally:
        ticker.clear()
    if session.json:
        body = report.to_json()
        session.put_document("import", {name: value for name, value in body.items() if name != "schema"})
    else:
        session.put(*_report_lines(report, session))
    return 0


def _with_given(error: TapeheadError, options: Mapping[str, Any]) -> TapeheadError:
    """Let the next step name the file as a shell takes it, and what was decided before."""
    path, text = str(error.facts.get("path", "")), str(error)
    given: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, Mapping):
            kept = (f"{ours}={theirs}" for ours, theirs in value.items() if f"'{theirs}'" not in text)
            given += [word for pair in kept for word in (flag, pair)]
        elif value:
            given += [flag] if value is True else [flag, str(value)]
    said = f"tapehead import {path} "
    if not path or said not in text:
        return error
    return type(error)(text.replace(said, f"tapehead {shlex.join(['import', path, *given])} "), **error.facts)


def _report_lines(report: ImportReport, session: Session) -> list[str]:
    """Return what an import saw, kept and guessed, and what to type next."""
    ink, total = Ink(session.colored), report.total
    shown = report.files if session.verbose or len(report.files) <= 4 else report.files[:3]
    lines = [line for file in shown for line in _file_lines(file, ink)]
    if len(shown) < len(report.files):
        lines.append(ink.head(f"{len(report.files) - len(shown):,} more files; -v shows all"))
    took = f" in {numbers.seconds(report.seconds)}" if report.seconds else ""
    sums = f"{total.added:,} bars added, {total.unchanged:,} unchanged, {total.superseded:,} superseded"
    lines.append(f"{plural(total.symbols, 'instrument')}: {sums}{took}")
    if report.dry_run:
        return [*lines, "Dry run: nothing was written."]
    lines.append(f"The store is at snapshot {report.snapshot}.  Next:")
    commands: list[tuple[Sequence[str], str]] = [(("instruments",), "what the store holds")]
    if report.symbols:
        commands.append((("backtest", "RsiReversion", "--symbols", report.symbols[0]), "a first run"))
    return lines + next_lines(commands, session)


def _file_lines(file: FileReport, ink: Ink) -> list[str]:
    """Return the report of one file: only what is not zero."""
    head = f"{ink.strong(file.path)}   {file.rows:,} rows, {file.kept:,} bars kept, {plural(file.symbols, 'symbol')}"
    lines = [head, *(f"  {guess}" for guess in file.guesses)]
    if file.missing:
        lines.append(f"  {plural(file.missing, 'bar')} missing in {plural(file.gaps, 'hole')}, nothing filled")
    counts = ((getattr(file, name), word, text) for name, (word, text) in _NOTED.items())
    lines += [f"  {plural(count, word)} {text}" for count, word, text in counts if count]
    return lines + [f"  {ink.warn('!')} {text}" for text in file.looks_wrong]


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
@click.pass_context
def instruments(context: click.Context, /, **options: Any) -> int:
    """List instruments."""
    session: Session = context.find_root().obj
    rows = session.store.instruments(**options)
    if session.json:
        session.put_document("instruments", {"instruments": [_instrument_json(row) for row in rows]})
    elif rows:
        session.put(*_instrument_lines(rows, Ink(session.colored)))
    else:
        session.put(*_nothing_lines(session, any(options.values())))
    return 0


def _nothing_lines(session: Session, asked: bool) -> list[str]:
    """Return what an empty list says."""
    if asked:
        return ["No instrument fits.  All of them:", *next_lines([(("instruments",), "")], session)]
    commands = [(("import", "PATH"), "CSV or Parquet files"), (("demo",), "a synthetic market of 48")]
    return ["No bars yet.  Next:", *next_lines(commands, session)]


def _instrument_lines(rows: "Sequence[InstrumentRow]", ink: Ink) -> list[str]:
    """Return a line an instrument and interval."""
    table = [("instrument", "kind", "interval", "first", "last", "bars")]
    for row in rows:
        name, kind = row.instrument.name, row.instrument.kind
        for interval, first, last, bars in row.intervals:
            table.append((name, kind, interval, numbers.moment(first), numbers.moment(last), f"{bars:,}"))
        if not row.intervals:
            table.append((name, kind, "-", "-", "-", "0"))
    # As wide as what stands in them, so that a line keeps to 80 columns where it can.
    widths = [max(len(line[column]) for line in table) for column in range(6)]
    head, *lines = (
        "  ".join(
            word.ljust(widths[place]) if place < 5 else word.rjust(widths[place]) for place, word in enumerate(line)
        )
        for line in table
    )
    held = sum(bars for row in rows for _, _, _, bars in row.intervals)
    return [ink.head(head), *lines, f"{plural(len(rows), 'instrument')}, {held:,} bars"]


def _instrument_json(row: "InstrumentRow") -> dict[str, Any]:
    """Return plain values of one instrument."""
    one = row.instrument
    return {
        "instrument": one.name,
        "venue": one.venue,
        "symbol": one.symbol,
        "kind": one.kind,
        "quote": one.quote,
        "settle": one.settle,
        "multiplier": one.multiplier,
        "tick": one.tick,
        "lot": one.lot,
        "calendar": one.calendar,
        "has_volume": one.has_volume,
        "listed_at": None if one.listed_at is None else iso(one.listed_at),
        "delisted_at": None if one.delisted_at is None else iso(one.delisted_at),
        "intervals": [
            {"interval": interval, "first": iso(first), "last": iso(last), "rows": bars}
            for interval, first, last, bars in row.intervals
        ],
    }
