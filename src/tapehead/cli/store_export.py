"""`tapehead store export`: bars out of the store into files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.asked import split_names
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.cli.sizes import size
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.jobs.export import ExportedFile, ExportReport

_NEXT = 3


@click.command(
    "export",
    cls=Command,
    example="tapehead store export -o bars --symbols BTCUSDT,ETHUSDT --format csv --compression gzip",
    help="Write bars into files, DIR/VENUE/SYMBOL-INTERVAL.parquet, one a series (times UTC). An import takes them "
    "back bit for bit. Unfinished bars stay out.",
)
@click.option("-o", "--output", "folder", metavar="DIR", required=True, help="Folder to write to; made if absent.")
@click.option("--universe", metavar="U", help="Instruments of a universe.")
@click.option("--symbols", metavar="A,B", multiple=True, callback=split_names, help="Instruments by name.")
@click.option("--interval", metavar="1h", help="Bars of this interval only.")
@click.option("--start", metavar="TIME", help="First open time, UTC, such as 2021-01-01.")
@click.option("--end", metavar="TIME", help="Open times before this one, UTC.")
@click.option(
    "--format",
    type=click.Choice(["parquet", "csv", "feather"]),
    default="parquet",
    show_default=True,
    help="Of the files.",
)
@click.option(
    "--compression",
    type=click.Choice(["none", "lz4", "zstd", "gzip"]),
    help="Default: zstd for Parquet, lz4 for Feather, none for CSV.",
)
@click.option("--snapshot", type=click.IntRange(min=0), metavar="N", help="State of the store; default the newest.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.pass_context
def export(context: click.Context, /, folder: str, **options: Any) -> int:
    """Export, then tell what was written."""
    session: Session = context.find_root().obj
    if options["universe"] is not None and options["symbols"] is not None:
        raise click.UsageError("--universe and --symbols exclude each other; give one.", context)
    ticker = Ticker(session)
    try:
        report = session.store.export(folder, progress=ticker, **options)
    finally:
        ticker.clear()
    if session.json:
        session.put_document("store", {"export": _document(report)})
    else:
        session.put(*_lines(report, session))
    return 0


def _lines(report: "ExportReport", session: Session) -> list[str]:
    """Return files, bars and bytes, what was left out, and how an import takes them back."""
    ink = Ink(session.colored)
    sums = f"{plural(len(report.files), 'file')}, {plural(report.rows, 'bar')}, {size(report.size_bytes)}"
    packed = report.form if report.compression == "none" else f"{report.form}, {report.compression}"
    lines = [f"{sums} in {report.folder} ({packed}, snapshot {report.snapshot})"]
    if report.rows:
        smaller = f" ({report.ratio:.1f} times smaller)" if report.ratio > 1 else ""
        lines.append(f"  {report.size_bytes / report.rows:.1f} bytes a bar, against 48 raw{smaller}")
    for one in report.files:
        if one.unfinished:
            name = f"{one.series.instrument} {one.series.interval}"
            lines.append(f"  {ink.warn('!')} {name}: {plural(one.unfinished, 'unfinished bar')} left out")
    if report.empty:
        lines.append(f"  {len(report.empty):,} series have no bar in the range and no file")
    if session.verbose:
        lines += [
            f"  {one.path}   {plural(one.rows, 'bar')}, {numbers.moment(one.first)} to {numbers.moment(one.last)}"
            for one in report.files
        ]
    commands = _ways_back(report)
    return [*lines, "Next:", *next_lines(commands[:_NEXT], session)] if commands else lines


def _ways_back(report: "ExportReport") -> list[tuple[list[str], str]]:
    """Return the import that takes all back; one a folder where kinds differ or a venue's name cannot be one."""
    folders: dict[str, list[ExportedFile]] = {}
    for one in report.files:
        folders.setdefault(str(Path(one.path).parent), []).append(one)
    kinds = {one.kind for one in report.files}
    plain = all(Path(folder).name == files[0].series.venue for folder, files in folders.items())
    if plain and len(kinds) == 1:
        return [(["import", report.folder, *_kind_words(kinds)], "takes them back, into any store")]
    commands: list[tuple[list[str], str]] = []
    for folder, files in folders.items():
        venue = files[0].series.venue
        words = ["import", folder, *_kind_words({one.kind for one in files})]
        words += ["--venue", venue] if Path(folder).name != venue else []
        commands.append((words, "takes them back, into any store"))
    return commands


def _kind_words(kinds: set[str]) -> list[str]:
    """Return the option that names the kind, where there is one only."""
    named = kinds - {""}
    return ["--kind", *named] if len(kinds) == len(named) == 1 else []


def _document(report: "ExportReport") -> dict[str, Any]:
    """Return plain values."""
    return {
        "folder": report.folder,
        "snapshot": report.snapshot,
        "format": report.form,
        "compression": report.compression,
        "rows": report.rows,
        "size_bytes": report.size_bytes,
        "ratio": report.ratio if report.rows else None,
        "files": [
            {
                "path": one.path,
                "instrument": one.series.instrument,
                "interval": one.series.interval.text,
                "kind": one.kind,
                "rows": one.rows,
                "size_bytes": one.size_bytes,
                "first": iso(one.first),
                "last": iso(one.last),
                "unfinished": one.unfinished,
            }
            for one in report.files
        ],
        "empty": [{"instrument": one.instrument, "interval": one.interval.text} for one in report.empty],
    }
