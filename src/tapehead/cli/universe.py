"""`tapehead universe`: named sets of instruments, lists and filters."""

from typing import TYPE_CHECKING

import click

from tapehead.cli import numbers
from tapehead.cli.asked import split_names
from tapehead.cli.cells import cut, padded, width_of
from tapehead.cli.closing import next_lines, plural, wrap_names
from tapehead.cli.commands import Group
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.cli.table import wrapped
from tapehead.library.documents.market import universe_json, universe_row, years_json
from tapehead.library.limits import MOST_ROWS
from tapehead.model.segment import Universe
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.model.membership import Roll

_NAME_WIDTH = 32
_FILTER = 'kind == "crypto" and dollar_volume(30) > 1e6'


@click.group(
    "universe",
    cls=Group,
    example="tapehead universe create majors --symbols BTCUSDT,ETHUSDT",
    help="Named sets of instruments; those of a kind or a venue are there by themselves.",
)
def universe() -> None:
    """Group the commands below."""


@universe.command("list", example="tapehead universe list", help="List the universes by name.")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=500, show_default=True, help="At most so many.")
@click.option("--after", default="", metavar="NAME", help="Only those whose names come after it.")
@click.pass_context
def list_(context: click.Context, limit: int, after: str) -> int:
    """List names and sizes, or what a filter asks for."""
    session: Session = context.find_root().obj
    held = session.store.universes(limit=limit, after=after)
    last = held[-1].name if len(held) == limit else ""
    more = last if last and session.store.universes(limit=1, after=last) else None
    if session.json:
        session.put_document("universe", {"universe": [universe_row(one) for one in held], "after": more})
        return 0
    if not held:
        session.put("No universe yet: each kind and each venue of what you import is one.")
        return 0
    width = min(max(8, *(width_of(one.name) for one in held)), _NAME_WIDTH)
    ink = Ink(session.colored)
    session.put(ink.head(f"{'universe':<{width}}  {'instruments':>11}"))
    for one in held:
        size = "by filter" if one.where else f"{len(one.symbols):,}"
        first, *rest = wrapped(_words_of(one), max(session.size[0] - width - 15, 20))
        session.put(f"{padded(cut(one.name, width), width)}  {size:>11}  {first}".rstrip())
        session.put(*(f"{'':<{width}}  {'':>11}  {line}" for line in rest))
    if more is not None:
        session.say("More:", *next_lines([(("universe", "list", "--after", more), "")], session))
    return 0


def _words_of(one: Universe) -> list[str]:
    """Return what stands beside a universe."""
    return one.where.split(" ") if one.where else ["built in" * one.built_in]


@universe.command(
    "show",
    example="tapehead universe show crypto",
    help="List the members of a universe on a day (UTC), those of a filter with their number by year.",
)
@click.argument("name")
@click.option("--at", metavar="DATE", help="The day, UTC: 2021-04-01; default the one after the newest bar.")
@click.option(
    "--interval", metavar="1h", help="Bars that a filter's figures come from; default the longest up to a day."
)
@click.option("--snapshot", type=click.IntRange(min=0), metavar="N", help="State of the store; default the newest.")
@click.pass_context
def show(context: click.Context, name: str, at: str | None, interval: str | None, snapshot: int | None) -> int:
    """List the members."""
    session: Session = context.find_root().obj
    one = session.store.universe(name)
    ticker = Ticker(session)
    try:
        roll = session.store.members(name, at, interval=interval, snapshot=snapshot, progress=ticker)
    finally:
        ticker.clear()
    if session.json:
        session.put_document(
            "universe", {**universe_json(one, roll.members), "at": iso(roll.day), "by_year": years_json(roll)}
        )
        return 0
    session.put(*_roll_lines(one, roll, session))
    return 0


def _roll_lines(one: Universe, roll: "Roll", session: Session) -> list[str]:
    """Return who belongs, and how many did by year."""
    width, day = session.size[0], numbers.moment(roll.day)
    size = plural(len(roll.members), "instrument")
    if not one.where:
        return [f"{one.name}: {size}{', built in' * one.built_in}", *wrap_names(roll.members, width)]
    lines = [*wrap_names([f"{one.name}:", *one.where.split(" ")], width, gap=" ", indent="")]
    lines += [f"{size} on {day} UTC", *wrap_names(roll.members, width)]
    if any(year.ever for year in roll.years):
        lines.append(Ink(session.colored).head(f"{'year':>6}  {'ever':>7}  {'a day':>8}"))
        lines += [f"{year.year:>6}  {year.ever:>7,}  {year.mean:>8,.1f}" for year in roll.years]
    return lines


@universe.command(
    "create",
    example="tapehead universe create majors --symbols BTCUSDT,ETHUSDT",
    help=(
        "Name a list of instruments, or a filter that is evaluated each day with the bars closed before it. A filter "
        "compares kind, venue, symbol, quote, calendar, basis with words, and bars (held so far), age_days (since the "
        "first bar), close and volume (of the last day), dollar_volume(N) (median of close x volume a day), change(N), "
        "volatility(N) (of daily changes) with numbers, N in days that have bars; and, or, not, in join them."
    ),
)
@click.argument("name")
@click.option("--symbols", metavar="A,B", multiple=True, callback=split_names, help="Its instruments.")
@click.option("--where", metavar="EXPR", help=f"A filter, such as '{_FILTER}'.")
@click.pass_context
def create(context: click.Context, name: str, symbols: tuple[str, ...] | None, where: str | None) -> int:
    """Keep a list or a filter under a name."""
    session: Session = context.find_root().obj
    if (symbols is None) == (where is None):
        given = "both are given" if symbols is not None else "neither is given"
        raise click.UsageError(
            f"Name the instruments by --symbols or by --where; {given}. "
            f"For instance: tapehead universe create {name} --symbols BTCUSDT,ETHUSDT",
            context,
        )
    made = session.store.create_universe(name, symbols, where=where)
    if session.json:
        session.put_document("universe", universe_json(made, made.symbols))
    elif made.where:
        session.put(f"Universe {made.name} is a filter, evaluated each day.  Next:")
        session.put(*next_lines([(("universe", "show", name), "who belongs to it")], session))
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
