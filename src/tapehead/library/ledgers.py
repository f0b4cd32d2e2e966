"""Ledgers: what a store knows of the places on the grid of its series."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tapehead.errors import NoBarsError, ParameterError
from tapehead.jobs import universes as selection
from tapehead.jobs.coverage import Axis, Months, coverage
from tapehead.jobs.plan import OPEN_END, OPEN_START
from tapehead.library.limits import check_limit
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.ledger import Ledger
from tapehead.model.segment import Quarantined
from tapehead.wiring.assemble import House


@dataclass(frozen=True, slots=True)
class Covered:
    """Ledgers by name and interval; their strips stand for [start, end), us UTC."""

    ledgers: tuple[Ledger, ...]
    start: int
    end: int
    snapshot: int


class Ledgers:
    """The part of `Store` that tells bars from holes."""

    _house: House

    def coverage(
        self,
        symbols: Sequence[str] | None = None,
        *,
        universe: str | None = None,
        interval: str | None = None,
        runs: bool = False,
        cells: int = 0,
        months: bool = False,
        snapshot: int | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Covered:
        """Return for each series how many bars it has, and how many are missing or confirmed to be empty.

        Parameters
        ----------
        symbols, universe : sequence of str, str, optional
            One of them; neither means all that is held.
        interval : str, optional
            Only series of this one.
        runs : bool
            List every run of grid steps without a bar.
        cells : int
            Width of the strips, 0 for none; they share one axis of time.
        months : bool
            Strips with a cell a calendar month, UTC, instead of `cells` equal ones.
        snapshot : int, optional
            State of the store; the newest by default.
        progress : callable, optional
            Told what is done, how many series of how many.

        Raises
        ------
        UnknownSymbolError, UnknownUniverseError, NoBarsError
        ParameterError
            For a snapshot that is not there, and for `cells` beside `months`.
        """
        if cells and months:
            raise ParameterError(name="cells", value=cells, bound="left out where a cell is a month")
        house = self._house
        number = house.bars.head() if snapshot is None else snapshot
        series = self.held_series(symbols, universe, interval, snapshot)
        start, end = self._span(series, snapshot)
        axis = Months(start, end) if months else Axis(start, end, cells) if cells else None
        found = coverage(
            house.bars, house.codec, house.shelf, series, axis=axis, runs=runs, snapshot=number, progress=progress
        )
        return Covered(tuple(found), start, end, number)

    def _span(self, series: Sequence[Series], snapshot: int | None) -> tuple[int, int]:
        """Return the time, us UTC, from the first bar of these series to the end of the last one."""
        if snapshot is None:
            held = [(one.first, one.last + one.series.interval.us) for one in self._house.bars.coverage(series)]
        else:
            found = self._house.bars.manifest(series, OPEN_START, OPEN_END, snapshot=snapshot).refs
            held = [(ref.first, ref.last + one.interval.us) for one, refs in found.items() for ref in refs]
        return min((first for first, _ in held), default=0), max((end for _, end in held), default=1)

    def quarantined(
        self,
        symbols: Sequence[str] | None = None,
        *,
        universe: str | None = None,
        limit: int = 1000,
        snapshot: int | None = None,
    ) -> list[Quarantined]:
        """Return the rows that imports set aside, oldest first; those of no symbol only where none is named.

        A snapshot is only what names are looked up in: what was set aside since is told too. Raises ParameterError for
        more than 10,000 at once.
        """
        check_limit(limit)
        if symbols is None and universe is None:
            return list(self._house.bars.quarantined(limit=limit))
        series = self.held_series(symbols, universe, snapshot=snapshot)
        return list(self._house.bars.quarantined(series, limit=limit))

    def held_series(
        self,
        symbols: Sequence[str] | None = None,
        universe: str | None = None,
        interval: str | None = None,
        snapshot: int | None = None,
    ) -> list[Series]:
        """Return the series that have bars, by name and interval; no bar is read for that.

        Parameters
        ----------
        symbols, universe : sequence of str, str, optional
            One of them; neither means all that is held.
        interval : str, optional
            Only series of this one.
        snapshot : int, optional
            State of the store; the newest by default.

        Raises
        ------
        UnknownSymbolError, UnknownUniverseError, NoBarsError
        ParameterError
            For a snapshot that is not there.
        """
        bars, every = self._house.bars, None if interval is None else Interval.parse(interval)
        series = list(bars.series(snapshot))
        if symbols is not None or universe is not None:
            names = {one.name for one in selection.select(bars, universe, symbols, snapshot)}
            series = [one for one in series if one.instrument in names]
        fitting = [one for one in series if every in (None, one.interval)]
        if series and not fitting:
            held = ", ".join(str(each) for each in sorted({one.interval for one in series}))
            raise NoBarsError(
                f"No bars of {interval} are held here; the store holds {held}. For instance: "
                f"tapehead coverage --interval {held.partition(',')[0]}",
                interval=interval,
                held=held,
            )
        return sorted(fitting, key=lambda one: (one.instrument, one.interval))
