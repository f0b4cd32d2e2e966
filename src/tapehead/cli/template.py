"""`tapehead new`: files to begin with."""

import shlex
import sys

import click

from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Group
from tapehead.cli.session import Session
from tapehead.library.template import write_template


@click.group("new", cls=Group, example="tapehead new strategy my_idea.py", help="Files of your own to begin with.")
def new() -> None:
    """Group the command below."""


@new.command(
    "strategy",
    example="tapehead new strategy my_idea.py",
    help="Write a strategy with comments to FILE, and beside it a test that passes; nothing is overwritten.",
)
@click.argument("file", metavar="FILE.py")
@click.pass_context
def strategy(context: click.Context, file: str) -> int:
    """Write both."""
    session: Session = context.find_root().obj
    path, test, name = write_template(file)
    if session.json:
        session.put_document("new", {"file": str(path), "test": str(test), "strategy": f"{path}:{name}"})
        return 0
    session.put(f"{path} holds the strategy {name}, {test} its test.  Next:")
    commands = [
        (("strategies", str(path)), "what it can be told"),
        (("backtest", f"{path}:{name}"), "run it on all that the store holds"),
    ]
    session.put(*next_lines(commands, session))
    session.put(f"  {shlex.join([sys.executable, '-m', 'pytest', str(test)])}", "      its test")
    return 0
