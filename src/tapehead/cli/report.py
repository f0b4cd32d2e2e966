"""`tapehead report`: a kept run, or one instrument of it, as a page that needs nothing but a browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapehead.cli.closing import plural
from tapehead.cli.commands import Command
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.cli.sizes import size

if TYPE_CHECKING:
    from tapehead.library.report import Report


@click.command(
    "report",
    cls=Command,
    example="tapehead report 01JD8Q7K SOLUSDT -o tear.html",
    help="Write a tear sheet of a run, or of one instrument of it: one HTML file with equity, drawdown, months, "
    "distributions, trades, costs and receipt (times UTC). It opens in any browser without a network. A tear sheet "
    "that is there is replaced, another file is not.",
)
@click.argument("run")
@click.argument("symbol", required=False)
@click.option("-o", "--output", "path", metavar="FILE", required=True, help="File to write, such as tear.html.")
@click.option("--force", is_flag=True, help="Write over a file that is no tear sheet too.")
@click.pass_context
def report(context: click.Context, run: str, symbol: str | None, path: str, force: bool) -> int:
    """Write the page, then tell what was written."""
    session: Session = context.find_root().obj
    kept = session.store.run(run)
    ticker = Ticker(session)
    try:
        made = kept.report(path, symbol, force=force, progress=ticker)
    finally:
        ticker.clear()
    if session.json:
        session.put_document("report", {"run": kept.id, **_document(made)})
    else:
        again = ", in place of the one that was there" if made.replaced else ""
        session.put(f"{path}   {plural(made.instruments, 'instrument')}, {size(made.size_bytes)}{again}")
        session.put(f"  open it in any browser: {Path(made.path).as_uri()}")
    return 0


def _document(made: "Report") -> dict[str, object]:
    """Return plain values."""
    return {
        "path": made.path,
        "size_bytes": made.size_bytes,
        "instruments": made.instruments,
        "replaced": made.replaced,
    }
