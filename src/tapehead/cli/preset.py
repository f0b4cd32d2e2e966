"""`tapehead preset`: a strategy with its parameters, saved and run by name."""

from typing import TYPE_CHECKING

import click

from tapehead.cli import numbers
from tapehead.cli.asked import read_parameters
from tapehead.cli.cells import cut, folded, padded, width_of
from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Group
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.library.documents.presets import preset_json

if TYPE_CHECKING:
    from tapehead.library.presets import KeptPreset

_NAME_WIDTH = 24


@click.group(
    "preset",
    cls=Group,
    example="tapehead preset list",
    help="Strategies with their parameters under a name; `backtest`, `sweep` and `portfolio` run them as preset:NAME.",
)
def preset() -> None:
    """Group the commands below."""


@preset.command(
    "save",
    example="tapehead preset save quick SmaCross -p fast=5 -p slow=20",
    help=(
        "Keep STRATEGY with its parameters as NAME, in place of one of that name. Parameters that are not given stand "
        "at their defaults of today; those of another preset:NAME are taken over."
    ),
)
@click.argument("name")
@click.argument("strategy", metavar="STRATEGY|FILE.py:NAME")
@click.option(
    "-p",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    callback=read_parameters,
    help="Parameter of the strategy; repeat for more.",
)
@click.pass_context
def save(context: click.Context, name: str, strategy: str, parameters: dict[str, float | int | str]) -> int:
    """Keep one."""
    session: Session = context.find_root().obj
    made = session.store.save_preset(name, strategy, parameters)
    if session.json:
        session.put_document("preset", preset_json(made))
        return 0
    session.put(*folded(f"Preset {made.name} is {words_of(made)}.  Next:", session.size[0], rest="  "))
    session.put(*next_lines([(("backtest", f"preset:{made.name}"), "run it")], session))
    return 0


@preset.command(
    "list", example="tapehead preset list", help="List the presets, and which have another strategy by now."
)
@click.pass_context
def list_(context: click.Context) -> int:
    """List names, strategies and parameters."""
    session: Session = context.find_root().obj
    held = session.store.presets()
    if session.json:
        session.put_document("preset", {"presets": [preset_json(one) for one in held]})
        return 0
    if not held:
        session.put("No preset yet.  Next:")
        session.put(*next_lines([(("preset", "save", "quick", "SmaCross", "-p", "fast=5"), "keep one")], session))
        return 0
    ink = Ink(session.colored)
    width = min(max(6, *(width_of(one.name) for one in held)), _NAME_WIDTH)
    session.put(ink.head(f"{'preset':<{width}}    saved (UTC)  strategy"))
    for one in held:
        mark = "!" if one.changed else " "
        first, *more = folded(words_of(one), max(session.size[0] - width - 17, 20))
        day = numbers.moment(one.preset.saved_at)[:10]
        session.put(f"{padded(cut(one.name, width), width)}  {mark} {day:<11}  {first}")
        session.put(*(f"{'':<{width + 17}}{line}" for line in more))
    changed = [one for one in held if one.changed]
    for one in changed:
        session.say(*folded(f"! {one.name}: {one.changed}", session.size[0], rest="  "))
    return 0


@preset.command("show", example="tapehead preset show quick", help="Show strategy and parameters of a preset.")
@click.argument("name")
@click.pass_context
def show(context: click.Context, name: str) -> int:
    """Show one."""
    session: Session = context.find_root().obj
    one = session.store.preset(name)
    if session.json:
        session.put_document("preset", preset_json(one))
        return 0
    ink = Ink(session.colored)
    session.put(ink.strong(one.name))
    session.put(f"  {'strategy':<18}{one.strategy}")
    session.put(*(f"  {key:<18}{value}" for key, value in one.parameters.items()))
    session.put(f"  {'saved':<18}{numbers.moment(one.preset.saved_at)} UTC")
    session.put(f"  {'code':<18}{one.preset.source[:8]}")
    tell_changed(session, one)
    return 0


@preset.command("delete", example="tapehead preset delete quick", help="Forget a preset; runs of it stay.")
@click.argument("name")
@click.pass_context
def delete(context: click.Context, name: str) -> int:
    """Forget one."""
    session: Session = context.find_root().obj
    session.store.delete_preset(name)
    if session.json:
        session.put_document("preset", {"deleted": name})
    else:
        session.put(f"Preset {name} is gone; its runs stay.")
    return 0


def words_of(one: "KeptPreset") -> str:
    """Return a strategy with its parameters: `SmaCross fast=5 slow=20`."""
    return " ".join([one.strategy, *(f"{name}={value}" for name, value in one.parameters.items())])


def tell_changed(session: Session, one: "KeptPreset") -> None:
    """Say that the strategy of a preset is another one than when it was saved."""
    if not one.changed:
        return
    words = ["preset", "save", one.name, one.strategy]
    words += [word for name, value in one.parameters.items() for word in ("-p", f"{name}={value}")]
    session.say(*folded(f"! {one.name}: {one.changed}. Keep it as it is now:", session.size[0], rest="  "))
    session.say(*next_lines([(tuple(words), "")], session))
