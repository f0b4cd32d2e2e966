"""SpillingBuckets: unsorted rows by key and time, in memory while they are few, else beside the store."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tapehead.ports.buckets import Aside, Rows
from tapehead.sources.piles import SpillingPile
from tapehead.sources.runs import Run
from tapehead.sources.spill import SpillFile
from tapehead.sources.spool import SortedSpool

Array = NDArray[Any]

BUDGET_BYTES = 48 << 20
_EVER = 1 << 62
_ROW_BYTES = 64
_DEFAULTS = {"factor": np.nan, "partial": False}


class SpillingBuckets:
    """`ports.buckets.Buckets` over sorted runs.

    Parameters
    ----------
    folder : Path
        Where a spill file may lie.
    budget_bytes : int
        Rows that wait to be sorted; beyond it they become a run in the spill file. Reading takes half of it again.

    Notes
    -----
    One file however many keys and periods there are: a file for each bucket of 500 symbols over ten years of minutes
    would be 60,000 files of a few kilobytes. A run is sorted by key and time, so a bucket is one stretch in each run.
    """

    def __init__(self, folder: Path, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._spill = SpillFile(folder)
        self._waiting = _Waiting(budget_bytes // _ROW_BYTES)
        self._runs: list[Run] = []
        self._aside = SortedSpool(self._spill, budget_bytes // 8)
        self._window = _Window(-1, 0, 0, {})

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give memory and disk back."""
        self._waiting, self._runs, self._window = _Waiting(0), [], _Window(-1, 0, 0, {})
        self._spill.close()

    def put(self, keys: Array, rows: Mapping[str, Array]) -> None:
        """Add rows; see `ports.buckets.Buckets`."""
        done = 0
        while done < len(keys):
            done += self._waiting.take(keys, rows, done)
            if self._waiting.is_full:
                self._flush()

    def first(self, key: int, start: int) -> int | None:
        """Return the earliest time of a key at or after `start`."""
        self._seal()
        if self._window.covers(key, start, start):
            ts = self._window.rows["ts"]
            at = int(np.searchsorted(ts, start))
            if at < len(ts):
                return int(ts[at])
            if self._window.end >= _EVER:
                return None
            start = self._window.end
        firsts = []
        for run in self._runs:
            at, end = run.span(key)
            at = run.place_of(start, at, end)
            if at < end:
                firsts.append(int(run.read("ts", at, at + 1)[0]))
        return min(firsts, default=None)

    def get(self, key: int, start: int, end: int) -> Rows:
        """Return the rows of a key in [start, end), rising in time."""
        self._seal()
        if not self._window.covers(key, start, end):
            self._window = self._load(key, start, end)
        rows = self._window.rows
        lo, hi = (int(at) for at in np.searchsorted(rows["ts"], [start, end]))
        return {name: values[lo:hi] for name, values in rows.items()}

    def times(self, file: int) -> Iterator[tuple[int, Array]]:
        """Yield the times of one file key by key, rising."""
        if any(run.files[0] <= file <= run.files[1] for run in self._runs):
            self._flush()
            yield from self._spilled_times(file)
            return
        keys, ts = self._waiting.times(file)
        order = np.lexsort((ts, keys))
        keys, ts = keys[order], ts[order]
        for part in np.split(np.arange(len(keys)), np.flatnonzero(keys[1:] != keys[:-1]) + 1):
            if len(part):
                yield int(keys[part[0]]), ts[part]

    def pile(self) -> SpillingPile:
        """Return an empty pile."""
        return SpillingPile(self._spill, self._budget_bytes // 64)

    def set_aside(self, row: Aside) -> None:
        """Keep a row that is no bar, or contradicts another."""
        self._aside.add(row)

    def iter_aside(self) -> Iterator[Aside]:
        """Yield what was set aside, by file and place."""
        return iter(self._aside)

    def _flush(self) -> None:
        """Make the waiting rows a run of the spill file."""
        keys, rows = self._waiting.give()
        if len(keys):
            self._runs.append(Run(keys, rows, self._spill))

    def _seal(self) -> None:
        """Make the waiting rows a run: in memory where all rows are there."""
        if self._runs:
            self._flush()
        elif self._waiting.count:
            self._runs.append(Run(*self._waiting.give()))

    def _load(self, key: int, start: int, end: int) -> "_Window":
        """Read as much of a key from `start` on as fits, and at least up to `end`."""
        spans = [(run, *run.span(key)) for run in self._runs]
        spans = [(run, lo, hi) for run, lo, hi in spans if hi > lo]
        limit = max(self._budget_bytes // 2 // _ROW_BYTES, 1)
        if sum(hi - lo for _, lo, hi in spans) <= limit:
            return _Window(key, -_EVER, _EVER, _merged(spans))
        spans = [(run, run.place_of(start, lo, hi), hi) for run, lo, hi in spans]
        upto, cut = max(end, self._last(spans) + 1), spans
        while sum(hi - lo for _, lo, hi in cut) > limit and upto > end:
            upto = max(end, (start + upto) // 2)
            cut = [(run, lo, run.place_of(upto, lo, hi)) for run, lo, hi in spans]
        return _Window(key, start, upto, _merged([part for part in cut if part[2] > part[1]]))

    def _last(self, spans: list[tuple[Run, int, int]]) -> int:
        """Return the latest time of stretches of runs."""
        return max((int(run.read("ts", hi - 1, hi)[0]) for run, lo, hi in spans if hi > lo), default=-_EVER)

    def _spilled_times(self, file: int) -> Iterator[tuple[int, Array]]:
        """Yield the times of one file from the runs, each key in pieces that fit."""
        runs = [run for run in self._runs if run.files[0] <= file <= run.files[1]]
        limit = max(self._budget_bytes // 2 // _ROW_BYTES, 1)
        for key in np.unique(np.concatenate([run.keys for run in runs])).tolist():
            spans = [(run, *run.span(key)) for run in runs]
            spans = [(run, lo, hi) for run, lo, hi in spans if hi > lo]
            while spans:
                upto = self._last(spans) + 1
                start = min(int(run.read("ts", lo, lo + 1)[0]) for run, lo, _ in spans)
                cut = spans
                while sum(hi - lo for _, lo, hi in cut) > limit and upto > start + 1:
                    upto = max(start + 1, (start + upto) // 2)
                    cut = [(run, lo, run.place_of(upto, lo, hi)) for run, lo, hi in spans]
                ts = np.concatenate([_of_file(run, file, lo, hi) for run, lo, hi in cut])
                if len(ts):
                    yield key, np.sort(ts)
                spans = [(run, done, hi) for (run, _, done), (_, _, hi) in zip(cut, spans, strict=True) if hi > done]


class _Waiting:
    """Rows as they come, in arrays of a fixed size: whoever gave them can forget them, and nothing is joined later."""

    def __init__(self, size: int) -> None:
        self._size = max(size, 1)
        self._keys = np.empty(0, np.int32)
        self._rows: dict[str, Array] = {}
        self.count = 0

    @property
    def is_full(self) -> bool:
        """Whether no more row fits."""
        return self.count == self._size

    def take(self, keys: Array, rows: Mapping[str, Array], start: int) -> int:
        """Copy rows from `start` on as far as they fit; return how many did."""
        fits = min(len(keys) - start, self._size - self.count)
        place, given = slice(self.count, self.count + fits), slice(start, start + fits)
        if not self.count:
            # Memory that nobody writes to costs nothing, so a small import may ask for all of it.
            self._keys = np.empty(self._size, np.int32)
        self._keys[place] = keys[given]
        for name, values in rows.items():
            if name not in self._rows:
                self._rows[name] = np.empty(self._size, values.dtype)
                self._rows[name][: self.count] = _DEFAULTS.get(name, 0)
            self._rows[name][place] = values[given]
        for name in self._rows.keys() - rows.keys():
            self._rows[name][place] = _DEFAULTS[name]
        self.count += fits
        return fits

    def times(self, file: int) -> tuple[Array, Array]:
        """Return keys and times of one file; files come one after the other, so their numbers rise."""
        lo, hi = (0, 0) if not self.count else np.searchsorted(self._rows["file"][: self.count], [file, file + 1])
        return self._keys[lo:hi], self._rows.get("ts", np.zeros(0, np.int64))[lo:hi]

    def give(self) -> tuple[Array, dict[str, Array]]:
        """Return all rows and forget them."""
        keys, rows, count = self._keys, self._rows, self.count
        self._keys, self._rows, self.count = np.empty(0, np.int32), {}, 0
        return keys[:count], {name: values[:count] for name, values in rows.items()}


class _Window:
    """The rows of one key over [start, end), sorted, in memory."""

    def __init__(self, key: int, start: int, end: int, rows: Rows) -> None:
        self.key, self.start, self.end, self.rows = key, start, end, rows

    def covers(self, key: int, start: int, end: int) -> bool:
        """Say whether every row of a key in [start, end) is here."""
        return key == self.key and self.start <= start and (end <= self.end or self.end >= _EVER) and start <= self.end


def _merged(spans: list[tuple[Run, int, int]]) -> Rows:
    """Return stretches of one key from several runs as one, rising in time; runs stand in the order of putting."""
    if not spans:
        return {"ts": np.zeros(0, np.int64)}
    names = list(dict.fromkeys(name for run, _, _ in spans for name in run.names))
    rows: Rows = {}
    for name in names:
        parts = [run.read(name, lo, hi) if name in run.names else _default(name, hi - lo) for run, lo, hi in spans]
        rows[name] = _joined(parts)
    if len(spans) > 1:
        order = np.argsort(rows["ts"], kind="stable")
        rows = {name: values[order] for name, values in rows.items()}
    return rows


def _of_file(run: Run, file: int, lo: int, hi: int) -> Array:
    """Return the times of one file in a stretch."""
    ts = run.read("ts", lo, hi)
    return ts if run.files[0] == run.files[1] else ts[run.read("file", lo, hi) == file]


def _default(name: str, count: int) -> Array:
    """Return a column for rows that have none."""
    return np.full(count, _DEFAULTS[name])


def _joined(parts: list[Array]) -> Array:
    """Join the parts of one column."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
