"""`tapehead universe`: named sets of instruments."""

from typing import Any

import click

from tapehead.cli.closing import plural, wrap_names
from tapehead.cli.commands import Group
from tapehead.cli.ink import Ink
from tapehead.cli.run import split_names
from tapehead.cli.session import Session
from tapehead.model.segment import Universe


@click.group(
    "universe",
    cls=Group,
    example="tapehead universe create majors --symbols BTCUSDT,ETHUSDT",
    help="Named sets of instruments; those of a kind or a venue are there by themselves.",
)
def universe() -> None:
    """Group the commands below."""


@universe.command("list", example="tapehead universe list", help="List the universes.")
@click.pass_context
def list_(context: click.Context) -> int:
    """List names and sizes."""
    session: Session = context.find_root().obj
    held = session.store.universes()
    if session.json:
        rows = [{"name": one.name, "instruments": len(one.symbols), "built_in": one.built_in} for one in held]
        session.put_document("universe", {"universe": rows})
        return 0
    if not held:
        session.put("No universe yet: each kind and each venue of what you import is one.")
        return 0
    width = max(8, *(len(one.name) for one in held))
    ink = Ink(session.colored)
    session.put(ink.head(f"{'universe':<{width}}  {'instruments':>11}"))
    session.put(*(f"{one.name:<{width}}  {len(one.symbols):>11,}{'  built in' * one.built_in}" for one in held))
    return 0


@universe.command("show", example="tapehead universe show crypto", help="List the instruments of a universe.")
@click.argument("name")
@click.pass_context
def show(context: click.Context, name: str) -> int:
    """List the members."""
    session: Session = context.find_root().obj
    one = session.store.universe(name)
    if session.json:
        session.put_document("universe", _document(one))
        return 0
    session.put(f"{one.name}: {plural(len(one.symbols), 'instrument')}{', built in' * one.built_in}")
    session.put(*wrap_names(one.symbols, session.size[0]))
    return 0


@universe.command(
    "create", example="tapehead universe create majors --symbols BTCUSDT,ETHUSDT", help="Name a list of instruments."
)
@click.argument("name")
@click.option("--symbols", metavar="A,B", multiple=True, required=True, callback=split_names, help="Its instruments.")
@click.pass_context
def create(context: click.Context, name: str, symbols: tuple[str, ...]) -> int:
    """Keep a list under a name."""
    session: Session = context.find_root().obj
    made = session.store.create_universe(name, symbols)
    if session.json:
        session.put_document("universe", _document(made))
    else:
        session.put(f"Universe {made.name} holds {plural(len(made.symbols), 'instrument')}.")
    return 0


@universe.command("delete", example="tapehead universe delete majors", help="Forget a universe; its bars stay.")
@click.argument("name")
@click.pass_context
def delete(context: click.Context, name: str) -> int:
    """Forget a name."""
    session: Session = context.find_root().obj
    session.store.delete_universe(name)
    if session.json:
        session.put_document("universe", {"deleted": name})
    else:
        session.put(f"Universe {name} is gone; its bars stay.")
    return 0


def _document(one: Universe) -> dict[str, Any]:
    """Return plain values of a universe."""
    return {
        "name": one.name,
        "instruments": len(one.symbols),
        "built_in": one.built_in,
        "symbols": list(one.symbols),
    }
