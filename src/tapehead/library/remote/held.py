"""Instruments, universes, ledgers, bars, catalogues and commits out of their JSON."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from tapehead.indicators.catalogue import Compared, Indicator, Parameter
from tapehead.jobs.lookup import Reading
from tapehead.jobs.undo import Undone
from tapehead.library.listing import InstrumentRow
from tapehead.library.store import StrategyInfo
from tapehead.model.history import CommitRecord
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.ledger import Gap, Ledger
from tapehead.model.membership import Roll, YearOfMembers
from tapehead.model.quality import Example, FileReport, ImportReport
from tapehead.model.segment import Quarantined, Universe
from tapehead.model.spec import us_of
from tapehead.model.table import Table
from tapehead.strategies.strategy import Param

_FACTS = ("venue", "symbol", "kind", "quote", "settle", "multiplier", "tick", "lot", "calendar", "has_volume")
_COUNTS = ("bars", "empty", "missing", "gaps", "suspect", "partial", "untraded", "outside")


class Names(Sequence[str]):
    """The names of a universe: their number is known, they themselves are fetched when they are looked at."""

    def __init__(self, count: int, fetch: Callable[[], Sequence[str]]) -> None:
        self._count, self._fetch = count, fetch
        self._held: Sequence[str] | None = None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if self._held is None:
            self._held = self._fetch()
        return self._held[place]


def moment(text: str | None) -> int | None:
    """Return a time as us UTC; None stays None."""
    return None if text is None else us_of(text)


def series_from(body: Mapping[str, Any]) -> Series:
    """Return a series from the name of its instrument and its interval."""
    venue, _, symbol = body["instrument"].partition(":")
    return Series(venue, symbol, Interval.parse(body["interval"]))


def instrument_from(body: Mapping[str, Any]) -> InstrumentRow:
    """Return an instrument and what is held of it."""
    facts: dict[str, Any] = {name: body[name] for name in _FACTS}
    facts |= {name: moment(body[name]) for name in ("listed_at", "delisted_at")}
    held = ((one["interval"], us_of(one["first"]), us_of(one["last"]), one["rows"]) for one in body["intervals"])
    return InstrumentRow(Instrument(**facts), tuple(held))


def universe_from(body: Mapping[str, Any], fetch: Callable[[], Sequence[str]]) -> Universe:
    """Return a universe; `fetch` gets the names of a list that are not here."""
    where = body["where"] or ""
    if where or not body["instruments"]:
        names: Sequence[str] = ()
    else:
        names = tuple(body["symbols"]) if "symbols" in body else Names(body["instruments"], fetch)
    return Universe(body["name"], names, body["built_in"], where)


def roll_from(body: Mapping[str, Any]) -> Roll:
    """Return who belongs to a universe on a day."""
    years = (YearOfMembers(one["year"], one["ever"], one["mean"]) for one in body["by_year"])
    return Roll(us_of(body["at"]), tuple(body["symbols"]), tuple(years))


def ledger_from(body: Mapping[str, Any]) -> Ledger:
    """Return what is held and missing of a series."""
    runs = (
        Gap(us_of(one["start"]), us_of(one["end"]), one["bars"], one["state"] == "empty")
        for one in body.get("runs") or ()
    )
    return Ledger(
        series_from(body),
        body["calendar"],
        us_of(body["first"]),
        us_of(body["last"]),
        **{name: body[name] for name in _COUNTS},
        runs=tuple(runs),
        strip=body.get("strip") or "",
    )


def aside_from(body: Mapping[str, Any]) -> Quarantined:
    """Return a row that an import set aside."""
    plain = {name: body[name] for name in ("path", "row", "reason", "values")}
    return Quarantined(series_from(body), moment(body["time"]), **plain)


def strategy_from(body: Mapping[str, Any]) -> StrategyInfo:
    """Return a strategy of the service; where its code lies is not told."""
    params = (Param(one["name"], one["default"], one["low"], one["high"]) for one in body["parameters"])
    return StrategyInfo(body["name"], body["doc"], tuple(params), "")


def indicator_from(body: Mapping[str, Any]) -> Indicator:
    """Return an indicator of the service."""
    parameters = (Parameter(one["name"], one["default"], one["low"], one["high"]) for one in body["parameters"])
    outputs = () if body["outputs"] == [body["name"]] else tuple(body["outputs"])
    warm = body["warm_up"]
    said = (body["name"], body["summary"], tuple(body["inputs"]), tuple(parameters))
    compared = tuple(Compared(one["tool"], one["difference"], one["why"]) for one in body["compared"])
    return Indicator(*said, outputs, warm["rule"], warm["bars"], body["source"], compared)


def commit_from(body: Mapping[str, Any]) -> CommitRecord:
    """Return a commit."""
    names = ("kind", "note", "segments", "unchanged", "undoes", "undone_by", "swept", "has_report")
    return CommitRecord(body["commit"], us_of(body["at"]), **{name: body[name] for name in names})


def undone_from(body: Mapping[str, Any], undoes: CommitRecord) -> Undone:
    """Return what taking back a commit did."""
    counts = ("bars_before", "bars_after", "instruments_before", "instruments_after")
    series: dict[str, Any] = {name: tuple(map(series_from, body[name])) for name in ("series", "gone", "back")}
    return Undone(commit=body["snapshot"], undoes=undoes, **series, **{name: body[name] for name in counts})


def import_from(body: Mapping[str, Any], seconds: float) -> ImportReport:
    """Return what an import did."""
    files = tuple(_file_from(one) for one in body["files"])
    said = {name: body[name] for name in ("dry_run", "committed", "skipped")}
    return ImportReport(files, tuple(body["instruments"]), body["total"]["snapshot"], **said, seconds=seconds)


def reading_from(table: Table, instrument: Instrument, facts: Mapping[str, Any]) -> Reading:
    """Return bars with what is told of them; which segments they were read from is not."""
    series = Series(instrument.venue, instrument.symbol, Interval.parse(facts["interval"]))
    source = Interval.parse(facts["source"])
    counts = (int(facts["outside"]), int(facts["total"]), int(facts["snapshot"]))
    return Reading(series, instrument, table, (), source, *counts)


def _file_from(body: Mapping[str, Any]) -> FileReport:
    """Return the counts of one file."""
    told: dict[str, Any] = {**body, **{name: tuple(body[name]) for name in ("guesses", "looks_wrong")}}
    told["examples"] = {
        what: tuple(Example(one["row"], moment(one["time"]), one["symbol"], one["text"]) for one in rows)
        for what, rows in body["examples"].items()
    }
    return FileReport(**told)
