"""RunTrades: the closed trades of all instruments of a run in one table."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from tapehead.layout.columns import RATE_COLUMNS
from tapehead.library.rates import foreign_names, with_rates
from tapehead.metrics.gains import returns_of
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import RunResult
from tapehead.model.spec import RunSpec
from tapehead.model.table import Table
from tapehead.model.trades import Trades, no_trades
from tapehead.wiring.assemble import House

_PAGE = 500


class RunTrades:
    """The part of `Run` that reads trades of many instruments, and what their money is."""

    _house: House
    id: Any
    spec: RunSpec
    record: Any
    results: Callable[..., list[RunResult]]
    wait: Callable[[], Any]
    __getitem__: Callable[..., RunResult]

    def trades(self) -> Table:
        """Return the closed trades of every instrument, read 500 instruments at a time; waits for the run.

        Returns
        -------
        Table
            `instrument`, the columns of `Trades`, `reason` in words, and `return`, net profit over what the entries
            bought for, both in the account's money; by name of the instrument, then by entry. Bars are counted from the
            first one of each instrument. Of a sweep, whose cells keep no trades, it has no row.

        Examples
        --------
        >>> table = run.trades()
        >>> table.instrument[table.profit < 0]
        """
        self.wait()
        pieces: list[tuple[str, Trades]] = []
        after = ""
        while rows := self._house.runs.traded(self.id, after=after, limit=_PAGE):
            pieces += [(name, with_rates(trades, name, self._in_another)) for name, trades in rows if name != ACCOUNT]
            after = rows[-1][0]
        points = self._points({name for name, _ in pieces})
        gains = [returns_of(trades, points[name]) for name, trades in pieces]
        every = [trades.columns() for _, trades in pieces] or [no_trades().columns()]
        if any("entry_rate" in columns for columns in every):
            every = [dict.fromkeys(RATE_COLUMNS, np.ones(len(one["profit"]))) | one for one in every]
        names = np.array([name for name, _ in pieces], np.str_)
        made = {"instrument": np.repeat(names, [len(trades) for _, trades in pieces])}
        made |= {name: np.concatenate([one[name] for one in every]) for name in every[0]}
        return Table(made | {"return": np.concatenate([np.empty(0), *gains])})

    def money_a_point(self, symbol: str) -> float:
        """Return what a point of one instrument is worth a unit, as it stood at the run's snapshot; 1 if it is gone."""
        name = self[symbol].instrument
        return self._points({name})[name]

    def money_points(self, symbol: str) -> float | dict[str, float]:
        """Return `money_a_point`; of the account of a portfolio, that of each of its instruments by name."""
        if self[symbol].instrument != ACCOUNT:
            return self.money_a_point(symbol)
        return self._points({row.instrument for row in self.results() if row.instrument != ACCOUNT})

    def _with_rates(self, result: RunResult) -> RunResult:
        """Return a result of a portfolio with NaN for rates that were not kept."""
        if result.trades is None or not self._in_another:
            return result
        return replace(result, trades=with_rates(result.trades, result.instrument, self._in_another))

    @cached_property
    def _in_another(self) -> frozenset[str]:
        """The instruments that are in another currency than the account of a portfolio."""
        if self.spec.portfolio is None or not self.spec.portfolio.currency:
            return frozenset()
        return foreign_names(self._house, self.spec, self.record.snapshot)

    def _points(self, names: Collection[str]) -> dict[str, float]:
        """Return the money a point of instruments by name; 1 of one that is gone."""
        held = self._house.bars.instruments(self.record.snapshot)
        return dict.fromkeys(names, 1.0) | {one.name: one.multiplier for one in held if one.name in names}
