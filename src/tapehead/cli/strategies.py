"""`tapehead strategies`: what can be run, and what it can be told."""

import inspect
import textwrap
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.library.documents.catalogue import find_strategy, kind_word, strategy_json

if TYPE_CHECKING:
    from tapehead.library.store import StrategyInfo


@click.command(
    "strategies",
    cls=Command,
    example="tapehead strategies RsiReversion",
    help="List strategies; with the NAME of one, or a FILE.py, their parameters, bounds and defaults.",
)
@click.argument("name", required=False, metavar="[NAME|FILE.py]")
@click.pass_context
def strategies(context: click.Context, name: str | None) -> int:
    """List strategies or describe some."""
    session: Session = context.find_root().obj
    chosen = _chosen(session, name)
    if session.json:
        session.put_document("strategies", {"strategies": [strategy_json(info) for info in chosen]})
        return 0
    ink = Ink(session.colored)
    if name is None:
        _list(chosen, session)
    else:
        for info in chosen:
            session.put(*_lines(info, session.size[0], ink))
    return 0


def _list(chosen: "list[StrategyInfo]", session: Session) -> None:
    """Write name and first line of each."""
    width = max((len(info.name) for info in chosen), default=8) + 2
    for info in chosen:
        first, *rest = textwrap.wrap(_first_line(info), max(20, session.size[0] - width)) or [""]
        session.put(f"{info.name:<{width}}{first}".rstrip(), *(f"{' ' * width}{line}" for line in rest))
    commands = [(("strategies", info.name), "parameters and bounds") for info in chosen[-1:]]
    session.put("Next:", *next_lines(commands, session))


def _chosen(session: Session, name: str | None) -> "list[StrategyInfo]":
    """Return all strategies, those of a file, or the one of a name."""
    if name is None:
        return list(session.store.strategies())
    path, colon, wanted = name.rpartition(":") if ".py:" in name else (name, "", "")
    if path.endswith(".py"):
        held = list(session.store.strategies(path))
        wanted = wanted if colon else ""
    else:
        held, wanted = list(session.store.strategies()), name
    return [find_strategy(held, wanted, name)] if wanted else held


def _first_line(info: "StrategyInfo") -> str:
    """Return the first line of a strategy's docstring."""
    return (info.doc or "").strip().partition("\n")[0]


def _lines(info: "StrategyInfo", width: int, ink: Ink) -> list[str]:
    """Return name, docstring and parameters of one strategy."""
    lines = [ink.strong(info.name)]
    for part in inspect.cleandoc(info.doc or "").split("\n\n"):
        lines += [""] * (len(lines) > 1) + textwrap.wrap(part, width, initial_indent="  ", subsequent_indent="  ")
    if info.params:
        lines.append(ink.head(f"  {'parameter':<18}{'kind':<7}{'default':>10}{'low':>10}{'high':>10}"))
        lines += [
            f"  {one.name:<18}{kind_word(one):<7}{_value(one.default):>10}{_value(one.low):>10}{_value(one.high):>10}"
            for one in info.params
        ]
    else:
        lines.append("  no parameters")
    return lines


def _value(value: Any) -> str:
    """Return a default or a bound; `-` where there is none."""
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
