"""Importing: files to one commit, all or nothing, with a report of what was seen, kept, set aside and guessed."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.conflict import check_conflict, check_strict
from tapehead.jobs.describe import check_hints
from tapehead.jobs.examine import Look, Twins
from tapehead.jobs.expand import Expanded, check_file, expand, unchanged
from tapehead.jobs.gather import Gathered, Keys, Progress, gather
from tapehead.jobs.join_factors import factors_of_bars, joined
from tapehead.jobs.merge import Held, Overlap, held_of
from tapehead.jobs.merge_series import Part, SeriesMerge
from tapehead.jobs.quarantine import iter_quarantined
from tapehead.jobs.settle import Settled, venue_of
from tapehead.model.calendar import calendar
from tapehead.model.factors import Factors
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.quality import FileReport, ImportReport
from tapehead.model.segment import Coverage, Draft, Quarantined
from tapehead.ports.bars import BarStore, Codec, Hints, Source
from tapehead.ports.buckets import Buckets

_SHOWN = 3
_SERIES_AT_ONCE = 256
_LEASE_S = 86_400.0


def ingest(
    paths: Sequence[str],
    hints: Hints,
    store: BarStore,
    codec: Codec,
    sources: Callable[[str], Source],
    buckets: Callable[[], Buckets],
    *,
    dry_run: bool = False,
    strict: bool = False,
    supersede: bool = False,
    progress: Progress | None = None,
    now: int | None = None,
) -> ImportReport:
    """Import files and folders as one commit.

    Parameters
    ----------
    paths : sequence of str
        Files, or folders, which stand for every file in them with a known suffix.
    hints : Hints
        What the user named.
    store, codec : BarStore, Codec
        What is held, and what reads it.
    sources : callable
        Path to the source that reads it.
    buckets : callable
        Makes the place where rows wait between reading and merging.
    dry_run : bool
        Report, write nothing.
    strict : bool
        Refuse when a file has any defect or looks wrong.
    supersede : bool
        Let differing bars win however many they are.
    progress : callable, optional
        Told what is being worked on and how many rows of it are done; called often.
    now : int, optional
        Microseconds UTC. A bar whose end lies after it is flagged partial.

    Returns
    -------
    ImportReport

    Raises
    ------
    FileFormatError, MissingColumnError, AmbiguousFileError, ParameterError
        A file cannot be read, or not without being told more; nothing was written.
    ImportConflictError
        The file contradicts what is held, or `strict` found something; nothing was written.
    StoreLockedError, DiskFullError
        Nothing was written.

    Notes
    -----
    Files are read without holding the store, so that imports run side by side; what is held is read and written under
    the writer's lock, so that one that commits first is never undone. Memory is bounded by the budget of the buckets,
    one period of one series, and some kilobytes a file and a symbol.
    """
    began = perf_counter()
    check_hints(hints)
    expanded = expand(paths)

    def read_and_commit() -> ImportReport:
        with buckets() as rows:
            work = _Import(store, codec, hints, rows, expanded, supersede, strict, now, progress or _silent)
            for path in expanded.files:
                work.read(path, sources)
            return work.rehearse() if dry_run else work.commit()

    # Whole in itself: the files are read anew, and what was committed of them is known again bar by bar.
    return replace(store.outlast(read_and_commit), seconds=perf_counter() - began)


def _silent(_what: str, _rows: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class _Import:
    """One import, from files to a commit."""

    store: BarStore
    codec: Codec
    hints: Hints
    buckets: Buckets
    expanded: Expanded
    supersede: bool
    strict: bool
    now: int | None
    progress: Progress
    keys: Keys = field(default_factory=Keys)
    settled: Settled = field(default_factory=Settled)
    known_at: int | None = None
    coverage: dict[Series, Coverage] = field(default_factory=dict)
    twins: Twins | None = None
    intervals: set[Interval] = field(default_factory=set)
    changes: bool = False
    kept: int = 0
    empties: list[tuple[Series, NDArray[np.int64]]] = field(default_factory=list)
    factors: dict[str, list[Factors]] = field(default_factory=dict)
    report: ImportReport = field(default_factory=lambda: ImportReport((), (), 0))

    def read(self, path: str, sources: Callable[[str], Source]) -> None:
        """Read a file into the buckets, and say what it is."""
        if self.known_at is None:
            self._know()
        check_file(path)
        number = len(self.settled.files)
        with unchanged(path):
            source, venue = sources(path), venue_of(path, self.hints)
            file = gather(number, path, venue, source, self.hints, self.buckets, self.keys, self.progress)
        self.settled.add(file, self.hints, self.buckets)
        self.settled.describe(number, self.keys, self.hints, supersede=self.supersede)

    def commit(self) -> ImportReport:
        """Write everything as one commit; none at all where nothing changes."""
        before: list[int] = []
        made = self.store.commit(
            self._iter_drafts(before),
            note=self._note(),
            instruments=self._changed,
            quarantine=self._iter_quarantined(),
            factors=self._iter_factors(),
            empties=self._iter_empties(),
            report=self._document,
        )
        committed = made.number != before[0]
        return replace(self.report.at(made.number), committed=committed)

    def rehearse(self) -> ImportReport:
        """Do everything but write."""
        head = self.store.head()
        with self.store.lease(head, _LEASE_S):
            for _ in self._iter_drafts([]):
                pass
        return replace(self.report.at(head), dry_run=True)

    def _know(self) -> None:
        """Take note of what the store knows of instruments."""
        self.known_at = self.store.head()
        self.settled.know({instrument.name: instrument for instrument in self.store.instruments()})

    def _iter_drafts(self, before: list[int]) -> Iterator[Draft]:
        """Yield every period whose content changes, by series and period; then make the report.

        Nothing of what is held was read before: a commit takes drafts under the writer's lock, where it stays the same.
        """
        before.append(self.store.head())
        if before[0] != self.known_at:
            # Another commit came while the files were read: what it says of instruments counts now.
            self._know()
            for number in range(len(self.settled.files)):
                self.settled.describe(number, self.keys, self.hints, supersede=self.supersede)
        covers = self.store.coverage()
        self.coverage = {one.series: one for one in covers}
        self.twins = Twins(self.store, self.codec, covers)
        self.intervals = {series.interval for series in self.settled.series}
        every = iter(sorted(self.settled.series))
        while some := list(islice(every, _SERIES_AT_ONCE)):
            held = held_of(self.store, self.codec, some, before[0])
            for series in some:
                for draft in self._iter_series(series, held[series]):
                    self.changes = True
                    yield draft
        self._finish()

    def _iter_series(self, series: Series, held: Held) -> Iterator[Draft]:
        """Yield the changed periods of one series, then judge what was seen of it."""
        instrument = self.settled.instruments[series.instrument]
        key = self.keys.number(series.venue, series.symbol)
        parts = [self._part(series, self.settled.files[number]) for number in self.settled.series[series]]
        merge = SeriesMerge(
            series,
            key,
            calendar(instrument.calendar),
            held,
            parts,
            self.buckets,
            self.now,
            shares_key=self._shares_key(series),
        )
        yield from merge.iter_drafts()
        self._judge(merge)
        self.kept += sum(part.rows for part in parts)
        self.progress("writing", self.kept)

    def _part(self, series: Series, file: Gathered) -> Part:
        """Begin to look at what one file has of a series."""
        ours, theirs, ratios = (self.buckets.pile() for _ in range(3))
        return Part(file, Look(series.symbol, file.tally, self.now, ours, theirs), Overlap(ratios))

    def _shares_key(self, series: Series) -> bool:
        """Say whether there is a series of the same symbol at another interval."""
        alike = (Series(series.venue, series.symbol, interval) for interval in self.intervals)
        return sum(one in self.settled.series for one in alike) > 1

    def _judge(self, merge: SeriesMerge) -> None:
        """Refuse a file that contradicts what was there; note what looks wrong, and what the series is now."""
        series, name = merge.series, merge.series.instrument
        last = merge.held.last
        for part in merge.parts:
            if not self.supersede:
                check_conflict(part.file.path, series, part.overlap, last)
            last = part.last if last is None else max(last, part.last or last)
            twin = self.twins.find(series, part.look.fingerprint, part.first_close) if self.twins is not None else None
            part.look.close(twin)
            met = part.overlap
            part.file.tally.add(added=met.added, unchanged=met.unchanged, superseded=met.superseded)
            self.empties += [(series, ranges) for ranges in part.empty]
            if part.factors:
                ts, factor = (np.concatenate(columns) for columns in zip(*part.factors, strict=True))
                if len(ts):
                    steps = factors_of_bars(name, ts, factor, Path(part.file.path).name)
                    self.factors.setdefault(name, []).append(steps)
        instrument = self.settled.instruments[name]
        instrument = replace(instrument, has_volume=instrument.has_volume or merge.has_volume)
        known, held = self.settled.held.get(name), self.coverage.get(series)
        if known is not None and not known.basis and held is not None and not self.supersede:
            # Only where every bar held is among those of the files is their basis known now.
            met_all = any(part.overlap.overlapping == held.rows for part in merge.parts)
            instrument = replace(instrument, basis=instrument.basis if met_all else "")
        self.settled.instruments[name] = instrument

    def _finish(self) -> None:
        """Make the report of all files; refuse defects where the user said so."""
        for file in self.settled.files:
            for one in file.factors:
                name = (
                    one.instrument if one.instrument.startswith(f"{file.venue}:") else f"{file.venue}:{one.instrument}"
                )
                self.factors.setdefault(name, []).append(replace(one, instrument=name))
        reports = tuple(self._file_report(file) for file in self.settled.files)
        if self.strict:
            check_strict(reports)
        self.report = ImportReport(
            reports, tuple(sorted(self.settled.instruments)), 0, skipped=dict(self.expanded.skipped)
        )
        self.changes = self.changes or bool(self._changed())

    def _file_report(self, file: Gathered) -> FileReport:
        """Return the report of one file."""
        lost = file.untimed + file.unpriced + file.unnamed + len(file.unread)
        file.tally.add(nulls=lost, quarantined=lost)
        where = "" if self.hints.venue else f"venue {file.venue}: the name of the file's folder"
        guesses = (*file.guesses, self.settled.intervals[file.number][1], *self.settled.kinds[file.number], where)
        return FileReport(
            file.path,
            rows=file.rows,
            symbols=len(file.keys),
            guesses=tuple(text for text in guesses if text),
            looks_wrong=file.tally.sentences(),
            examples=file.tally.examples(file.number_of),
            **file.tally.sums,
        )

    def _changed(self) -> list[Instrument]:
        """Return the instruments that are new, or of which something else is known now."""
        return [one for name, one in self.settled.instruments.items() if self.settled.held.get(name) != one]

    def _iter_quarantined(self) -> Iterator[Quarantined]:
        """Yield what was set aside, where anything changes: the same file again brings nothing to light."""
        if self.changes:
            aside = self.buckets.iter_aside()
            yield from iter_quarantined(aside, self.settled.files, self.keys, self.settled.interval)

    def _iter_factors(self) -> Iterator[Factors]:
        """Yield the factors of each instrument that has some, with those held."""
        held = self.store.factors(list(self.factors)) if self.factors else {}
        for name, parts in self.factors.items():
            yield joined([*([held[name]] if name in held else []), *parts])

    def _iter_empties(self) -> Iterator[EmptyRange]:
        """Yield the ranges that a source confirms empty."""
        for series, ranges in self.empties:
            for start, end in ranges.tolist():
                yield EmptyRange(series, start, end)

    def _document(self, number: int) -> bytes:
        """Return the report that is kept with the commit."""
        report = replace(self.report.at(number), committed=True)
        return json.dumps(report.to_json(), separators=(",", ":")).encode()

    def _note(self) -> str:
        """Return what `store log` shows of the commit."""
        files = self.expanded.files
        named = ", ".join(Path(path).name for path in files[:_SHOWN])
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        return f"import {named}{more}"
