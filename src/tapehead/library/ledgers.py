"""Ledgers: what a store knows of the places on the grid of its series."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tapehead.errors import NoBarsError
from tapehead.jobs import universes as selection
from tapehead.jobs.coverage import Axis, coverage
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
        progress : callable, optional
            Told what is done, how many series of how many.

        Raises
        ------
        UnknownSymbolError, UnknownUniverseError, NoBarsError
        """
        house = self._house
        series = self._series(symbols, universe, interval)
        held = house.bars.coverage(series)
        start = min((one.first for one in held), default=0)
        end = max((one.last + one.series.interval.us for one in held), default=1)
        axis = Axis(start, end, cells) if cells else None
        ledgers = coverage(house.bars, house.codec, house.shelf, series, axis=axis, runs=runs, progress=progress)
        return Covered(tuple(ledgers), start, end, house.bars.head())

    def quarantined(
        self, symbols: Sequence[str] | None = None, *, universe: str | None = None, limit: int = 1000
    ) -> list[Quarantined]:
        """Return the rows that imports set aside, oldest first; those of no symbol only where none is named."""
        if symbols is None and universe is None:
            return list(self._house.bars.quarantined(limit=limit))
        return list(self._house.bars.quarantined(self._series(symbols, universe, None), limit=limit))

    def _series(self, symbols: Sequence[str] | None, universe: str | None, interval: str | None) -> list[Series]:
        """Return the held series of the instruments, by name and interval."""
        bars, every = self._house.bars, None if interval is None else Interval.parse(interval)
        series = list(bars.series())
        if symbols is not None or universe is not None:
            names = {one.name for one in selection.select(bars, universe, symbols)}
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
