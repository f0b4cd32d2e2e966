"""`tapehead store lines`: indicators whose newest values the store keeps."""

import click

from tapehead.cli import numbers
from tapehead.cli.cells import cut, padded
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.library.documents.screens import line_json

_FIXED = 41


@click.command(
    "lines",
    cls=Command,
    example="tapehead store lines --refresh",
    help="List the indicators whose newest values are kept for screens, with how many series and when (UTC). A screen "
    "keeps what it asks for, and makes anew what bars have changed; the store keeps 256 of them, those used last.",
)
@click.option("--refresh", is_flag=True, help="Bring every one up to date now.")
@click.option("--forget", is_flag=True, help="Forget all of them; the next screen makes what it needs.")
@click.pass_context
def lines(context: click.Context, refresh: bool, forget: bool) -> int:
    """List, refresh or forget."""
    session: Session = context.find_root().obj
    if refresh and forget:
        raise click.UsageError("--refresh and --forget contradict each other; give one.", context)
    if forget:
        gone = session.store.forget_lines()
        if session.json:
            session.put_document("store", {"lines": [], "forgotten": gone})
        else:
            session.put(f"{plural(gone, 'line')} forgotten; bars stay.")
        return 0
    ticker = Ticker(session)
    try:
        computed = session.store.refresh_lines(ticker) if refresh else 0
    finally:
        ticker.clear()
    held = session.store.stored_lines()
    if session.json:
        session.put_document("store", {"lines": [line_json(one) for one in held], "computed": computed})
        return 0
    if not held:
        commands = [(("screen", "rsi(14) < 30"), "the newest values of an indicator")]
        session.put(
            "No line is kept yet; a screen keeps those that it asks for.  Next:", *next_lines(commands, session)
        )
        return 0
    width = max(session.size[0] - _FIXED, 12)
    session.put(Ink(session.colored).head(f"{padded('line', width)}  {'interval':<8}  {'series':>7}  made (UTC)"))
    for one in held:
        made = numbers.moment(one.made_at // 60_000_000 * 60_000_000) if one.current else "another version"
        session.put(f"{padded(cut(one.line, width), width)}  {one.interval:<8}  {one.series:>7,}  {made}")
    if refresh:
        session.put(f"{plural(computed, 'instrument')} read anew.")
    return 0
