"""`tapehead runs import`: trades of another program, kept as a run."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import click

from tapehead.cli import numbers
from tapehead.cli.cells import cut, folded, padded
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.cli.table import display_names
from tapehead.errors import TapeheadError
from tapehead.library.trade_columns import LEFT_OUT, SPELLINGS
from tapehead.library.trade_report import TradeReport

_SHOWN = 20
_WARNED = 8


def read_columns(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str] | None:
    """Read `side=direction,reason=-`."""
    columns: dict[str, str] = {}
    for pair in (part for value in values for part in value.split(",")):
        name, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not theirs or name not in SPELLINGS:
            raise click.BadParameter(
                f"'{pair}' is not OURS=THEIRS with ours one of {', '.join(SPELLINGS)}; "
                f"for instance --columns entry_time=opened,reason={LEFT_OUT}",
                param=option,
            )
        columns[name] = theirs
    return columns or None


@click.command(
    "import",
    cls=Command,
    example="tapehead runs import trades.csv --name freqtrade --tz UTC",
    help="Keep the trades that another program made as a run: one commit, all or nothing. One row a trade: instrument, "
    "side, entry_time, entry_price, quantity; exit_time and exit_price unless it is open; fees, profit and reason "
    "where they are known. Equity and metrics are reckoned on the bars of the store.",
)
@click.argument("path", metavar="FILE")
@click.option("--symbol", metavar="S", help="The instrument, where the file does not say.")
@click.option("--interval", metavar="1h", help="Of the bars to reckon on, where several are held.")
@click.option("--name", metavar="NAME", default="imported", show_default=True, help="What made the trades.")
@click.option(
    "--cash",
    type=click.FloatRange(0, min_open=True),
    default=10_000.0,
    show_default=True,
    metavar="N",
    help="What each instrument began with, in quote currency.",
)
@click.option("--end", metavar="TIME", help="Bars up to here count (UTC); default all that are held.")
@click.option("--tz", metavar="ZONE", help="Zone of times without one, such as UTC or Europe/Berlin.")
@click.option("--unit", type=click.Choice(["s", "ms", "us", "ns"]), help="Of numeric times.")
@click.option(
    "--columns",
    metavar="OURS=THEIRS,...",
    multiple=True,
    callback=read_columns,
    help="Names of the file's columns; `reason=-` leaves one out.",
)
@click.option("--dry-run", is_flag=True, help="Reckon everything; write nothing.")
@click.pass_context
def import_trades(context: click.Context, /, path: str, **options: Any) -> int:
    """Keep trades, then report."""
    session: Session = context.find_root().obj
    if not session.quiet and session.interactive:
        session.say(f"reading {path}")
    try:
        report = session.store.import_trades(path, **options)
    except TapeheadError as error:
        raise _with_given(error, path, options) from error
    if session.json:
        body = report.to_json()
        session.put_document("trades", {name: value for name, value in body.items() if name != "schema"})
    else:
        session.put(*_report_lines(path, report, session))
    return 0


def _with_given(error: TapeheadError, path: str, options: Mapping[str, Any]) -> TapeheadError:
    """Let a next step name what was decided before too."""
    said = f"tapehead runs import {path} "
    text, *steps = str(error).split(said)
    if not steps:
        return error
    for step in steps:
        words = ["runs", "import", path]
        for name, value in options.items():
            flag = f"--{name.replace('_', '-')}"
            if not value or flag in step or (name, value) in {("name", "imported"), ("cash", 10_000.0)}:
                continue
            pairs = value.items() if isinstance(value, Mapping) else ()
            said_so = ",".join(f"{ours}={theirs}" for ours, theirs in pairs) or str(value)
            words += [flag] if value is True else [flag, said_so]
        text += f"tapehead {shlex.join(words)} {step}"
    return type(error)(text, **error.facts)


def _report_lines(path: str, report: TradeReport, session: Session) -> list[str]:
    """Return what was seen and reckoned, and what to type next."""
    ink, (width, _) = Ink(session.colored), session.size
    counts = [plural(report.trades, "trade"), plural(len(report.instruments), "instrument")]
    counts += [f"{report.open:,} still open"] if report.open else []
    lines = [f"{path}   {', '.join(counts)}"]
    lines += [line for guess in report.guesses for line in folded(guess, width, "  ", "    ")]
    lines.append(f"{report.name}   {report.interval}   snapshot {report.snapshot}")
    names = display_names([one.instrument for one in report.instruments])
    room = min(max((len(name) for name in names.values()), default=0), 24)
    head = f"{'symbol':<{room}}  {'trades':>8}{'open':>6}  {'from (UTC)':<18}{'bars':>10}{'return %':>11}{'equity':>14}"
    lines += ["", ink.head(head)]
    for one in report.instruments[:_SHOWN]:
        lines.append(
            f"{padded(cut(names[one.instrument], room), room)}  {one.trades:>8,}{one.open:>6,}  "
            f"{one.first[:16].replace('T', ' '):<18}{one.bars:>10,}"
            f"{numbers.percent(one.total_return):>11}{one.final_equity:>14,.2f}"
        )
    if len(report.instruments) > _SHOWN:
        lines.append(f"  {len(report.instruments) - _SHOWN:,} more; --json has all")
    for name, text in report.warnings[:_WARNED]:
        lines += folded(text, width, f"  {ink.warn('!')} {padded(cut(names[name], 12), 12)}", " " * 16)
    if len(report.warnings) > _WARNED:
        lines.append(f"  ! {len(report.warnings) - _WARNED:,} more warnings; --json has all")
    return [*lines, *_ending(report, session)]


def _ending(report: TradeReport, session: Session) -> list[str]:
    """Return what is kept, and what to type next."""
    if report.run is None:
        return ["Dry run: nothing was written."]
    short, symbol = session.store.run(report.run).short, report.instruments[0].instrument
    kept = "Equal trades are kept already, as" if report.reused else "Kept as"
    commands: list[tuple[Sequence[str], str]] = [
        (("show", short, symbol), "trades and metrics of one instrument"),
        (("report", short, "-o", "report.html"), "a page about all of it"),
        (("runs", "rm", short), "removes it"),
    ]
    return [f"{kept} run {short}.  Next:", *next_lines(commands, session)]
