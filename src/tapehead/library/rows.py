"""RowCalls: rows of bars for SQL, by choice of their series, in a store in PostgreSQL."""

from collections.abc import Sequence

from tapehead.errors import NoBarsError, RowsError
from tapehead.library.upkeep import chosen
from tapehead.model.instrument import Series
from tapehead.ports.rows import PartitionReport, RowStore
from tapehead.wiring.assemble import House

_SERVERS = "Name a store in PostgreSQL: tapehead --home postgresql://USER@HOST/DATABASE store rows list"


class RowCalls:
    """The part of `Store` that keeps rows."""

    _house: House

    def rows(self) -> list[Series]:
        """Return the series that have rows, sorted."""
        return list(self._kept_rows().listed())

    def rows_on(
        self, symbols: str | Sequence[str] | None = None, *, universe: str | None = None, interval: str | None = None
    ) -> int:
        """Write the rows of series into the table `tapehead.bars`, and keep them equal to their segments from now on.

        Parameters
        ----------
        symbols, universe, interval
            Which series; all of the store by default.

        Returns
        -------
        int
            Rows written, 0 where all had some.

        Raises
        ------
        RowsError
            The store is no PostgreSQL, or a bar can be no row (a volume below 0); nothing was written.
        NoBarsError, UnknownSymbolError, UnknownUniverseError, StoreLockedError
        """
        return self._kept_rows().switch_on(self._row_series(symbols, universe, interval))

    def rows_off(
        self, symbols: str | Sequence[str] | None = None, *, universe: str | None = None, interval: str | None = None
    ) -> int:
        """Remove the rows of series, when segments are made of what was edited; return how many series had some."""
        return self._kept_rows().switch_off(self._row_series(symbols, universe, interval))

    def rebuild_rows(
        self, symbols: str | Sequence[str] | None = None, *, universe: str | None = None, interval: str | None = None
    ) -> int:
        """Make segments of all rows of series, after DETACH, ATTACH or replication changed some; return the head."""
        return self._kept_rows().rebuild(self._row_series(symbols, universe, interval))

    def keep_partitions(
        self, *, ahead_months: int | None = None, keep_months: int | None = None, keep_all: bool = False
    ) -> PartitionReport:
        """Look after the partitions of the rows: make those to come, empty the default one, drop what is too old.

        Parameters
        ----------
        ahead_months : int, optional
            Months that have a partition before there is a bar in them; kept for the next time, 3 at first.
        keep_months : int, optional
            Rows older than that are dropped, while segments keep their bars; kept for the next time.
        keep_all : bool
            Drop nothing by age any more, and write the rows again that were dropped.
        """
        return self._kept_rows().keep_partitions(ahead_months, keep_months, keep_all=keep_all)

    def _kept_rows(self) -> RowStore:
        """Return what keeps rows; raise RowsError where nothing does."""
        rows = self._house.rows
        if rows is None:
            raise RowsError(series="bars", cause="a store in a folder holds segments alone", step=_SERVERS)
        return rows

    def _row_series(
        self, symbols: str | Sequence[str] | None, universe: str | None, interval: str | None
    ) -> list[Series]:
        """Return the series that are asked for; raise NoBarsError where there is none."""
        named = [symbols] if isinstance(symbols, str) else symbols
        series = chosen(self._house, universe, named, interval, None)
        # Those whose last bar was deleted have rows still, that can be switched off or filled by SQL.
        emptied = [one for one in self._kept_rows().listed() if one not in set(series)]
        words = None if named is None else {name.rpartition(":")[2].upper() for name in named}
        series += [
            one
            for one in emptied
            if universe is None
            and (words is None or one.symbol.upper() in words)
            and (interval is None or one.interval.text == interval)
        ]
        if not series:
            what = ", ".join(named) if named else universe or "any instrument"
            text = f"No bars of {what} {interval or ''}".rstrip() + ". See what there is: tapehead instruments"
            raise NoBarsError(text, symbol=what, held="none")
        return series
