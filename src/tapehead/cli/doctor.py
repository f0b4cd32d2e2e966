"""`tapehead doctor`: whether everything is here that a run needs."""

import textwrap
from typing import TYPE_CHECKING

import click

from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker, every
from tapehead.cli.session import Session

if TYPE_CHECKING:
    from tapehead.library.doctor import Check


@click.command(
    "doctor",
    cls=Command,
    example="tapehead doctor --json",
    help="Check home, free space, file system, kernels, versions and formats; each failed check names its cure.",
)
@click.option("--warm", is_flag=True, help="Compile all machine code before, about a minute; else first runs do it.")
@click.pass_context
def doctor(context: click.Context, warm: bool) -> int:
    """Check and say what to do."""
    session: Session = context.find_root().obj
    checks = _warmed(session) if warm else list(session.store.doctor())
    failed = [check for check in checks if check.ok is False]
    if session.json:
        rows = [{"name": c.name, "ok": c.ok, "text": c.text, "cure": session.localise(c.cure or "")} for c in checks]
        session.put_document("doctor", {"ok": not failed, "doctor": rows})
        return 1 if failed else 0
    ink, width = Ink(session.colored), max((len(check.name) for check in checks), default=0)
    marks = {True: "ok  ", False: ink.bad("FAIL"), None: ink.head("note")}
    for check in checks:
        first = f"{marks[check.ok]}  {check.name:<{width}}  "
        indent = " " * (8 + width)
        session.put(*_column(first, indent, check.text, session))
        if check.cure and check.ok is not True:
            session.put(*_column(indent, indent, session.localise(check.cure), session))
    session.put(f"{len(failed)} of {len(checks)} checks failed." if failed else f"All {len(checks)} checks passed.")
    return 1 if failed else 0


def _warmed(session: Session) -> list["Check"]:
    """Compile, telling how far it is also while one file takes its time; then check."""
    ticker = Ticker(session)
    latest: list[tuple[str, int, int]] = [("compiling", 0, 0)]

    def told(what: str, done: int, total: int) -> None:
        latest[0] = (what, done, total)

    try:
        with every(0.2, lambda: ticker(*latest[0])):
            return list(session.store.doctor(warm=True, progress=told))
    finally:
        ticker.clear()


def _column(first: str, indent: str, text: str, session: Session) -> list[str]:
    """Wrap text into the column behind the names."""
    lines = textwrap.wrap(text, max(20, session.size[0] - len(indent)), break_long_words=False, break_on_hyphens=False)
    return [f"{first}{lines[0] if lines else ''}".rstrip(), *(f"{indent}{line}" for line in lines[1:])]
