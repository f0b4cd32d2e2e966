"""TradeCalls: trades that another program made, kept as a run."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError, TapeheadError
from tapehead.jobs.expand import check_file
from tapehead.jobs.lookup import Reading
from tapehead.jobs.universes import find_instrument
from tapehead.layout.columns import BAR_COLUMNS, PARTIAL, Column
from tapehead.library.prices import Prices
from tapehead.library.times import read_time
from tapehead.library.trade_columns import NEVER, NUMBERS, ReadTrades, match_columns, read_trades
from tapehead.library.trade_report import BookedTrades, TradeReport
from tapehead.library.trade_troubles import of_trades
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.given_trades import GivenTrades
from tapehead.model.instrument import Instrument
from tapehead.model.rules import Rules
from tapehead.model.spec import RunSpec, iso
from tapehead.model.symbols import pair_of
from tapehead.wiring.assemble import House
from tapehead.wiring.platform import platform_facts, version_facts
from tapehead.wiring.readers import read_trade_file

if TYPE_CHECKING:
    from tapehead.jobs.keep_booked import BookedOn, Reckoned

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
        symbol: str | None = None,
        columns: Mapping[str, str] | None = None,
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
            they are known. Without `side`, `is_short` says it, or a quantity below 0. Money is in quote currency; times
            are UTC where they name no zone, an int is us UTC. The names that freqtrade, vectorbt and backtesting.py
            give their columns are known.
        symbol : str, optional
            The instrument of all of them, where the table does not say it.
        columns : mapping, optional
            Names in the table by ours, where they are not found by themselves; `-` for a column that is not to be read.
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
        given: dict[str, Any] = {"symbol": symbol, "columns": columns, "interval": interval}
        return self.book_trades(trades, **given, name=name, cash=cash, end=end).run or ""

    def book_trades(
        self,
        trades: Any,
        *,
        symbol: str | None = None,
        columns: Mapping[str, str] | None = None,
        interval: str | None = None,
        name: str = "imported",
        cash: float = 10_000.0,
        end: Any = None,
        dry_run: bool = False,
    ) -> TradeReport:
        """Do what `keep_trades` does, and return what came of it; of a dry run nothing is kept."""
        read = read_trades(trades, symbol, columns)
        return self._taken(read, interval, name, cash, end, dry_run=dry_run)

    def import_trades(
        self,
        path: str | os.PathLike[str],
        *,
        symbol: str | None = None,
        tz: str | None = None,
        unit: str | None = None,
        columns: Mapping[str, str] | None = None,
        interval: str | None = None,
        name: str = "imported",
        cash: float = 10_000.0,
        end: Any = None,
        dry_run: bool = False,
    ) -> TradeReport:
        """Keep the trades of a file as a run; see `keep_trades`.

        Parameters
        ----------
        path : path
            CSV, JSON rows, Parquet or Arrow, one row a trade, gzipped or in a zip.
        symbol, columns, interval, name, cash, end
            As `keep_trades` has them.
        tz, unit : str, optional
            Zone of times that carry none, which a file does not say by itself; unit of numeric times, `s ms us ns`.
        dry_run : bool
            Reckon everything, and write nothing.

        Returns
        -------
        TradeReport

        Raises
        ------
        FileFormatError, MissingColumnError, AmbiguousFileError, ParameterError, UnknownSymbolError,
        AmbiguousSymbolError, NoBarsError, EmptyRangeError
            Nothing was written.

        Examples
        --------
        >>> report = store.import_trades("trades.csv", name="freqtrade", tz="UTC")
        >>> store.run(report.run).results()
        """
        try:
            check_file(os.fspath(path))
            found = read_trade_file(
                os.fspath(path), lambda names: match_columns(names, columns or {}), NUMBERS, tz, unit
            )
        except TapeheadError as error:
            raise of_trades(error) from error
        read = read_trades(found.columns, symbol)
        return self._taken(read, interval, name, cash, end, guesses=found.guesses, dry_run=dry_run)

    def _taken(
        self,
        read: ReadTrades,
        interval: str | None,
        name: str,
        cash: float,
        end: Any,
        *,
        guesses: tuple[str, ...] = (),
        dry_run: bool = False,
    ) -> TradeReport:
        """Reckon trades, and keep them unless it is a dry run."""
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            bound = "a name of at most 80 letters, digits, spaces and . + - _, beginning with a letter"
            raise ParameterError(name="name", value=str(name)[:100], bound=bound)
        # Here: it brings the compiler, which a store that only lists should not wait for.
        from tapehead.jobs.keep_booked import keep_booked, reckon

        house = self._house
        snapshot = house.bars.head()
        symbols, place = np.unique(read.instrument, return_inverse=True)
        held = house.bars.instruments()
        names = [_found(held, symbol).name for symbol in symbols.tolist()]
        own = np.array(names)[place]
        start = _before(int(read.entry_time.min()))
        found = self.look_up(sorted(set(names)), interval, start, end, snapshot=snapshot)
        _check_held(found)
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
        made = reckon(spec, every)
        kept = house.runs.find(made.key)
        run = kept
        if not dry_run and kept is None:
            run = keep_booked(house.runs, house.log, snapshot, made, (platform_facts(), version_facts()))
        return _report(made, snapshot, None if dry_run else run, guesses, reused=kept is not None, dry_run=dry_run)


def _found(held: Any, symbol: str) -> Instrument:
    """Return an instrument by its name or symbol; a pair may have a separator, as BTC/USDT."""
    names = {name for one in held for name in (one.name, one.symbol)}
    pair = None if symbol in names else pair_of(symbol)
    return find_instrument(held, symbol if pair is None else pair.symbol)


def _check_held(found: Sequence[Reading]) -> None:
    """Raise where bars are made of finer ones: who reads the run reads those that are held."""
    for one in found:
        if one.source != one.series.interval:
            bound = f"one that is held of {one.instrument.symbol}, such as {one.source}"
            raise ParameterError(name="interval", value=one.series.interval, bound=bound)


def _report(
    made: "Reckoned", snapshot: int, run: str | None, guesses: tuple[str, ...], *, reused: bool, dry_run: bool
) -> TradeReport:
    """Return what was made of trades."""
    rows = []
    for one, result in zip(made.every, made.results, strict=True):
        closed = int(np.count_nonzero(one.trades.exit_bar >= 0))
        span = iso(result.first), iso(result.last)
        counts = closed, one.trades.side.size - closed, result.bars
        rows.append(
            BookedTrades(result.instrument, *counts, *span, result.metrics["total_return"], result.final_equity)
        )
    spec = made.spec
    facts: tuple[Any, ...] = (spec.strategy, spec.interval, snapshot, tuple(rows), tuple(made.warnings), guesses)
    return TradeReport(run, reused, dry_run, *facts)


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
