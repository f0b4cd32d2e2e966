"""Market: what can be asked of the bars, instruments and universes of a store."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tapehead.errors import UniverseError
from tapehead.jobs import universes as selection
from tapehead.jobs.ingest import ingest
from tapehead.model.instrument import KINDS, Instrument
from tapehead.model.quality import ImportReport
from tapehead.model.segment import Universe
from tapehead.ports.bars import Hints
from tapehead.wiring.assemble import House
from tapehead.wiring.readers import source_of

IntervalRow = tuple[str, int, int, int]
"""Interval, open time of the first and of the last bar (us UTC), number of bars."""


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """An instrument and what is held of it."""

    instrument: Instrument
    intervals: tuple[IntervalRow, ...]


class Market:
    """The part of `Store` that takes bars in and tells what is held."""

    _house: House

    def import_files(
        self,
        *paths: str | os.PathLike[str],
        symbol: str | None = None,
        venue: str | None = None,
        kind: str | None = None,
        interval: str | None = None,
        tz: str | None = None,
        unit: str | None = None,
        columns: Mapping[str, str] | None = None,
        dry_run: bool = False,
        strict: bool = False,
        supersede: bool = False,
        progress: Callable[..., None] | None = None,
    ) -> ImportReport:
        """Import files or folders of bars as one commit, all or nothing.

        Parameters
        ----------
        *paths : path
            Parquet, Feather or CSV (also .gz); a panel with a symbol column, or one file a symbol.
        symbol, venue, kind, interval, tz, unit, columns
            What would else be recognised; each guess is in the report with its evidence.
        dry_run : bool
            Report, and write nothing.
        strict : bool
            Refuse files with anything set aside or looking wrong.
        supersede : bool
            Let differing bars replace what is held, however many.

        Returns
        -------
        ImportReport

        Raises
        ------
        FileFormatError, MissingColumnError, AmbiguousFileError, ImportConflictError, StoreLockedError, DiskFullError
            Nothing was written.
        """
        hints = Hints(symbol, venue, kind, interval, tz, unit, dict(columns or {}))
        house = self._house
        return ingest(
            [os.fspath(path) for path in paths],
            hints,
            house.bars,
            house.codec,
            source_of,
            dry_run=dry_run,
            strict=strict,
            supersede=supersede,
            progress=progress,
            now=time.time_ns() // 1000,
        )

    def instruments(
        self, query: str | None = None, kind: str | None = None, venue: str | None = None, universe: str | None = None
    ) -> list[InstrumentRow]:
        """Return instruments with what is held of them, sorted by name.

        `query` is a part of the name, any case.
        """
        bars = self._house.bars
        held: dict[str, list[IntervalRow]] = {}
        for cover in bars.coverage():
            row = (cover.series.interval.text, cover.first, cover.last, cover.rows)
            held.setdefault(cover.series.instrument, []).append(row)
        chosen = bars.instruments() if universe is None else selection.select(bars, universe, None)
        part = (query or "").lower()
        return [
            InstrumentRow(each, tuple(held.get(each.name, ())))
            for each in chosen
            if part in each.name.lower() and kind in (None, each.kind) and venue in (None, each.venue)
        ]

    def universes(self) -> list[Universe]:
        """Return every universe; `all` and the kinds are built in."""
        return selection.universes(self._house.bars)

    def universe(self, name: str) -> Universe:
        """Return one universe; raises UnknownUniverseError."""
        return selection.universe(self._house.bars, name)

    def create_universe(self, name: str, symbols: Sequence[str]) -> Universe:
        """Keep a named list of instruments; one of that name is replaced.

        Raises UniverseError for a built-in name or an empty list, UnknownSymbolError for a symbol that is not held.
        """
        if name.strip() != name or not name or "," in name:
            raise UniverseError(
                f"'{name}' cannot name a universe. Take a word: tapehead universe create majors --symbols A,B"
            )
        if name in KINDS or name == "all":
            raise UniverseError(f"'{name}' is built in and cannot be replaced. Take another name for yours.")
        if not symbols:
            raise UniverseError(f"Universe '{name}' would be empty. Name its instruments: --symbols BTCUSDT,ETHUSDT")
        chosen = selection.select(self._house.bars, None, symbols)
        made = Universe(name, tuple(each.name for each in chosen))
        self._house.bars.save_universe(made)
        return made

    def delete_universe(self, name: str) -> None:
        """Forget a named list; the instruments stay. Raises UnknownUniverseError, or UniverseError for a built-in."""
        if self.universe(name).built_in:
            raise UniverseError(f"'{name}' is built in and cannot be deleted.")
        self._house.bars.delete_universe(name)
