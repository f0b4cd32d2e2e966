"""`tapehead store verify`: what a store holds against what it says it holds."""

import textwrap
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session

if TYPE_CHECKING:
    from tapehead.model.history import Finding

_NO_FAULT = "orphan"


@click.command(
    "verify",
    cls=Command,
    example="tapehead store verify --rows",
    help="Check the databases, the manifest, and every segment against the hash it was committed with. Exit 1 when "
    "anything is damaged.",
)
@click.option("--rows", is_flag=True, help="Decode every segment, and check its bars too.")
@click.option("--heal", is_flag=True, help="Write damaged segments anew where a cache still has their bars.")
@click.pass_context
def verify(context: click.Context, /, rows: bool, heal: bool) -> int:
    """Check; exit 1 when anything is wrong and was not mended."""
    session: Session = context.find_root().obj
    ticker, counted = Ticker(session), _Counted()
    found: list[Finding] = []

    def progress(what: str, done: int, total: int) -> None:
        counted.take(what, total)
        ticker(what, done, total)

    try:
        for finding in session.store.check(rows=rows, heal=heal, progress=progress):
            found.append(finding)
            if not session.json:
                ticker.clear()
                session.put(*_lines(finding, session))
    finally:
        ticker.clear()
    wrong = [one for one in found if one.what != _NO_FAULT and not one.healed]
    if session.json:
        body = {"ok": not wrong, "segments": counted.segments, "findings": [_json(one) for one in found]}
        session.put_document("store", {"verify": body})
    else:
        session.put(*_summary(found, wrong, counted.segments, heal, session))
    return 1 if wrong else 0


class _Counted:
    """How many segments were looked at."""

    segments = 0

    def take(self, what: str, total: int) -> None:
        """Note the total of the segments."""
        if "segments" in what:
            self.segments = total


def _lines(finding: "Finding", session: Session) -> list[str]:
    """Return one finding: what and where, then the sentence."""
    ink = Ink(session.colored)
    mild = finding.what == _NO_FAULT or finding.healed
    word = f"{finding.what:<10}"
    text = session.localise(finding.text) if not finding.healed else f"{finding.text} Healed: {finding.healed}."
    body = textwrap.wrap(
        text,
        max(session.size[0], 40),
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [f"{ink.warn(word) if mild else ink.bad(word)}{finding.where}", *body]


def _summary(found: "list[Finding]", wrong: "list[Finding]", segments: int, heal: bool, session: Session) -> list[str]:
    """Return what it comes to, and what to type next."""
    healed, orphans = sum(bool(one.healed) for one in found), sum(one.what == _NO_FAULT for one in found)
    notes = [f"{plural(healed, 'segment')} healed"] if healed else []
    notes += [f"{plural(orphans, 'file')} that no commit names"] if orphans else []
    rest = f"; {', '.join(notes)}" if notes else ""
    if not wrong:
        return [f"Nothing is wrong: {plural(segments, 'segment')} checked{rest}."]
    lines = [f"{plural(len(wrong), 'fault')} in {plural(segments, 'segment')}{rest}."]
    if not heal and any(one.what in {"damaged", "gone"} for one in wrong):
        lines += ["Next:", *next_lines([(("store", "verify", "--heal"), "mend what a cache still has")], session)]
    return lines


def _json(finding: "Finding") -> dict[str, Any]:
    """Return plain values."""
    return {"what": finding.what, "where": finding.where, "text": finding.text, "healed": finding.healed}
