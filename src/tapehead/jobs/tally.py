"""Tallying: counts, first examples and suspicions of one file while its series are worked through."""

from bisect import insort
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.suspect import sentence
from tapehead.model.quality import Example

I64 = NDArray[np.int64]


class Tally:
    """Sums by the names of `model.quality.FileReport`; memory does not grow with the file."""

    SHOWN: ClassVar[int] = 3

    def __init__(self) -> None:
        self.sums: dict[str, int] = {}
        self.wrong: dict[str, list[str]] = {}
        self._examples: dict[str, list[tuple[int, int, str, int | None, str]]] = {}

    def add(self, **counts: int) -> None:
        """Add counts."""
        for name, count in counts.items():
            if count:
                self.sums[name] = self.sums.get(name, 0) + count

    def suspect(self, what: str, symbol: str) -> None:
        """Note a symbol under what looks wrong with it."""
        self.wrong.setdefault(what, []).append(symbol)

    def example(
        self, what: str, place: int, ts: int | None, symbol: str, text: str = "", *, row: int | None = None
    ) -> None:
        """Keep an example if it stands before those kept; `row` is its number in the file, where `place` is not it."""
        kept = self._examples.setdefault(what, [])
        if len(kept) == self.SHOWN and place >= kept[-1][0]:
            return
        insort(kept, (place, row or 0, symbol, ts, text), key=lambda one: one[:2])
        del kept[self.SHOWN :]

    def count(self, what: str, places: I64, ts: I64, symbol: str) -> None:
        """Add rows that stand at `places`, all of one symbol, with the first of them as examples."""
        if not len(places):
            return
        self.add(**{what: len(places)})
        self.show(what, places, ts, symbol)

    def show(self, what: str, places: I64, ts: I64, symbol: str) -> None:
        """Keep the first of some rows as examples."""
        first = np.argpartition(places, self.SHOWN)[: self.SHOWN] if len(places) > self.SHOWN else range(len(places))
        for at in first:
            self.example(what, int(places[at]), int(ts[at]), symbol)

    def examples(self, number_of: Callable[[int], int]) -> dict[str, tuple[Example, ...]]:
        """Return the examples; `number_of` turns a place into the number of a row."""
        return {
            what: tuple(Example(row or number_of(place), ts, symbol, text) for place, row, symbol, ts, text in kept)
            for what, kept in self._examples.items()
        }

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence for each thing that looks wrong."""
        return tuple(sentence(what, symbols) for what, symbols in self.wrong.items())
