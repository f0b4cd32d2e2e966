"""`tapehead undo`: take back one commit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tapehead.cli import numbers
from tapehead.cli.closing import next_lines, plural, wrap_names
from tapehead.cli.commands import Command
from tapehead.cli.session import Session
from tapehead.library.documents.commits import undone_json

if TYPE_CHECKING:
    from tapehead.jobs.undo import Undone
    from tapehead.model.instrument import Series

_NAMED = 12


@click.command(
    "undo",
    cls=Command,
    example="tapehead undo 3",
    help="Take back one commit, such as an import: what it brought goes, what it replaced comes back, bit for bit. "
    "The undo is a commit too: undo that one to have it back. Commits have the numbers of: tapehead store log.",
)
@click.argument("commit", type=int)
@click.pass_context
def undo(context: click.Context, /, commit: int) -> int:
    """Undo; refused where a later commit builds on it."""
    session: Session = context.find_root().obj
    done = session.store.undo(commit)
    if session.json:
        session.put_document("undo", undone_json(done))
    else:
        session.put(*_lines(done, session))
    return 0


def _lines(done: "Undone", session: Session) -> list[str]:
    """Return what went, what came back, and what to type next."""
    record = done.undoes
    made = numbers.moment(record.at // 60_000_000 * 60_000_000)
    lines = [f"Commit {record.number} ({record.note}, {made} UTC) is taken back."]
    lines.append(
        f"  {plural(done.bars_before, 'bar')} before, {done.bars_after:,} now;"
        f" {plural(done.instruments_before, 'instrument')} before, {done.instruments_after:,} now"
    )
    rest = [one for one in done.series if one not in {*done.gone, *done.back}]
    for series, text in ((done.gone, "gone"), (done.back, "back"), (rest, "as it was before")):
        if series:
            lines.append(f"  {len(series):,} series {text}:")
            lines += _names(series, session)
    if not done.series:
        lines.append("  no bars changed")
    lines.append(f"The store is at snapshot {done.commit}.  Next:")
    return lines + next_lines(
        [(("instruments",), "what the store holds"), (("undo", str(done.commit)), "have it back")], session
    )


def _names(series: "Sequence[Series]", session: Session) -> list[str]:
    """Return the first names, wrapped."""
    shown = [f"{one.instrument} {one.interval}" for one in series[:_NAMED]]
    more = len(series) - len(shown)
    return [f"  {line}" for line in wrap_names(shown + [f"and {more:,} more"] * (more > 0), session.size[0] - 2)]
