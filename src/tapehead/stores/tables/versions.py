"""Versions: facts that are held since one commit and until another, beside the bars."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from typing import Any

import numpy as np

from tapehead.errors import ParameterError
from tapehead.model.bulk import made_in_bulk
from tapehead.model.factors import Factors
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Quarantined, Universe
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.series import SeriesRows

_HAS_VOLUME = [one.name for one in fields(Instrument)].index("has_volume")
_STEP = 24


class Versions:
    """Writes the facts of commit `number`, inside its transaction; what is held already changes nothing."""

    def __init__(self, database: Database, series: SeriesRows, number: int) -> None:
        self._run = database.execute
        self._series = series
        self._number = number

    def save_instrument(self, instrument: Instrument) -> bool:
        """Add an instrument or bring it up to date; say whether anything changed."""
        facts, name = astuple(instrument), (instrument.venue, instrument.symbol)
        if self._run("instrument", name).fetchone() == facts:
            return False
        self._run("end_instrument", (self._number, *name))
        self._run("add_instrument", (*facts, self._number))
        return True

    def save_universe(self, universe: Universe) -> bool:
        """Add or replace a universe; say whether anything changed."""
        row = universe_row(universe)
        if self._run("universe", (universe.name,)).fetchone() == row:
            return False
        self._run("save_universe", row)
        return True

    def save_factors(self, factors: Factors) -> bool:
        """Take these as all the factors of their instrument, none to take them away; say whether anything changed."""
        name = _name_of(factors.instrument)
        content = _factor_bytes(factors)
        held = self._run("factors_held", name).fetchone()
        if held == (factors.source, content) or (held is None and not content):
            return False
        self._run("end_factors", (self._number, *name))
        if content:
            self._run("add_factors", (*name, self._number, factors.source, content))
        return True

    def save_empties(self, empties: Iterable[EmptyRange]) -> int:
        """Add confirmed-empty ranges, each joined with those it touches; return how many were new."""
        added = sum(map(self._save_empty, empties))
        self._run("drop_passing_empties", (self._number,))
        return added

    def _save_empty(self, empty: EmptyRange) -> bool:
        """Add one range; say whether it was not held yet."""
        if empty.end <= empty.start:
            raise ParameterError(name="end of an empty range", value=empty.end, bound=f"after its start, {empty.start}")
        place = self._series.place(empty.series)
        span = {"series": place, "first": empty.start, "end": empty.end}
        touching = self._run("empties_touching", span).fetchall()
        if any(first <= empty.start and empty.end <= end for _, first, end in touching):
            return False
        for row, _, _ in touching:
            self._run("end_empty", (self._number, row))
        first = min([empty.start, *(first for _, first, _ in touching)])
        end = max([empty.end, *(end for _, _, end in touching)])
        self._run("add_empty", (place, first, end, self._number))
        return True

    def set_aside(self, row: Quarantined) -> bool:
        """Keep a quarantined row; say whether it is a new one."""
        values = (self._series.place(row.series), row.ts, row.path, row.row, row.reason, row.values, self._number)
        return int(self._run("add_quarantined", values).rowcount) > 0


def read_instruments(database: Database, snapshot: int) -> tuple[Instrument, ...]:
    """Return every instrument of a snapshot, sorted by name."""
    with made_in_bulk():
        rows = database.execute("instruments", {"snapshot": snapshot}).fetchall()
        return tuple(sorted(map(instrument_of, rows), key=lambda one: one.name))


def read_factors(database: Database, instruments: Iterable[str], snapshot: int) -> dict[str, Factors]:
    """Return the factors at a snapshot of those named that have some."""
    found = {}
    for instrument in instruments:
        venue, symbol = _name_of(instrument)
        key = {"venue": venue, "symbol": symbol, "snapshot": snapshot}
        row = database.execute("factors", key).fetchone()
        if row is not None:
            found[instrument] = _factors(instrument, *row)
    return found


def read_empties(database: Database, series: Sequence[Series] | None, snapshot: int) -> list[EmptyRange]:
    """Return the confirmed-empty ranges at a snapshot, by series and start."""
    if series is None:
        rows = database.execute("empties", {"snapshot": snapshot})
        return [EmptyRange(series_of(*row[:3]), row[3], row[4]) for row in rows]
    found = []
    for one in sort_series(series):
        key = {"venue": one.venue, "symbol": one.symbol, "interval_us": one.interval.us, "snapshot": snapshot}
        found += [EmptyRange(one, *row) for row in database.execute("empties_of_one", key)]
    return found


def read_quarantined(database: Database, series: Sequence[Series] | None, limit: int) -> list[Quarantined]:
    """Return rows set aside that are still held, oldest first."""
    if series is None:
        rows = database.execute("quarantined", (limit,))
        return [Quarantined(series_of(*row[:3]), *row[3:]) for row in rows]
    return [row for _, row in sorted(_quarantined_of(database, series, limit), key=lambda each: each[0])[:limit]]


def _quarantined_of(database: Database, series: Sequence[Series], limit: int) -> Iterator[tuple[int, Quarantined]]:
    """Yield the rows of each series with the number by which they came."""
    for one in dict.fromkeys(series):
        for row in database.execute("quarantined_of_one", (one.venue, one.symbol, one.interval.us, limit)):
            yield row[0], Quarantined(one, *row[1:])


def read_universes(database: Database) -> list[Universe]:
    """Return the stored universes, sorted by name."""
    rows = database.execute("universes").fetchall()
    return [
        Universe(name, tuple(json.loads(symbols)), bool(built_in), where) for name, symbols, built_in, where in rows
    ]


def universe_row(universe: Universe) -> tuple[str, str, int, str]:
    """Return a universe as its row."""
    return universe.name, json.dumps(list(universe.symbols)), int(universe.built_in), universe.where


def sort_series(series: Iterable[Series]) -> list[Series]:
    """Return each series once, by venue, symbol and length of the interval."""
    return sorted(set(series), key=lambda one: (one.venue, one.symbol, one.interval.us))


def series_of(venue: str, symbol: str, interval_us: int) -> Series:
    """Return the series of a row; its interval is the cached one, so that equality is most often identity."""
    return Series(venue, symbol, Interval.parse(Interval.of_us(interval_us).text))


def instrument_of(row: Sequence[Any]) -> Instrument:
    """Read a row of the instruments; by position, as a start of the program reads thousands."""
    values = list(row)
    values[_HAS_VOLUME] = bool(values[_HAS_VOLUME])
    return Instrument(*values)


def _name_of(instrument: str) -> tuple[str, str]:
    """Return venue and symbol of `venue:symbol`."""
    venue, _, symbol = instrument.partition(":")
    return venue, symbol


def _factor_bytes(factors: Factors) -> bytes:
    """Return the columns one after the other; raise ParameterError unless they are what Factors promises."""
    ts = np.ascontiguousarray(factors.ts, "<i8")
    values = [np.ascontiguousarray(each, "<f8") for each in (factors.split, factors.dividend)]
    if ts.ndim != 1 or any(each.shape != ts.shape for each in values):
        raise ParameterError(
            name=f"factors of {factors.instrument}", value="columns of different lengths", bound="of one length"
        )
    if bool((ts[1:] <= ts[:-1]).any()):
        raise ParameterError(name=f"ts of the factors of {factors.instrument}", value="not rising", bound="rising")
    if not all(bool((np.isfinite(each) & (each > 0)).all()) for each in values):
        raise ParameterError(
            name=f"factors of {factors.instrument}", value="0, negative or infinite", bound="positive and finite"
        )
    return b"".join(each.tobytes() for each in (ts, *values))


def _factors(instrument: str, source: str, content: bytes) -> Factors:
    """Read the columns of a row of factors."""
    rows = len(content) // _STEP
    ts, split, dividend = (
        np.frombuffer(content, dtype, rows, at * 8 * rows) for at, dtype in enumerate(("<i8", "<f8", "<f8"))
    )
    return Factors(instrument, ts, split, dividend, source)
