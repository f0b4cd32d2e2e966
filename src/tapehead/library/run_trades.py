"""RunTrades: the closed trades of all instruments of a run in one table."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.model.pooling import ACCOUNT
from tapehead.model.table import Table
from tapehead.model.trades import no_trades
from tapehead.wiring.assemble import House

_PAGE = 500


class RunTrades:
    """The part of `Run` that reads trades of many instruments."""

    _house: House
    id: Any
    wait: Callable[[], Any]

    def trades(self) -> Table:
        """Return the closed trades of every instrument, read 500 instruments at a time; waits for the run.

        Returns
        -------
        Table
            `instrument` and the columns of `Trades`, `reason` in words; by name of the instrument, then by entry. Bars
            are counted from the first one of each instrument. Of a sweep, whose cells keep no trades, it has no row.

        Examples
        --------
        >>> table = run.trades()
        >>> table.instrument[table.profit < 0]
        """
        self.wait()
        pieces: list[tuple[str, dict[str, NDArray[Any]]]] = []
        after = ""
        while rows := self._house.runs.traded(self.id, after=after, limit=_PAGE):
            pieces += [(name, trades.columns()) for name, trades in rows if name != ACCOUNT]
            after = rows[-1][0]
        counts = [len(columns["profit"]) for _, columns in pieces]
        every = [columns for _, columns in pieces] or [no_trades().columns()]
        names = np.array([name for name, _ in pieces], np.str_)
        made = {"instrument": np.repeat(names, counts)}
        return Table(made | {name: np.concatenate([one[name] for one in every]) for name in every[0]})
