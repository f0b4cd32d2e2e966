"""`tapehead store rows`: rows of bars for SQL, by choice of their series."""

from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.asked import split_names
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Group
from tapehead.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from tapehead.model.instrument import Series

_ALL = "all"


@click.group(
    "rows",
    cls=Group,
    example="tapehead store rows list",
    help="Rows of bars in the table tapehead.bars of a store in PostgreSQL, to be read and edited by plain SQL. The "
    "next run sees every edit that was committed before it. By choice of the series: a row takes some 130 bytes.",
)
def rows() -> None:
    """Group the commands below."""


def _which(call: "Callable[..., int]") -> "Callable[..., int]":
    """Add what names series."""
    call = click.option("--all", "every", is_flag=True, help="Every series of the store.")(call)
    call = click.option("--interval", metavar="1h", help="Bars of this interval only.")(call)
    call = click.option("--universe", metavar="U", help="Instruments of a universe.")(call)
    return click.argument("symbols", nargs=-1, metavar="SYMBOL...", callback=split_names)(call)


def _asked(
    context: click.Context, symbols: tuple[str, ...] | None, every: bool, options: dict[str, Any]
) -> dict[str, Any]:
    """Return what names series; refuse none and two of them."""
    given = [symbols is not None, options["universe"] is not None, every]
    if sum(given) != 1:
        words = "Name the series by SYMBOL, by --universe, or --all of them; give one of the three."
        raise click.UsageError(words, context)
    return {"symbols": symbols, **options}


@rows.command("list", example="tapehead store rows list", help="List the series that have rows.")
@click.pass_context
def listed(context: click.Context) -> int:
    """List them."""
    session: Session = context.find_root().obj
    found = session.store.rows()
    if session.json:
        session.put_document("store", {"rows": {"series": [_series_json(one) for one in found]}})
    elif found:
        session.put(*(f"{one.instrument}  {one.interval}" for one in found))
    else:
        commands = [(("store", "rows", "on", "SYMBOL"), "write the rows of one")]
        session.put("No series has rows.  Next:", *next_lines(commands, session))
    return 0


@rows.command(
    "on",
    example="tapehead store rows on BTCUSDT ETHUSDT --interval 1h",
    help="Write the rows of series, and keep rows and segments equal from now on, whichever is changed.",
)
@_which
@click.pass_context
def switch_on(context: click.Context, /, symbols: tuple[str, ...] | None, every: bool, **options: Any) -> int:
    """Switch rows on."""
    session: Session = context.find_root().obj
    written = session.store.rows_on(**_asked(context, symbols, every, options))
    if session.json:
        session.put_document("store", {"rows": {"written": written}})
    else:
        session.put(f"{plural(written, 'row')} written to tapehead.bars." if written else "They have rows already.")
    return 0


@rows.command(
    "off",
    example="tapehead store rows off BTCUSDT --interval 1h",
    help="Remove the rows of series. What was edited is in the segments first; no bar is lost.",
)
@_which
@click.pass_context
def switch_off(context: click.Context, /, symbols: tuple[str, ...] | None, every: bool, **options: Any) -> int:
    """Switch rows off."""
    session: Session = context.find_root().obj
    count = session.store.rows_off(**_asked(context, symbols, every, options))
    if session.json:
        session.put_document("store", {"rows": {"series": count}})
    else:
        session.put(f"{count:,} series have no rows any more." if count else "They had none.")
    return 0


@rows.command(
    "rebuild",
    example="tapehead store rows rebuild BTCUSDT --interval 1h",
    help="Make segments of all rows of series. Edits are seen without it; DETACH, ATTACH and replication are not, and "
    "`tapehead store verify --rows` finds them.",
)
@_which
@click.pass_context
def rebuild(context: click.Context, /, symbols: tuple[str, ...] | None, every: bool, **options: Any) -> int:
    """Rebuild."""
    session: Session = context.find_root().obj
    head = session.store.rebuild_rows(**_asked(context, symbols, every, options))
    if session.json:
        session.put_document("store", {"rows": {"snapshot": head}})
    else:
        session.put(f"The segments are those of the rows, at snapshot {head}.")
    return 0


@rows.command(
    "upkeep",
    example="tapehead store rows upkeep --ahead 6 --keep 36",
    help="Look after the monthly partitions: make those to come, move rows out of the default one, drop those that are "
    "too old (their bars stay in the segments). To be run from time to time; the ages are kept for the next time.",
)
@click.option("--ahead", type=click.IntRange(0, 120), metavar="N", help="Months made before there is a bar; first 3.")
@click.option("--keep", metavar="N|all", help="Months of rows to keep, or all of them; first all.")
@click.pass_context
def upkeep(context: click.Context, /, ahead: int | None, keep: str | None) -> int:
    """Look after the partitions."""
    session: Session = context.find_root().obj
    if keep is not None and keep != _ALL and not (keep.isdecimal() and int(keep)):
        raise click.UsageError(f"--keep {keep}: a number of months from 1, or all.", context)
    months = int(keep) if keep is not None and keep != _ALL else None
    report = session.store.keep_partitions(ahead_months=ahead, keep_months=months, keep_all=keep == _ALL)
    if session.json:
        body = {
            "made": report.made,
            "moved": report.moved,
            "dropped": list(report.dropped),
            "ahead_months": report.ahead_months,
            "keep_months": report.keep_months,
        }
        session.put_document("store", {"rows": body})
        return 0
    kept = "all rows" if report.keep_months is None else f"rows of {plural(report.keep_months, 'month')}"
    session.put(
        f"{plural(report.made, 'month')} made, {plural(report.moved, 'row')} moved out of the default partition, "
        f"{plural(len(report.dropped), 'month')} dropped.",
        f"Months are made {report.ahead_months} ahead; {kept} are kept.",
    )
    return 0


def _series_json(series: "Series") -> dict[str, str]:
    """Return plain values."""
    return {"venue": series.venue, "symbol": series.symbol, "interval": series.interval.text}
