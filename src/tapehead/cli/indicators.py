"""`tapehead indicators`: what can be computed of bars, what it takes and what it gives."""

import textwrap

import click

from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.indicators.catalogue import Compared, Indicator
from tapehead.library.documents.catalogue import call_of, definition_of, indicator_json
from tapehead.wiring.indicator_plugins import TALIB, find_indicator, talib
from tapehead.wiring.indicator_plugins import indicators as indicators_there_are

_LABEL_WIDTH = 10


@click.command(
    "indicators",
    cls=Command,
    example="tapehead indicators bollinger",
    help="List indicators; with the NAME of one, its call, lines, warm-up, source, parameters and bounds. `talib` "
    "lists TA-Lib's functions, where its wheel is installed.",
)
@click.argument("name", required=False)
@click.pass_context
def indicators(context: click.Context, name: str | None) -> int:
    """List indicators or describe one."""
    session: Session = context.find_root().obj
    chosen = _chosen(name)
    if session.json:
        session.put_document("indicators", {"indicators": [indicator_json(one) for one in chosen]})
        return 0
    if name is None or name == TALIB:
        _list(chosen, session)
    else:
        session.put(*_lines(chosen[0], session.size[0], Ink(session.colored)))
    return 0


def _chosen(name: str | None) -> tuple[Indicator, ...]:
    """Return all indicators, or the one of a name."""
    if name == TALIB:
        return talib()
    return indicators_there_are() if name is None else (find_indicator(name),)


def _list(chosen: tuple[Indicator, ...], session: Session) -> None:
    """Write name and summary of each."""
    width = max(len(one.name) for one in chosen) + 2
    for one in chosen:
        session.put(*_labelled(one.name, one.summary, width, session.size[0]))
    session.put("Next:", *next_lines([(("indicators", chosen[0].name), "parameters, lines and warm-up")], session))


def _lines(one: Indicator, width: int, ink: Ink) -> list[str]:
    """Return what is to be known of one indicator."""
    lines = [ink.strong(one.name)]
    lines += textwrap.wrap(one.summary, width, initial_indent="  ", subsequent_indent="  ")
    bars = "1 bar" if one.warm_bars == 1 else f"{one.warm_bars} bars"
    warm = "known from the first bar on" if one.warm_up == "0" else f"{bars} at the defaults ({one.warm_up})"
    facts = [("call", f"th.{call_of(one)}"), ("warm-up", warm), ("source", one.source)]
    if defined := definition_of(one):
        facts.insert(1, ("is", defined.replace("`", "")))
    if one.outputs:
        facts.insert(-2, ("gives", ", ".join(one.outputs)))
    facts += [("equals" if each.difference == 0 else "as", _compared(each)) for each in one.compared]
    for label, text in facts:
        lines += [f"  {line}" for line in _labelled(label, text, _LABEL_WIDTH, width - 2)]
    if one.parameters:
        lines.append(ink.head(f"  {'parameter':<18}{'kind':<7}{'default':>10}{'low':>10}{'high':>10}"))
        lines += [
            f"  {each.name:<18}{each.kind.__name__:<7}{each.default:>10g}{each.low:>10g}{_bound(each.high):>10}"
            for each in one.parameters
        ]
    return lines


def _compared(one: Compared) -> str:
    """Say how near another tool's figures are."""
    return one.tool if one.difference == 0 else f"{one.tool}, to {one.difference:.0e} of its largest figure: {one.why}"


def _labelled(label: str, text: str, label_width: int, width: int) -> list[str]:
    """Return a text beside its label, wrapped."""
    first, *rest = textwrap.wrap(text, max(20, width - label_width))
    return [f"{label:<{label_width}}{first}", *(f"{'':<{label_width}}{line}" for line in rest)]


def _bound(value: float | None) -> str:
    """Return a bound; `-` where there is none."""
    return "-" if value is None else f"{value:g}"
