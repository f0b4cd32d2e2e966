"""TradeCalls: trades that another program made, kept as a run."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.jobs.lookup import Reading
from tapehead.jobs.universes import find_instrument
from tapehead.layout.columns import BAR_COLUMNS, PARTIAL, Column
from tapehead.library.prices import Prices
from tapehead.library.times import read_time
from tapehead.library.trade_columns import NEVER, ReadTrades, read_trades
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.given_trades import GivenTrades
from tapehead.model.rules import Rules
from tapehead.model.spec import RunSpec, iso
from tapehead.wiring.assemble import House
from tapehead.wiring.platform import platform_facts, version_facts

if TYPE_CHECKING:
    from tapehead.jobs.keep_booked import BookedOn

_LONGEST_US = 32 * 86_400_000_000
"""No bar is longer."""
_NAME = re.compile(r"[A-Za-z][\w .+-]{0,79}")


class TradeCalls(Prices):
    """The part of `Store` that takes trades in."""

    _house: House

    def keep_trades(
        self,
        trades: Any,
        *,
        interval: str | None = None,
        name: str = "imported",
        cash: float = 10_000.0,
        end: Any = None,
    ) -> str:
        """Keep trades and open positions that another program made as a run, all of them in one commit.

        Equity and metrics are reckoned on the bars of the store; the run is listed, shown, compared and reported as
        any other, and no look-ahead test and no `verify` can say anything of it.

        Parameters
        ----------
        trades : frame, mapping of arrays, or sequence of mappings
            A table of pandas, polars or Arrow, or rows. Of each trade `instrument`, `side` (long, short, buy, sell, 1,
            -1), `entry_time`, `entry_price` and `quantity`; `exit_time` and `exit_price`, none of which a position has
            that is still open; `fees` of both sides, `profit` (net; reckoned where it is left out) and `reason` where
            they are known. Money is in quote currency; times are UTC where they name no zone, an int is us UTC.
        interval : str, optional
            Of the bars to reckon on; needed where bars of several are held.
        name : str
            What made them: listed where a run has its strategy.
        cash : float
            What each instrument began with, above what its trades lose.
        end : date, datetime or ISO text, optional
            Bars up to here count; by default all that are held. They begin with the bar of the first entry.

        Returns
        -------
        str
            Id of the run; equal trades on equal bars keep the run that they have.

        Raises
        ------
        ParameterError, UnknownSymbolError, AmbiguousSymbolError, NoBarsError, EmptyRangeError
            Nothing was written.

        Examples
        --------
        >>> run = store.keep_trades(frame, interval="1h", name="freqtrade")
        >>> store.run(run).results()
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            bound = "a name of at most 80 letters, digits, spaces and . + - _, beginning with a letter"
            raise ParameterError(name="name", value=str(name)[:100], bound=bound)
        read = read_trades(trades)
        # Here: it brings the compiler, which a store that only lists should not wait for.
        from tapehead.jobs.keep_booked import keep_booked

        house = self._house
        snapshot = house.bars.head()
        symbols, place = np.unique(read.instrument, return_inverse=True)
        held = house.bars.instruments()
        names = [find_instrument(held, symbol).name for symbol in symbols.tolist()]
        own = np.array(names)[place]
        start = _before(int(read.entry_time.min()))
        found = self.look_up(sorted(set(names)), interval, start, end, snapshot=snapshot)
        every = [_booked(one, read, np.flatnonzero(own == one.instrument.name)) for one in found]
        spec = RunSpec(
            strategy=name,
            parameters={},
            interval=found[0].series.interval.text,
            symbols=tuple(one.instrument.name for one in every),
            start=min(int(one.bars.ts[0]) for one in every),
            end=read_time("end", end),
            rules=Rules(cash=float(cash)),
        )
        return keep_booked(house.runs, house.log, spec, snapshot, every, (platform_facts(), version_facts()))


def _before(entry: int) -> int:
    """Return a time that the bar of an entry does not open before."""
    return entry - _LONGEST_US


def _booked(one: Reading, read: ReadTrades, rows: NDArray[np.int64]) -> "BookedOn":
    """Return the trades of an instrument on its whole bars, from that of the first entry on."""
    from tapehead.jobs.keep_booked import BookedOn

    bars = one.bars
    whole = (bars.flags & PARTIAL) == 0
    first = max(int(np.searchsorted(bars.ts, read.entry_time[rows].min(), "right")) - 1, 0)
    whole[:first] = False
    columns: dict[Column, Any] = {name: np.ascontiguousarray(getattr(bars, name)[whole]) for name in BAR_COLUMNS}
    cut = frozen_bars(one.series, columns, 0, one.segments)
    closed = read.exit_time[rows] != NEVER
    entry_bar = _bar_of(cut, read.entry_time[rows], rows, "entry_time")
    exit_bar = np.full(rows.size, -1, np.int32)
    exit_bar[closed] = _bar_of(cut, read.exit_time[rows][closed], rows[closed], "exit_time")
    exit_price = np.where(closed, read.exit_price[rows], np.nan)
    side, reason = read.side[rows], read.reason[rows]
    money = (read.quantity[rows], read.fees[rows], read.profit[rows])
    given = GivenTrades(side, entry_bar, exit_bar, read.entry_price[rows], exit_price, *money, reason)
    return BookedOn(one.instrument, cut, given)


def _bar_of(bars: Bars, times: NDArray[np.int64], rows: NDArray[np.int64], name: str) -> NDArray[np.int32]:
    """Return the bar that each time lies in; raise for the first that lies in none."""
    at = np.searchsorted(bars.ts, times, "right") - 1
    within = (at >= 0) & (times < bars.ts[np.maximum(at, 0)] + bars.series.interval.us)
    if not within.all():
        wrong = int(np.flatnonzero(~within)[0])
        series = bars.series
        outer = f"whole bars from {iso(int(bars.ts[0]))} to {iso(int(bars.ts[-1]))}, holes apart"
        bound = f"within a bar of {series.instrument} {series.interval}; the store holds {outer}"
        raise ParameterError(name=name, value=f"{iso(int(times[wrong]))} in row {int(rows[wrong]) + 1}", bound=bound)
    return at.astype(np.int32)
