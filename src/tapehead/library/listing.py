"""Listing: every instrument of a store at one commit with what is held of it, found by name at once."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from tapehead.jobs.universes import SYNTHETIC_VENUE, find_instrument
from tapehead.model.bulk import made_in_bulk
from tapehead.model.instrument import Instrument
from tapehead.model.interval import Interval
from tapehead.ports.bars import BarStore

IntervalRow = tuple[str, int, int, int]
"""Interval, open time of the first and of the last bar (us UTC), number of bars."""


class InstrumentRow(NamedTuple):
    """An instrument and what is held of it."""

    instrument: Instrument
    intervals: tuple[IntervalRow, ...]


class Listing:
    """Rows by name as of commit `head`; made once a commit, and safe from many threads."""

    def __init__(self, head: int, names: Sequence[str], rows: Sequence[InstrumentRow]) -> None:
        self.head, self.names, self.rows = head, names, rows

    @staticmethod
    def of(bars: BarStore) -> "Listing":
        """Read all that is held."""
        head = bars.head()
        with made_in_bulk():
            held: dict[str, list[IntervalRow]] = {}
            for (where, symbol, interval), first, last, count, _ in bars.coverage():
                held.setdefault(f"{where}:{symbol}", []).append((interval.text, first, last, count))
            named = [(each.name, each) for each in bars.instruments()]
            rows = [InstrumentRow(each, tuple(held.get(name, ()))) for name, each in named]
        # A commit between the looks leaves rows newer than their number: they are made again next time.
        return Listing(head, [name for name, _ in named], rows)

    def find(self, symbol: str) -> Instrument:
        """Return the instrument that `symbol` or `venue:symbol` names; errors as of `find_instrument`."""
        row = self._by_name.get(symbol)
        if row is not None:
            return row.instrument
        alike = self._by_symbol.get(symbol, ())
        return alike[0] if len(alike) == 1 else find_instrument([row.instrument for row in self.rows], symbol)

    def intervals(self, instrument: Instrument) -> list[Interval]:
        """Return the intervals of which an instrument has bars."""
        return [Interval.parse(text) for text, *_ in self._by_name[instrument.name].intervals]

    @cached_property
    def real(self) -> Sequence[Instrument]:
        """Return the instruments of universe `all`: those that are not made up, sorted by name."""
        return [row.instrument for row in self.rows if row.instrument.venue != SYNTHETIC_VENUE]

    @cached_property
    def intervals_held(self) -> Sequence[str]:
        """Return the intervals that those of `real` have bars of, sorted by their text."""
        rows = (row for row in self.rows if row.instrument.venue != SYNTHETIC_VENUE)
        return sorted({text for row in rows for text, *_ in row.intervals})

    @cached_property
    def _by_name(self) -> Mapping[str, InstrumentRow]:
        """Return the rows by name."""
        return dict(zip(self.names, self.rows, strict=True))

    @cached_property
    def _by_symbol(self) -> Mapping[str, Sequence[Instrument]]:
        """Return the instruments of each symbol."""
        found: dict[str, list[Instrument]] = {}
        for row in self.rows:
            found.setdefault(row.instrument.symbol, []).append(row.instrument)
        return found
