"""Settling: what the files of an import are - interval, venue, kind, basis - beside what the store knows of them."""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote

from tapehead.errors import AmbiguousFileError
from tapehead.jobs.conflict import check_basis, no_bars
from tapehead.jobs.describe import Place, Steps, count_steps, describe, guess_interval
from tapehead.jobs.gather import Gathered, Keys
from tapehead.model.factors import Basis
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.ports.bars import Hints
from tapehead.ports.buckets import Buckets


@dataclass(slots=True)
class Settled:
    """What the files of an import are.

    Attributes
    ----------
    files : list of Gathered
        By number.
    intervals : list of (Interval or None, sentence)
        By number; None for a file without a bar.
    kinds : list of tuple of sentences
        Evidence for the kinds of a file's instruments, by number.
    held, instruments : dict by `venue:symbol`
        What the store knows, and what the files are of.
    series : dict of Series to file numbers
    """

    files: list[Gathered] = field(default_factory=list)
    intervals: list[tuple[Interval | None, str]] = field(default_factory=list)
    kinds: list[tuple[str, ...]] = field(default_factory=list)
    held: dict[str, Instrument] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    series: dict[Series, list[int]] = field(default_factory=dict)
    bases: dict[str, set[Basis]] = field(default_factory=dict)

    def know(self, held: Mapping[str, Instrument]) -> None:
        """Begin with what the store knows."""
        self.held = dict(held)
        for each in (self.kinds, self.instruments, self.series, self.bases):
            each.clear()

    def interval(self, number: int) -> Interval:
        """Return the interval of a file; that of one without bars does not matter."""
        return self.intervals[number][0] or Interval.parse("1d")

    def add(self, file: Gathered, hints: Hints, buckets: Buckets) -> None:
        """Add a file that was read, and decide on the interval of its bars.

        Raises
        ------
        FileFormatError, AmbiguousFileError, ParameterError
            It holds no bar, or their interval cannot be known.
        """
        if not file.keys and not file.factors:
            raise no_bars(file)
        self.files.append(file)
        if not file.keys:
            self.intervals.append((None, ""))
            return
        steps = file.steps
        if not file.is_sorted and hints.interval is None:
            # Rows out of order say nothing about the spacing of bars; their times are looked at again, sorted.
            steps = count_steps(buckets.times(file.number))
        self.intervals.append(guess_interval(file.path, steps, hints, file.interval))
        file.steps = Steps()

    def describe(self, number: int, keys: Keys, hints: Hints, *, supersede: bool) -> None:
        """Decide what the instruments of a file are.

        Raises
        ------
        AmbiguousFileError
            A kind cannot be known.
        ImportConflictError
            The prices are adjusted by something else than those held, or than those of another file.
        """
        file, interval = self.files[number], self.interval(number)
        symbols = [keys.names[key][1] for key in file.keys]
        known = ChainMap(self.instruments, self.held)
        place = Place(file.path, file.venue, file.kind, file.tz)
        found, evidence = describe(place, symbols, interval, hints, known) if symbols else ({}, ())
        self.kinds.append(evidence)
        for symbol, instrument in found.items():
            name, basis = instrument.name, file.basis or ""
            others = self.bases.setdefault(name, set())
            if not supersede:
                for other in (known[name].basis if name in known else "", *others):
                    check_basis(file.path, name, other, basis)
            others.add(basis)
            if len(others) > 1:
                # Of some of the bars it is not known, or the user lets them differ.
                basis = basis if supersede else ""
            self.instruments[name] = replace(instrument, basis=self._basis(name, basis))
            self.series.setdefault(Series(file.venue, symbol, interval), []).append(number)

    def _basis(self, name: str, basis: Basis) -> Basis:
        """Return the basis of an instrument: that of the files, where nothing else was held."""
        return basis if basis or name not in self.held else self.held[name].basis


def venue_of(path: str, hints: Hints) -> str:
    """Return the venue of a file: named, or the name of its folder; raise AmbiguousFileError where that has a colon."""
    venue = hints.venue or Path(path).resolve().parent.name or "local"
    if ":" in venue:
        # An instrument is `venue:symbol`, cut at the first colon.
        cause = f"its venue would be the name of its folder, '{venue}', and a venue has no colon"
        raise AmbiguousFileError(path=path, cause=cause, flag=f"--venue {quote(venue.replace(':', '-'))}")
    return venue
