"""`tapehead import`: bars on their way in, and what was seen of them."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import click

from tapehead.cli import numbers
from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker, outages_told
from tapehead.cli.quality import outcome_line, quality_lines
from tapehead.cli.session import Session
from tapehead.errors import TapeheadError
from tapehead.model.instrument import KINDS
from tapehead.model.quality import ImportReport

_TAKEN = ("ts", "symbol", "open", "high", "low", "close", "volume")


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
    help="Read files of bars, or folders of them, into the store: one commit, all or nothing. They need not fit into "
    "memory.",
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
@click.option(
    "--price",
    type=click.Choice(["mid", "bid", "ask"]),
    default="mid",
    show_default=True,
    help="The side, where a file has two.",
)
@click.option("--quote", metavar="USD", help="Currency of the prices, where the symbol says none; of held ones too.")
@click.option("--dry-run", is_flag=True, help="Report only; write nothing.")
@click.option("--strict", is_flag=True, help="Refuse files with any defect; write nothing then.")
@click.option("--supersede", is_flag=True, help="Let differing bars take the place of held ones, however many.")
@click.pass_context
def import_(context: click.Context, /, paths: tuple[str, ...], **options: Any) -> int:
    """Import, then report."""
    session: Session = context.find_root().obj
    ticker = Ticker(session)
    try:
        with outages_told(session):
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
    """Let each next step name the file as a shell takes it, and what was decided before."""
    path = str(error.facts.get("path", ""))
    said = f"tapehead import {path} "
    text, *steps = str(error).split(said)
    if not path or not steps:
        return error
    for step in steps:
        words = ["import", path, *_given(options, step.partition(". ")[0], str(error))]
        text += f"tapehead {shlex.join(words)} {step}"
    return type(error)(text, **error.facts)


def _given(options: Mapping[str, Any], step: str, text: str) -> list[str]:
    """Return the words for what was decided and neither `step` nor the question in `text` decides anew."""
    given: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, Mapping):
            kept = (f"{ours}={theirs}" for ours, theirs in value.items() if f"'{theirs}'" not in text)
            given += [word for pair in kept for word in (flag, pair)]
        elif value and (name, value) != ("price", "mid") and flag not in step:
            if name == "strict" and "--dry-run" in step:
                # Strict, it would be refused again instead of showing what there is.
                continue
            given += [flag] if value is True else [flag, str(value)]
    return given


def _report_lines(report: ImportReport, session: Session) -> list[str]:
    """Return what an import saw, kept and guessed, and what to type next."""
    document = report.to_json()
    lines = quality_lines(document, Ink(session.colored), width=session.size[0], verbose=session.verbose)
    took = f" in {numbers.seconds(report.seconds)}" if report.seconds else ""
    lines.append(f"{outcome_line(document)}{took}")
    if report.dry_run:
        return [*lines, "Dry run: nothing was written."]
    if not report.committed:
        return [*lines, f"Nothing is new: the store stays at snapshot {report.snapshot}."]
    lines.append(f"Commit {report.snapshot}, which is the store's snapshot now.  Next:")
    commands: list[tuple[Sequence[str], str]] = [
        (("undo", str(report.snapshot)), "takes it back"),
        (("instruments",), "what the store holds"),
    ]
    if document["total"]["quarantined"] and report.symbols:
        commands.append((("coverage", _aside(report), "--quarantine"), "the rows set aside"))
    if report.symbols:
        commands.append((("backtest", "RsiReversion", "--symbols", report.symbols[0]), "a first run"))
    return lines + next_lines(commands, session)


def _aside(report: ImportReport) -> str:
    """Return a symbol of which rows were set aside, by the examples; else the first one."""
    examples = (
        one for file in report.files for what in ("nulls", "conflicting") for one in file.examples.get(what, ())
    )
    named = next((one.symbol for one in examples if one.symbol), None)
    return next((name for name in report.symbols if name.partition(":")[2] == named), report.symbols[0])
