"""Market: what can be asked of the bars, instruments and universes of a store."""

import os
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tapehead.errors import ParameterError, UniverseError
from tapehead.jobs import membership
from tapehead.jobs import universes as selection
from tapehead.jobs.append import append, check_new
from tapehead.jobs.ingest import ingest
from tapehead.library.given import bars_of
from tapehead.library.limits import check_limit
from tapehead.library.listing import InstrumentRow, Listing
from tapehead.library.times import read_time
from tapehead.library.writer import BarWriter
from tapehead.model.filter import read_filter
from tapehead.model.instrument import KINDS, Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.membership import Roll
from tapehead.model.quality import ImportReport
from tapehead.model.segment import Commit, Universe
from tapehead.ports.bars import Hints
from tapehead.wiring.assemble import House
from tapehead.wiring.readers import SpillingBuckets, source_of

_LEASE_S = 3600.0


class Market:
    """The part of `Store` that takes bars in and tells what is held."""

    _house: House
    _listing: Listing | None = None

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
        price: str = "mid",
        quote: str | None = None,
        dry_run: bool = False,
        strict: bool = False,
        supersede: bool = False,
        progress: Callable[..., None] | None = None,
    ) -> ImportReport:
        """Import files or folders of bars as one commit, all or nothing.

        Parameters
        ----------
        *paths : path
            Files of any format that is read, panels with a symbol column or one file a symbol; folders stand for the
            files in them. They need not fit into memory.
        symbol, venue, kind, interval, tz, unit, columns
            What would else be recognised; each guess is in the report with its evidence.
        price : str
            The side to take where a file has two: `mid bid ask`.
        quote : str, optional
            The currency of the prices, such as USD, of symbols that name none; of instruments that are held too.
        dry_run : bool
            Report, and write nothing.
        strict : bool
            Refuse files with any defect: bars missing, rows set aside, repeated or out of order, or looking wrong.
        supersede : bool
            Let differing bars replace what is held, however many.

        Returns
        -------
        ImportReport

        Raises
        ------
        FileFormatError, MissingColumnError, AmbiguousFileError, ImportConflictError, StoreLockedError, DiskFullError,
        ParameterError
            Nothing was written.
        """
        if venue is not None and ":" in venue:
            # An instrument is `venue:symbol`, cut at the first colon.
            raise ParameterError(name="venue", value=venue[:80], bound="a name without a colon, such as binance")
        hints = Hints(symbol, venue, kind, interval, tz, unit, dict(columns or {}), price, quote)
        house = self._house
        return ingest(
            [os.fspath(path) for path in paths],
            hints,
            house.bars,
            house.codec,
            source_of,
            lambda: SpillingBuckets(house.settings.home),
            dry_run=dry_run,
            strict=strict,
            supersede=supersede,
            progress=progress,
            now=time.time_ns() // 1000,
        )

    def append(
        self,
        bars: Any,
        *,
        kind: str | None = None,
        venue: str | None = None,
        symbol: str | None = None,
        interval: str | None = None,
    ) -> Commit:
        """Add new bars of one or several series; durable on return, one commit for all.

        Bars that are held already, bit for bit, change nothing; others supersede those of their time. A bar that has
        not closed yet is kept as unfinished, and no run sees it until it comes again.

        Parameters
        ----------
        bars : Bars, sequence of Bars, frame, or sequence of mappings
            Each of another series; `Bars.from_arrays` makes them, with `symbol` and `venue`. A frame, as
            `Bars.from_frame` takes it, or rows such as `{"ts": ..., "open": ...}`, are of one series.
        kind : str, optional
            Of instruments that are not held yet: `crypto equity index fx future option`. By default the quote currency
            at the end of the symbol says it, as BTCUSDT is crypto; daily bars without one are equities.
        venue, symbol, interval : str, optional
            Of a frame or of rows.

        Returns
        -------
        Commit

        Raises
        ------
        ParameterError, StoreLockedError, DiskFullError, DamagedSegmentError
            No bar was written.

        Examples
        --------
        >>> store.append(th.Bars.from_arrays(ts, o, h, l, c, v, interval="1m", symbol="BTCUSDT", venue="binance"))
        >>> store.append(rows, venue="binance", symbol="BTCUSDT", interval="1m")
        """
        every = bars_of(bars, venue, symbol, interval)
        return append(self._house.bars, self._house.codec, every, kind=kind, now=time.time_ns() // 1000)

    def writer(
        self, venue: str, symbol: str, interval: str, *, rows: int = 1000, seconds: float = 1.0, kind: str | None = None
    ) -> BarWriter:
        """Return a writer that takes single bars of one series and appends them in groups.

        Parameters
        ----------
        venue, symbol, interval : str
            The series.
        rows, seconds
            A group is appended when it has so many bars, or, by the next `write`, when its oldest is so old.
        kind : str, optional
            Of an instrument that is not held yet; see `append`.

        Raises
        ------
        ParameterError
            The series has no name, or its kind cannot be known.

        Examples
        --------
        >>> with store.writer("binance", "BTCUSDT", "1m") as writer:
        ...     writer.write("2024-01-01T00:00Z", 42283.5, 42298.6, 42261.0, 42298.6, 35.92)
        """
        series = Series(venue, symbol, Interval.parse(interval))
        check_new(self._house.bars, series, kind)
        return BarWriter(partial(self.append, kind=kind), series, rows, seconds)

    def instruments(
        self,
        query: str | None = None,
        kind: str | None = None,
        venue: str | None = None,
        universe: str | None = None,
        *,
        limit: int | None = None,
        after: str = "",
    ) -> list[InstrumentRow]:
        """Return instruments with what is held of them, sorted by name.

        Parameters
        ----------
        query : str, optional
            A part of the name, any case.
        kind, venue, universe : str, optional
            Only those of it.
        limit : int, optional
            At most so many, 1 to 10,000; all by default.
        after : str
            Only those whose names `venue:symbol` come after it.
        """
        rows = self._fitting(query, kind, venue, universe)
        first = bisect_right(rows, after, key=_name)
        return rows[first:] if limit is None else rows[first : first + check_limit(limit)]

    def _fitting(
        self, query: str | None, kind: str | None, venue: str | None, universe: str | None
    ) -> list[InstrumentRow]:
        """Return the instruments that fit, by name."""
        listed = self._listed()
        names, rows = listed.names, listed.rows
        part = (query or "").lower()
        members = None if universe is None else {each.name for each in self._members_now(universe)}
        if part or kind or venue or members is not None:
            return [
                row
                for name, row in zip(names, rows, strict=True)
                if part in name.lower()
                and kind in (None, row.instrument.kind)
                and venue in (None, row.instrument.venue)
                and (members is None or name in members)
            ]
        return list(rows)

    def _listed(self) -> Listing:
        """Return every instrument, listed once a commit."""
        known = self._listing
        if known is None or known.head != self._house.bars.head():
            known = self._listing = Listing.of(self._house.bars)
        return known

    def universes(self, *, limit: int | None = None, after: str = "") -> list[Universe]:
        """Return the universes by name, `all` and the kinds among them; with `limit` so many after a name."""
        held = selection.universes(self._house.bars)
        first = bisect_right(held, after, key=_called)
        return held[first:] if limit is None else held[first : first + check_limit(limit)]

    def universe(self, name: str) -> Universe:
        """Return one universe; raises UnknownUniverseError."""
        return selection.universe(self._house.bars, name)

    def members(
        self,
        name: str,
        at: Any = None,
        *,
        interval: str | None = None,
        snapshot: int | None = None,
        progress: Callable[..., None] | None = None,
    ) -> Roll:
        """Return who belongs to a universe on a day, and how many did by year.

        Parameters
        ----------
        name : str
            A list has the same members every day.
        at : date, datetime or ISO text, optional
            The day, UTC; by default the one that begins when the newest bar held has closed.
        interval : str, optional
            Bars that the figures of a filter come from; by default those of the longest interval up to a day.
        snapshot : int, optional
            State of the store to read; default the newest.
        progress : callable, optional
            Told how many instruments are looked at.

        Raises
        ------
        UnknownUniverseError, ParameterError
        """
        house = self._house
        every = None if interval is None else Interval.parse(interval)
        number = house.bars.head() if snapshot is None else snapshot
        day = read_time("at", at)
        # Leased: gc beside this would take segments that only an older snapshot names.
        with house.bars.lease(number, _LEASE_S):
            chosen, where = selection.choose(house.bars, name, None, number)
            held = membership.newest(house.bars, chosen, number, every)
            if not where:
                return membership.roll_of_list([each.name for each in chosen], day, held)
            found = membership.memberships(
                house.bars, house.shelf, where, chosen, number, interval=every, progress=progress
            )
            return membership.roll(found, day, held)

    def _members_now(self, name: str) -> Sequence[Instrument]:
        """Return the members of a list, or those of a filter on its newest day."""
        chosen, where = selection.choose(self._house.bars, name, None)
        if not where:
            return chosen
        now = set(self.members(name).members)
        return [each for each in chosen if each.name in now]

    def create_universe(self, name: str, symbols: Sequence[str] | None = None, where: str | None = None) -> Universe:
        """Keep a named list of instruments, or a filter; one of that name is replaced.

        Parameters
        ----------
        name : str
            A word that no kind has.
        symbols : sequence of str, optional
            Instruments of a list.
        where : str, optional
            A filter, evaluated at each day with the bars that closed before it: see `model.filter.read_filter`.
            Exactly one of the two is given.

        Raises
        ------
        UniverseError
            A built-in name, an empty list, or not exactly one of `symbols` and `where`.
        UnknownSymbolError
            A symbol is not held.
        ExpressionError
            The filter does not read.
        """
        if name.strip() != name or not name or "," in name:
            raise UniverseError(
                f"'{name}' cannot name a universe. Take a word: tapehead universe create majors --symbols A,B"
            )
        if name in KINDS or name == "all":
            raise UniverseError(f"'{name}' is built in and cannot be replaced. Take another name for yours.")
        if symbols is not None and where is not None:
            raise UniverseError(f"Universe '{name}' is a list or a filter, not both: give symbols or where.")
        if where is not None:
            read_filter(where)
            made = Universe(name, (), where=" ".join(where.split()))
        elif symbols:
            chosen = selection.select(self._house.bars, None, symbols)
            made = Universe(name, tuple(each.name for each in chosen))
        else:
            raise UniverseError(f"Universe '{name}' would be empty. Name its instruments: --symbols BTCUSDT,ETHUSDT")
        self._house.bars.save_universe(made)
        return made

    def _save(self, name: str, names: list[str]) -> None:
        """Keep what a screen found as a list."""
        self.create_universe(name, names)

    def delete_universe(self, name: str) -> None:
        """Forget a named list; the instruments stay. Raises UnknownUniverseError, or UniverseError for a built-in."""
        if self.universe(name).built_in:
            raise UniverseError(f"'{name}' is built in and cannot be deleted.")
        self._house.bars.delete_universe(name)


def _name(row: InstrumentRow) -> str:
    """Return what instruments are ordered by."""
    return row.instrument.name


def _called(one: Universe) -> str:
    """Return what universes are ordered by."""
    return one.name
