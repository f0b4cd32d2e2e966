"""Upkeep: what keeps a store healthy, what takes back a change, and what takes bars out."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapehead.errors import ParameterError
from tapehead.jobs import universes as selection
from tapehead.library.limits import check_limit
from tapehead.library.times import read_time
from tapehead.model.history import CommitRecord, Finding, StoreFacts, Swept
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.ports.bars import TierStats
from tapehead.wiring.assemble import House

if TYPE_CHECKING:
    # The jobs load when they are called: a backtest does not wait for them.
    from tapehead.jobs.diff import SnapshotDiff
    from tapehead.jobs.export import ExportReport
    from tapehead.jobs.undo import Undone

Progress = Callable[..., None]


@dataclass(frozen=True, slots=True)
class StoreStats:
    """How large a store is.

    `csv_bar_bytes` is what a bar takes as a line of CSV, measured on some of the store's own; 0 where it has none.
    `tiers` are the caches, `free_bytes` what is left on the disk of the store.
    """

    facts: StoreFacts
    csv_bar_bytes: float
    tiers: tuple[TierStats, ...]
    free_bytes: int


class Upkeep:
    """The part of `Store` that looks after what is held."""

    _house: House

    @property
    def full(self) -> bool:
        """Whether the disk is full, so that the store could be opened for reading only."""
        return self._house.full

    def undo(self, commit: int) -> "Undone":
        """Take back one commit, such as an import; the undo is a commit too, and can be undone.

        Raises
        ------
        UndoError
            There is no such commit, it was undone already, gc gave back what was before it, or a later one builds on
            it; nothing was written.
        """
        from tapehead.jobs.undo import undo

        return undo(self._house.bars, self._house.direct.tiers, commit)

    def log(self, limit: int = 20, before: int | None = None) -> list[CommitRecord]:
        """Return commits, newest first, those below `before`; raises ParameterError for more than 10,000 at once."""
        return list(self._house.bars.log(limit=check_limit(limit), before=before))

    def commit(self, number: int) -> CommitRecord:
        """Return one commit; raises ParameterError where there is none."""
        found = self._house.bars.log(limit=1, before=number + 1) if number > 0 else ()
        if not found or found[0].number != number:
            head = self._house.bars.head()
            bound = (
                f"one of 1 to {head}. See: tapehead store log" if head else "that of a commit, and there is none yet"
            )
            raise ParameterError(name="commit", value=number, bound=bound)
        return found[0]

    def report(self, commit: int) -> bytes:
        """Return the quality report kept with a commit, the JSON document of the import; empty where there is none."""
        return self._house.bars.report(commit)

    def diff(self, before: int, after: int, *, progress: Progress | None = None) -> "SnapshotDiff":
        """Return what differs between two snapshots: bars, instruments, factors.

        Raises
        ------
        ParameterError
            A snapshot is not there, or gc gave it back.
        DamagedSegmentError
            A segment that has to be read is damaged.
        """
        from tapehead.jobs.diff import diff

        return diff(self._house.bars, self._house.direct.tiers, before, after, progress=progress)

    def gc(self, keep: str = "30d", *, dry_run: bool = False) -> Swept:
        """Give back what only old snapshots name.

        Parameters
        ----------
        keep : str
            Snapshots that were the newest within this time stay, such as `30d`, `12h` or `0d`; so do the newest, those
            that are being read, and those that kept runs were made on.
        dry_run : bool
            Count what would go.

        Raises
        ------
        ParameterError, StoreLockedError, UnwritableHomeError
            Nothing was given back.
        """
        from tapehead.jobs.collect import collect, read_keep

        house = self._house
        return collect(house.bars, house.runs, keep_us=read_keep(keep), now=time.time_ns() // 1000, dry_run=dry_run)

    def check(self, *, rows: bool = False, heal: bool = False, progress: Progress | None = None) -> Iterator[Finding]:
        """Yield what is wrong with the store, as it is found.

        Parameters
        ----------
        rows : bool
            Decode every segment, and compare its rows too.
        heal : bool
            Write a damaged segment anew where the hot tier still has its columns.
        """
        bars, spare = self._house.bars, self._house.spare
        return bars.check(rows=rows, heal=spare if heal else None, progress=progress)

    def recount(self) -> int:
        """Work out the coverage of every series anew; return how many were wrong."""
        return self._house.bars.recount()

    def stats(self) -> StoreStats:
        """Return how much is held, and what it takes on disk."""
        from tapehead.jobs.measure_csv import csv_bar_bytes

        house = self._house
        facts = house.bars.facts()
        per_bar = csv_bar_bytes(house.bars, house.direct.tiers)
        return StoreStats(facts, per_bar, tuple(house.tiers()), shutil.disk_usage(house.settings.home).free)

    def export(
        self,
        folder: str | os.PathLike[str],
        *,
        universe: str | None = None,
        symbols: str | Sequence[str] | None = None,
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        format: str = "parquet",  # noqa: A002 - the flag's name
        compression: str | None = None,
        snapshot: int | None = None,
        force: bool = False,
        progress: Progress | None = None,
    ) -> "ExportReport":
        """Write bars into `folder/venue/SYMBOL-INTERVAL.parquet`, one file a series, which an import takes back.

        Parameters
        ----------
        folder : path
            Made where there is none.
        universe, symbols, interval
            Which series; all of the store by default.
        start, end : date, datetime or ISO text, optional
            Half-open range of open times, UTC.
        format, compression : str
            `parquet` (zstd, lz4, gzip, none), `feather` (lz4, zstd, none) or `csv` (none, gzip).
        snapshot : int, optional
            State of the store; default the newest.
        force : bool
            Write over files that are there.

        Returns
        -------
        ExportReport

        Raises
        ------
        ParameterError, NoBarsError, UnknownSymbolError, UnknownUniverseError
            Nothing was written.
        DiskFullError, SurroundingsError
            Files that were done are kept.
        """
        from tapehead.jobs.export import check_form, export

        house = self._house
        check_form(format, compression)
        lo, hi = read_time("start", start), read_time("end", end)
        named = [symbols] if isinstance(symbols, str) else symbols
        series = chosen(house, universe, named, interval, snapshot)
        return export(
            house.bars,
            house.direct.tiers,
            series,
            Path(folder).expanduser(),
            form=format,
            compression=compression,
            start=lo,
            end=hi,
            snapshot=snapshot,
            force=force,
            progress=progress,
        )


def chosen(
    house: House, universe: str | None, symbols: Sequence[str] | None, interval: str | None, snapshot: int | None
) -> list[Series]:
    """Return the series of a snapshot that the names and the interval pick."""
    series = house.bars.series(snapshot)
    wanted = None if interval is None else Interval.parse(interval)
    names: set[str] | None = None
    if symbols is not None:
        held = house.bars.instruments(snapshot)
        names = {selection.find_instrument(held, symbol).name for symbol in symbols}
    elif universe is not None:
        names = {one.name for one in selection.select(house.bars, universe, None)}
    return [
        one
        for one in series
        if (names is None or one.instrument in names) and (wanted is None or one.interval == wanted)
    ]
