"""What is asked of a service about what it holds, and what its answers become."""

from collections.abc import Mapping, Sequence
from typing import Any

from tapehead.indicators.catalogue import Indicator
from tapehead.jobs.undo import Undone
from tapehead.library.ledgers import Covered
from tapehead.library.limits import check_limit
from tapehead.library.listing import InstrumentRow
from tapehead.library.remote.asking import LARGE_PAGE, PAGE, Ask, Asking, below, gathered, get, pages, post
from tapehead.library.remote.held import (
    aside_from,
    commit_from,
    indicator_from,
    instrument_from,
    ledger_from,
    moment,
    roll_from,
    strategy_from,
    undone_from,
    universe_from,
)
from tapehead.library.store import StrategyInfo
from tapehead.model.history import CommitRecord
from tapehead.model.membership import Roll
from tapehead.model.segment import Quarantined, Universe

COVERAGE_PAGE = 1000


def strategies() -> Asking[list[StrategyInfo]]:
    """Return the strategies that are installed there."""
    return [strategy_from(one) for one in (yield from pages("strategies", "strategies"))]


def indicators() -> Asking[tuple[Indicator, ...]]:
    """Return the indicators."""
    return tuple(indicator_from(one) for one in (yield from pages("indicators", "indicators")))


def instruments(limit: int | None, asked: Mapping[str, Any]) -> Asking[list[InstrumentRow]]:
    """Return the instruments that fit."""
    rows = yield from pages("instruments", "instruments", limit=None if limit is None else check_limit(limit), **asked)
    return [instrument_from(one) for one in rows]


def universe(name: str, **asked: Any) -> Asking[dict[str, Any]]:
    """Return a universe with its members on a day."""
    return (yield from gathered(["symbols"], "universes", name, limit=LARGE_PAGE, **asked))


def universe_rows(limit: int | None, after: str) -> Asking[list[Any]]:
    """Return what is listed of the universes after a name."""
    size = None if limit is None else check_limit(limit)
    return (yield from pages("universe", "universes", limit=size, after=after or None))


def universes(limit: int | None, after: str) -> Asking[list[Universe]]:
    """Return universes with their names."""
    found = []
    for row in (yield from universe_rows(limit, after)):
        whole = row if row["where"] else (yield from universe(row["name"]))
        found.append(universe_from(whole, list))
    return found


def members(name: str, **asked: Any) -> Asking[Roll]:
    """Return who belongs to a universe on a day."""
    return roll_from((yield from universe(name, **asked)))


def undo(commit: int) -> Asking[Undone]:
    """Take back a commit."""
    body = yield from post("undo", str(commit))
    return undone_from(body, (yield from commit_of(body["undoes"])))


def commit_of(number: int) -> Asking[CommitRecord]:
    """Return one commit."""
    return commit_from((yield from get("commits", str(number)))["log"][0])


def commits(limit: int, before: int | None) -> Asking[list[CommitRecord]]:
    """Return commits, newest first, those below `before`."""
    found: list[CommitRecord] = []
    cursor = None
    while len(found) < limit:
        body = yield from get("commits", limit=PAGE, cursor=cursor)
        rows = map(commit_from, body["log"])
        found += [one for one in rows if before is None or one.number < before]
        cursor = body["cursor"]
        if cursor is None:
            break
    return found[:limit]


def coverage(**asked: Any) -> Asking[Covered]:
    """Return what is held and missing."""
    bodies = yield from _coverage(**asked)
    ledgers = tuple(ledger_from(one) for body in bodies for one in body["coverage"])
    start, end = moment(bodies[0]["start"]) or 0, moment(bodies[0]["end"]) or 1
    return Covered(ledgers, start, end, bodies[0]["snapshot"])


def quarantined(limit: int, **asked: Any) -> Asking[list[Quarantined]]:
    """Return the rows that imports set aside."""
    bodies = yield from _coverage(quarantine=True, aside=min(limit, LARGE_PAGE), **asked)
    return [aside_from(one) for body in bodies for one in body["quarantine"]][:limit]


def _coverage(**asked: Any) -> Asking[list[dict[str, Any]]]:
    """Return every page of coverage."""
    bodies: list[dict[str, Any]] = []
    cursor = None
    most = {"holes": 100_000} if asked.get("gaps") else {}
    while not bodies or cursor is not None:
        bodies.append((yield from get("coverage", **asked, **most, limit=COVERAGE_PAGE, cursor=cursor)))
        cursor = bodies[-1]["cursor"]
    return bodies


def create_universe(name: str, symbols: Sequence[str] | None, where: str | None) -> Asking[dict[str, Any]]:
    """Keep a universe."""
    asked = {"name": name, "symbols": None if symbols is None else list(symbols), "where": where}
    body = {name: value for name, value in asked.items() if value is not None}
    found: dict[str, Any] = yield from post("universes", body=body)
    return found


def delete_universe(name: str) -> Asking[None]:
    """Forget a universe."""
    answer = yield Ask("DELETE", below("universes", name))
    answer.check()
