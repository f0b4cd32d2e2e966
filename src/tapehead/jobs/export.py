"""export: bars out of the store into files that other programs read, and that an import takes back bit for bit."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import NoBarsError, ParameterError
from tapehead.jobs.export_files import COMPRESSIONS, SUFFIXES, Form, written
from tapehead.jobs.plan import check_range
from tapehead.jobs.read_period import Columns, read_periods
from tapehead.layout.columns import PARTIAL
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore, ChunkCache

RAW_BAR_BYTES: Final = 48
"""Time, four prices and volume of 8 bytes each: what a bar takes without any compression."""

_AGAIN: Final = "files that were done are kept. Free some space, then run the command again with --force."
_OTHER: Final = "Name a folder of yours: tapehead store export -o DIR"
_LONGEST: Final = 200
"""Characters of a name; file systems take 255 bytes, and a file in the making has a longer one."""
_HASHED: Final = 16
_KEPT: Final = _LONGEST - _HASHED - 1
_PLAIN = re.compile(r"[A-Z][A-Z0-9]*")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file: the bars (open times `first` to `last`, us UTC) of one series.

    `unfinished` counts bars flagged partial, which are no bars yet and stay out.
    """

    path: str
    series: Series
    kind: str
    rows: int
    size_bytes: int
    first: int
    last: int
    unfinished: int


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote; `empty` are the series without a bar in the range."""

    folder: str
    snapshot: int
    form: str
    compression: str
    files: tuple[ExportedFile, ...]
    empty: tuple[Series, ...]

    @property
    def rows(self) -> int:
        """Bars of all files."""
        return sum(one.rows for one in self.files)

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(one.size_bytes for one in self.files)

    @property
    def ratio(self) -> float:
        """How many times smaller the files are than `RAW_BAR_BYTES` a bar."""
        return self.rows * RAW_BAR_BYTES / max(self.size_bytes, 1)


def check_form(form: str, compression: str | None) -> tuple[Form, str]:
    """Return a form and its compression, its own where none is named; raise ParameterError for what there is not."""
    chosen = next((one for one in COMPRESSIONS if one == form), None)
    if chosen is None:
        raise ParameterError(name="format", value=form, bound=f"one of {', '.join(COMPRESSIONS)}")
    able = COMPRESSIONS[chosen]
    if compression is not None and compression not in able:
        raise ParameterError(name="compression", value=compression, bound=f"one of {', '.join(able)} for {form}")
    return chosen, compression or able[0]


def export(
    store: BarStore,
    tiers: ChunkCache,
    series: Sequence[Series],
    folder: Path,
    *,
    form: str = "parquet",
    compression: str | None = None,
    start: int | None = None,
    end: int | None = None,
    snapshot: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> ExportReport:
    """Write one file a series, `FOLDER/VENUE/SYMBOL-INTERVAL.ending`; memory holds one period of one series.

    Parameters
    ----------
    store, tiers : BarStore, ChunkCache
        What is held at a snapshot, and the columns of a segment.
    series : sequence of Series
        At least one.
    folder : Path
        Made where there is none.
    form, compression : str
        `parquet` (zstd lz4 gzip none), `feather` (lz4 zstd none) or `csv` (none gzip); the first is the default.
    start, end : int, optional
        Range of open times, us UTC, half-open.
    snapshot : int, optional
        State of the store; default the newest.
    force : bool
        Write over files that are there.
    progress : callable, optional
        Told what is written, how many bars are done and how many there are about.

    Returns
    -------
    ExportReport

    Raises
    ------
    ParameterError
        A file is there already, or the form or compression is none; nothing was written.
    EmptyRangeError, NoBarsError
        No series has a bar in the range; nothing was written.
    """
    kind, chosen = check_form(form, compression)
    check_range(start, end)
    lo, hi = (-(2**62) if start is None else start), (2**62 if end is None else end)
    head = store.head() if snapshot is None else snapshot
    with store.lease(head, 3600.0):
        refs = store.manifest(series, lo, hi, snapshot=head).refs
        if not refs:
            raise NoBarsError(
                "No bars to export: none of the chosen instruments has one in the range. See: tapehead instruments"
            )
        places = {one: _place(folder, one, SUFFIXES[kind, chosen]) for one in series if one in refs}
        _check_free(places.values(), force)
        known = {one.name: one for one in store.instruments(head)}
        work = _Export(tiers, kind, chosen, lo, hi, progress, sum(ref.rows for held in refs.values() for ref in held))
        files = [work.write(place, one, refs[one], known.get(one.instrument)) for one, place in places.items()]
    kept = tuple(one for one in files if one.rows)
    empty = tuple(one for one in series if one not in {file.series for file in kept})
    return ExportReport(str(folder), head, kind, chosen, kept, empty)


@dataclass(slots=True)
class _Export:
    """What all files of one export share."""

    tiers: ChunkCache
    form: Form
    compression: str
    lo: int
    hi: int
    progress: Progress | None
    total: int
    done: int = 0

    def write(
        self, place: Path, series: Series, refs: Sequence[SegmentRef], instrument: Instrument | None
    ) -> ExportedFile:
        """Write the file of one series; none where the range holds no finished bar."""
        seen = _Seen()
        columns: tuple[str, ...] = ("ts", "open", "high", "low", "close")
        if instrument is None or instrument.has_volume:
            columns = (*columns, "volume")
        told = _PLAIN.fullmatch(series.symbol) and place.name.startswith(f"{series.symbol}-")
        symbol = None if told else series.symbol
        parts = self._parts(series, refs, seen)
        size = written(place, self.form, self.compression, columns, symbol, parts, again=_AGAIN, other=_OTHER)
        kind = "" if instrument is None else instrument.kind
        return ExportedFile(str(place), series, kind, seen.rows, size, seen.first, seen.last, seen.unfinished)

    def _parts(self, series: Series, refs: Sequence[SegmentRef], seen: "_Seen") -> Iterator[Columns]:
        """Yield the finished bars of the range, period by period."""
        for _, columns in read_periods(self.tiers, refs):
            if self.progress is not None:
                self.progress(f"writing {series.symbol}", self.done, self.total)
            self.done += len(columns["ts"])
            cut = _cut(columns, self.lo, self.hi)
            whole: NDArray[Any] = (cut["flags"] & PARTIAL) == 0
            seen.unfinished += int(len(whole) - whole.sum())
            part: Columns = cut if whole.all() else {name: values[whole] for name, values in cut.items()}
            if len(part["ts"]):
                seen.add(part["ts"])
                yield part


@dataclass(slots=True)
class _Seen:
    """What went into one file so far."""

    rows: int = 0
    first: int = 0
    last: int = 0
    unfinished: int = 0

    def add(self, ts: NDArray[np.int64]) -> None:
        """Count bars."""
        self.first = self.first if self.rows else int(ts[0])
        self.last = int(ts[-1])
        self.rows += len(ts)


def _cut(columns: Columns, lo: int, hi: int) -> Columns:
    """Return the bars that open in [lo, hi)."""
    first, last = (int(place) for place in np.searchsorted(columns["ts"], [lo, hi]))
    return {name: values[first:last] for name, values in columns.items()}


def _place(folder: Path, series: Series, ending: str) -> Path:
    """Return the file of a series, in a folder that gives its venue back."""
    return folder / _plain(series.venue) / f"{_plain(series.symbol)}-{series.interval.text}{ending}"


def _plain(name: str) -> str:
    """Return a name that every file system takes and no import passes over as hidden, with %XX for what one would.

    Of a long one it is the beginning and a hash of the whole.
    """
    quoted = quote(name, safe=" ^=+@,&()[]~")
    plain = f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[:_KEPT].rpartition('%')[0] or plain[:_KEPT]}~{sha256(name.encode()).hexdigest()[:_HASHED]}"


def _check_free(places: Iterable[Path], force: bool) -> None:
    """Raise ParameterError for a file that is there, unless it shall go."""
    there = [place for place in places if place.exists()]
    if there and not force:
        more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
        raise ParameterError(
            f"{there[0]}{more} is there already; nothing was written. "
            "Name another folder, or write over it: tapehead store export -o DIR --force"
        )
