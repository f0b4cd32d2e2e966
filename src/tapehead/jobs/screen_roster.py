"""Roster: the names of all instruments of a snapshot and the facts that screens ask of them, without an object each."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval

Places = NDArray[np.intp]


class Facts(NamedTuple):
    """What screens know of an instrument besides its symbol; equal for most of a market."""

    kind: str
    venue: str
    quote: str
    calendar: str
    basis: str
    has_volume: bool


SYMBOL: Final = "symbol"


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """Instruments by name (`venue:symbol`), rising; instrument i has the facts `facts[codes[i]]`, codes int32."""

    names: Sequence[str]
    facts: Sequence[Facts]
    codes: NDArray[np.int32]
    _words: dict[str, NDArray[Any]] = field(default_factory=dict)

    @staticmethod
    def of(instruments: Sequence[Instrument]) -> "Roster":
        """Make one of instruments that are sorted by name."""
        known: dict[Facts, int] = {}
        codes = [known.setdefault(facts_of(each), len(known)) for each in instruments]
        return Roster([each.name for each in instruments], list(known), np.array(codes, np.int32))

    def place(self, name: str) -> int | None:
        """Return where an instrument stands, None where it is not held."""
        place = bisect_left(self.names, name)
        return place if place < len(self.names) and self.names[place] == name else None

    def places(self, names: Iterable[str]) -> Places:
        """Return where those stand that are held, rising."""
        found = (self.place(name) for name in names)
        return np.array(sorted(place for place in found if place is not None), np.intp)

    def words(self, fact: str) -> NDArray[Any]:
        """Return a fact of every instrument, as words, shape (n_instruments,)."""
        if fact not in self._words:
            if fact == SYMBOL:
                made = np.array([name.partition(":")[2] for name in self.names], np.str_)
            else:
                made = np.array([getattr(each, fact) for each in self.facts], np.str_)[self.codes]
            self._words[fact] = made
        return self._words[fact]

    def facts_at(self, place: int) -> Facts:
        """Return the facts of one instrument."""
        return self.facts[int(self.codes[place])]

    def series(self, place: int, interval: Interval) -> Series:
        """Return the series of one instrument."""
        venue, _, symbol = self.names[place].partition(":")
        return Series(venue, symbol, interval)

    def changed(self, instruments: Mapping[str, Instrument | None]) -> tuple["Roster", Places]:
        """Return the roster with what changed, and where each of it stood in this one, -1 where it did not."""
        places = np.arange(len(self.names))
        if not instruments:
            return self, places
        known = {each: code for code, each in enumerate(self.facts)}
        now = {name: known.setdefault(facts_of(each), len(known)) for name, each in instruments.items() if each}
        at = {name: -1 if (place := self.place(name)) is None else place for name in now}
        if len(now) == len(instruments) and -1 not in at.values():
            codes = self.codes.copy()
            codes[list(at.values())] = list(now.values())
            return Roster(self.names, list(known), codes), places
        stay = [place for place, name in enumerate(self.names) if name not in instruments]
        rows = [(self.names[place], int(self.codes[place]), place) for place in stay]
        rows += [(name, code, at[name]) for name, code in now.items()]
        rows.sort()
        codes = np.array([code for _, code, _ in rows], np.int32)
        return Roster([name for name, _, _ in rows], list(known), codes), np.array([at for *_, at in rows], np.intp)


def facts_of(one: Instrument) -> Facts:
    """Return what screens know of an instrument."""
    return Facts(one.kind, one.venue, one.quote, one.calendar, one.basis, one.has_volume)
