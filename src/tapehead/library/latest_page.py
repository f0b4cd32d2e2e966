"""latest_page: one bar of each of some instruments, those whose names come after one."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from tapehead.jobs import universes as selection
from tapehead.jobs.latest import latest
from tapehead.jobs.plan import choose_interval
from tapehead.layout.columns import Column
from tapehead.model.table import Table
from tapehead.wiring.assemble import House


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose bars, and which of them; see `Store.latest`. `at` is us UTC."""

    universe: str | None
    symbols: Sequence[str] | None
    interval: str | None
    at: int | None
    columns: tuple[Column, ...]
    snapshot: int | None


@dataclass(frozen=True, slots=True, eq=False)
class LatestPage:
    """Bars of one page, of which interval and snapshot, and the name after which the next page begins, if any."""

    table: Table
    interval: str
    snapshot: int
    last: str | None


def latest_page(house: House, wanted: Wanted, *, after: str = "", limit: int | None = None) -> LatestPage:
    """Read one bar of each instrument after a name, of at most `limit` instruments.

    Raises
    ------
    UnknownUniverseError, UnknownSymbolError, AmbiguousSymbolError, NoBarsError, ParameterError
    """
    with house.bars.reading(wanted.snapshot) as number:
        chosen = selection.select(house.bars, wanted.universe, wanted.symbols, number)
        # Of all of them, so that every page of one question is of the same interval.
        interval = choose_interval(house.bars, chosen, wanted.interval, "these instruments").text
        names = [one.name for one in chosen]
        first = bisect_right(names, after)
        page = chosen[first:] if limit is None else chosen[first : first + limit]
        table = latest(
            house.bars,
            house.shelf,
            page,
            interval=interval,
            at=wanted.at,
            columns=wanted.columns,
            snapshot=number,
        )
    return LatestPage(table, interval, number, page[-1].name if first + len(page) < len(names) else None)
