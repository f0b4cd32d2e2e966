"""Importing: files to one commit, all or nothing, with a report of what was seen, kept, set aside and guessed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import FileFormatError, ParameterError, SurroundingsError
from tapehead.jobs.clean import Cleaned, clean
from tapehead.jobs.conflict import check_conflict, check_strict, no_bars
from tapehead.jobs.describe import check_hints, describe, guess_interval
from tapehead.jobs.examine import Examiner
from tapehead.jobs.gather import FileRows, Progress, gather
from tapehead.jobs.merge import Columns, Ledger, hole_sizes
from tapehead.jobs.quarantine import quarantined
from tapehead.jobs.suspect import sentence
from tapehead.layout.columns import PARTIAL, SUSPECT
from tapehead.model.calendar import Calendar, calendar
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.quality import FileReport, ImportReport
from tapehead.model.segment import Draft, Quarantined
from tapehead.ports.bars import IMPORT_SUFFIXES, BarStore, Codec, Hints, Source

_SHOWN = 3
_TURNS = 8
_NO_VOLUME = "bars with prices but no volume, taken as 0"


class _MovedError(Exception):
    """Another commit came between reading what is held and writing."""


@dataclass(slots=True)
class _Import:
    """What all files of one import share."""

    store: BarStore
    hints: Hints
    supersede: bool
    progress: Progress
    now: int | None
    ledger: Ledger
    examiner: Examiner
    held: Mapping[str, Instrument]
    instruments: dict[str, Instrument] = field(default_factory=dict)
    quarantine: list[Quarantined] = field(default_factory=list)
    reports: list[FileReport] = field(default_factory=list)


@dataclass(slots=True)
class _Tally:
    """Sums and suspicions over the series of one file."""

    sums: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def add(self, **counts: int) -> None:
        """Add counts by the names of `FileReport`."""
        for name, count in counts.items():
            self.sums[name] = self.sums.get(name, 0) + count

    def suspect(self, what: str, symbol: str) -> None:
        """Note a symbol under what looks wrong with it."""
        self.wrong.setdefault(what, []).append(symbol)


def ingest(
    paths: Sequence[str],
    hints: Hints,
    store: BarStore,
    codec: Codec,
    sources: Callable[[str], Source],
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
        Files, or folders of which every file with a known suffix is taken, by name.
    hints : Hints
        What the user named.
    store, codec : BarStore, Codec
        What is held, and what reads it.
    sources : callable
        Path to the source that reads it.
    dry_run : bool
        Report, write nothing.
    strict : bool
        Refuse when anything looks wrong or is set aside.
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
    SurroundingsError
        Other imports changed the store again and again meanwhile; nothing was written.

    Notes
    -----
    Files are read without holding the store, so that imports run side by side. Where another one commits first, what
    was merged is merged with an old state, and the import begins again.
    """
    began = perf_counter()
    check_hints(hints)
    files = expanded(paths)
    for _ in range(_TURNS):
        head, ledger = store.head(), Ledger(store, codec)
        work = _Import(
            store=store,
            hints=hints,
            supersede=supersede,
            progress=progress or _silent,
            now=now,
            ledger=ledger,
            examiner=Examiner(store, codec, ledger, now),
            held={instrument.name: instrument for instrument in store.instruments()},
        )
        for path in files:
            _import_file(work, path, sources(path))
        if strict:
            check_strict(work.reports)
        try:
            snapshot = store.head() if dry_run else _commit(work, files, head)
        except _MovedError:
            continue
        reports = tuple(replace(report, snapshot=snapshot) for report in work.reports)
        return ImportReport(reports, tuple(sorted(work.instruments)), snapshot, dry_run, perf_counter() - began)
    raise _too_many_turns(files[0])


def _too_many_turns(path: str) -> SurroundingsError:
    """Return the error of an import that others overtook again and again."""
    return SurroundingsError(
        f"Other imports changed the store {_TURNS} times while {path} was read; nothing was written. "
        "Wait for them, then: tapehead import PATH"
    )


def expanded(paths: Sequence[str]) -> list[str]:
    """Return files in the order given; a folder stands for its files with a known suffix, by name."""
    files: list[str] = []
    for path in paths:
        if not path.strip():
            # Path("") is the working folder, and nobody who leaves a variable empty means all of it.
            raise ParameterError(name="PATH", value="''", bound="a file or a folder, such as bars.csv; it is empty")
        if not Path(path).is_dir():
            files.append(path)
            continue
        inside = sorted(
            str(file) for file in Path(path).iterdir() if file.is_file() and file.suffix.lower() in IMPORT_SUFFIXES
        )
        if not inside:
            known = " ".join(IMPORT_SUFFIXES)
            step = "Name a file or a folder that has some: tapehead import PATH"
            raise FileFormatError(path=path, cause=f"the folder holds no file ending in {known}", step=step)
        files.extend(inside)
    return list(dict.fromkeys(files))


def _silent(_what: str, _rows: int) -> None:
    """Tell nobody."""


def _import_file(work: _Import, path: str, source: Source) -> None:
    """Read, clean, describe and merge one file, and add its report."""
    rows = gather(path, source, work.hints, work.progress)
    venue = work.hints.venue or Path(path).resolve().parent.name or "local"
    places = dict(rows.iter_series())
    cleaned = {symbol: _clean_series(rows, where) for symbol, where in places.items()}
    kept = [symbol for symbol, part in cleaned.items() if len(part.columns["ts"])]
    if not kept:
        raise no_bars(path, rows, cleaned.values())
    times = (cleaned[symbol].columns["ts"] for symbol in kept)
    interval, evidence = guess_interval(path, times, work.hints, rows.interval)
    found, kinds = describe(path, venue, kept, interval, work.hints, {**work.held, **work.instruments})
    series = {symbol: Series(venue, symbol, interval) for symbol in cleaned}
    aside = quarantined(rows, Series(venue, "", interval), series, cleaned, places)
    work.quarantine.extend(aside)
    lost = len(rows.unread) + len(rows.without_symbol())
    rows.forget()
    work.ledger.load([series[symbol] for symbol in kept])
    tally = _Tally()
    for symbol in kept:
        _merge_series(work, path, series[symbol], found[symbol], cleaned[symbol], rows.has_volume, tally)
    for symbol, part in cleaned.items():
        _count_cleaning(tally, symbol, part)
    tally.add(nulls=lost, quarantined=len(aside))
    where = "" if work.hints.venue else f"venue {venue}: the name of the file's folder"
    guesses = tuple(text for text in (*rows.guesses, evidence, *kinds, where) if text)
    wrong = tuple(sentence(what, symbols) for what, symbols in tally.wrong.items())
    report = FileReport(path, rows=len(rows), symbols=len(kept), guesses=guesses, looks_wrong=wrong, **tally.sums)
    work.reports.append(report)


def _clean_series(rows: FileRows, where: NDArray[np.int64]) -> Cleaned:
    """Clean the rows of one symbol."""
    together = len(where) > 0 and int(where[-1]) - int(where[0]) == len(where) - 1
    # Rows that stand together are looked at where they are; a panel sorted by symbol is never copied.
    part = slice(int(where[0]), int(where[-1]) + 1) if together else where
    return clean({name: values[part] for name, values in rows.rows.items()}, rows.ts_valid[part])


def _merge_series(
    work: _Import, path: str, series: Series, instrument: Instrument, part: Cleaned, has_column: bool, tally: _Tally
) -> None:
    """Lay the bars of one series over what is held, and note what looks wrong."""
    days = calendar(instrument.calendar)
    new = _with_flags(part, series.interval, days, work.now)
    jumps, wrong = work.examiner.look(series, part.columns)
    for what in wrong:
        tally.suspect(what, series.symbol)
    overlap = work.ledger.merge(series, new, days)
    if not work.supersede:
        check_conflict(path, series, overlap)
    holes = hole_sizes(new["ts"], series.interval, days)
    tally.add(
        kept=len(new["ts"]),
        jumps=jumps,
        added=overlap.added,
        unchanged=overlap.unchanged,
        superseded=overlap.superseded,
        gaps=int(np.count_nonzero(holes > 0)),
        missing=int(holes[holes > 0].sum()),
        zero_volume=int(np.count_nonzero(new["volume"] == 0)) if has_column else 0,
        partial=int(np.count_nonzero(new["flags"] & PARTIAL)),
    )
    has_volume = instrument.has_volume or work.ledger.has_volume(series)
    work.instruments[instrument.name] = replace(instrument, has_volume=has_volume)


def _with_flags(part: Cleaned, interval: Interval, days: Calendar, now: int | None) -> Columns:
    """Return every bar column with the flags that the file alone decides: suspect and partial."""
    ts = part.columns["ts"]
    flags = np.zeros(len(ts), np.uint8)
    flags[part.suspect] = SUSPECT
    if now is not None:
        for place in range(int(np.searchsorted(ts, now - interval.us, side="right")), len(ts)):
            if ts[place] >= now or days.bar_end(int(ts[place]), interval) > now:
                flags[place] |= PARTIAL
    columns: dict[Any, NDArray[Any]] = {**part.columns, "flags": flags}
    return columns


def _count_cleaning(tally: _Tally, symbol: str, part: Cleaned) -> None:
    """Add what cleaning one series counted."""
    tally.add(
        duplicates=part.duplicates,
        conflicting=part.conflicting,
        out_of_order=part.out_of_order,
        ohlc_violations=part.ohlc_violations,
        nulls=len(part.no_time) + len(part.no_price),
    )
    if part.no_volume:
        tally.suspect(_NO_VOLUME, symbol)


def _unmoved(store: BarStore, head: int, drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Yield drafts if the store is still at `head`; a commit takes them under the writer lock, where it stays there."""
    if store.head() != head:
        raise _MovedError
    yield from drafts


def _commit(work: _Import, files: Sequence[str], head: int) -> int:
    """Write everything as one commit; nothing at all when nothing changes."""
    drafts = list(work.ledger.iter_drafts())
    changed = [one for one in work.instruments.values() if work.held.get(one.name) != one]
    if not drafts and not changed:
        return work.store.head()
    work.progress("writing", sum(report.kept for report in work.reports))
    named = ", ".join(Path(path).name for path in files[:_SHOWN])
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    note = f"import {named}{more}"
    whole = _unmoved(work.store, head, drafts)
    return work.store.commit(whole, note=note, instruments=changed, quarantine=work.quarantine).number
