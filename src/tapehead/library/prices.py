"""Prices: bars out of a store, as arrays."""

from collections.abc import Sequence
from typing import Any, cast, overload

from tapehead.errors import ParameterError
from tapehead.jobs.lookup import Reading, Trace, look_up, trace
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.library.latest_page import Wanted, latest_page
from tapehead.library.listing import Listing
from tapehead.library.times import read_time
from tapehead.model.bars import Bars
from tapehead.model.table import Table
from tapehead.wiring.assemble import House


class Prices:
    """The part of `Store` that gives bars."""

    _house: House

    def _listed(self) -> Listing:
        """Return every instrument, listed once a commit; `Market` does."""
        raise TypeError(f"{type(self).__name__} lists nothing")

    @overload
    def bars(
        self,
        symbols: str,
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        *,
        points: int | None = None,
        columns: None = None,
        snapshot: int | None = None,
    ) -> Bars: ...

    @overload
    def bars(
        self,
        symbols: str,
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        *,
        points: int | None = None,
        columns: Sequence[str],
        snapshot: int | None = None,
    ) -> Table: ...

    @overload
    def bars(
        self,
        symbols: list[str] | tuple[str, ...],
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        *,
        points: int | None = None,
        columns: None = None,
        snapshot: int | None = None,
    ) -> dict[str, Bars]: ...

    @overload
    def bars(
        self,
        symbols: list[str] | tuple[str, ...],
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        *,
        points: int | None = None,
        columns: Sequence[str],
        snapshot: int | None = None,
    ) -> dict[str, Table]: ...

    def bars(
        self,
        symbols: str | Sequence[str],
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        *,
        points: int | None = None,
        columns: Sequence[str] | None = None,
        snapshot: int | None = None,
    ) -> Bars | Table | dict[str, Bars] | dict[str, Table]:
        """Return bars of one instrument, or of several at one look at the manifest.

        Parameters
        ----------
        symbols : str or sequence of str
            Bare where unique, else `venue:symbol`.
        interval : str, optional
            One that is held, or any coarser one that it makes up; needed where bars of several are held.
        start, end : date, datetime or ISO text, optional
            Half-open, by the open of a bar, UTC. No start means all that is held.
        points : int, optional
            At most so many bars, by exact first, highest, lowest, last and sum: for charts. Where `columns` have
            closes and no other price or volume, they are a line: of some of the bars, the extremes among them.
        columns : sequence of str, optional
            Some of `ts open high low close volume flags`; nothing else is read then.
        snapshot : int, optional
            State of the store to read; default the newest.

        Returns
        -------
        Bars, or dict of Bars by `venue:symbol`
            Unfinished bars are among them, with the flag `partial`. With `columns` a Table of those takes their place.

        Raises
        ------
        UnknownSymbolError, AmbiguousSymbolError, ParameterError, EmptyRangeError, NoBarsError

        Examples
        --------
        >>> bars = store.bars("BTCUSDT", interval="4h", start="2023-01-01")
        >>> bars.close.max()
        """
        named = [symbols] if isinstance(symbols, str) else list(symbols)
        found = self.look_up(named, interval, start, end, points=points, columns=columns, snapshot=snapshot)
        if columns is None:
            every = {one.instrument.name: one.bars for one in found}
            return next(iter(every.values())) if isinstance(symbols, str) else every
        some = {one.instrument.name: one.table for one in found}
        return next(iter(some.values())) if isinstance(symbols, str) else some

    def look_up(
        self,
        symbols: Sequence[str],
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        *,
        points: int | None = None,
        columns: Sequence[str] | None = None,
        snapshot: int | None = None,
    ) -> list[Reading]:
        """Return what `bars` returns, each with its instrument, what it was made of, and the snapshot."""
        return look_up(
            self._house.bars,
            self._house.shelf,
            symbols,
            interval=interval,
            start=read_time("start", start),
            end=read_time("end", end),
            points=points,
            columns=checked_columns(columns),
            snapshot=snapshot,
            directory=self._known,
        )

    def trace(
        self,
        symbols: Sequence[str],
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        *,
        points: int | None = None,
        columns: Sequence[str] | None = None,
        snapshot: int | None = None,
    ) -> list[Trace]:
        """Return what `look_up` would read of each instrument, without reading it; equal traces give equal bars."""
        return trace(
            self._house.bars,
            symbols,
            interval=interval,
            start=read_time("start", start),
            end=read_time("end", end),
            points=points,
            columns=checked_columns(columns),
            snapshot=snapshot,
            directory=self._known,
        )

    def _known(self, snapshot: int) -> Listing | None:
        """Return what is listed already, where it is of this snapshot."""
        listed = self._listed()
        return listed if listed.head == snapshot else None

    def latest(
        self,
        universe: str | None = None,
        symbols: Sequence[str] | None = None,
        *,
        interval: str | None = None,
        at: Any = None,
        columns: Sequence[str] | None = None,
        snapshot: int | None = None,
    ) -> Table:
        """Return one bar of every instrument: the newest, or the last that opens at or before a moment.

        Parameters
        ----------
        universe, symbols : str, sequence of str, optional
            One of them; neither means universe `all`.
        interval : str, optional
            One that is held; needed where the instruments have bars of several.
        at : date, datetime or ISO text, optional
            Such a bar may close after this moment; what was known then is the bar before.
        columns : sequence of str, optional
            Some of `ts open high low close volume flags`; all by default.
        snapshot : int, optional

        Returns
        -------
        Table
            `instrument` and the columns, a row an instrument that has such a bar, sorted by name. Unfinished bars are
            among them, with the flag `partial`.

        Examples
        --------
        >>> table = store.latest("crypto", at="2023-06-01T12:00Z", columns=["ts", "close"])
        >>> dict(zip(table.instrument, table.close))
        """
        check_one_choice(universe, symbols)
        asked = Wanted(universe, symbols, interval, read_time("at", at), checked_columns(columns), snapshot)
        return latest_page(self._house, asked).table


def check_one_choice(universe: str | None, symbols: Sequence[str] | None) -> None:
    """Raise ParameterError where both a universe and symbols are given."""
    if universe is not None and symbols is not None:
        raise ParameterError(name="symbols", value=symbols, bound="left out where universe is given")


def checked_columns(columns: Sequence[str] | None) -> tuple[Column, ...]:
    """Return names of columns; raise ParameterError for one that bars do not have."""
    names = BAR_COLUMNS if columns is None else tuple(dict.fromkeys(columns))
    strange = [name for name in names if name not in BAR_COLUMNS]
    if strange or not names:
        value = ", ".join(map(str, strange)) or "none"
        raise ParameterError(name="columns", value=value, bound=f"some of {', '.join(BAR_COLUMNS)}")
    return cast("tuple[Column, ...]", names)
