"""backtesting.py: one Backtest an instrument, one process a core.

It trades whole units only. Cash is multiplied by a power of two until the floor to whole units lies below the 13th
digit; a power of two changes no other digit, and results are divided by it again. (Its own FractionalBacktest scales
prices instead, for the same reason.) Of the order that takes all cash it cancels one in a few thousand, because its
own product of units and price rounds above its own cash: hence `SHARE`.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from math import ceil, log2
from typing import Any

os.environ["TQDM_DISABLE"] = "1"

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

from benchmarks.handover import CASH, FEE, Handover
from benchmarks.outcome import Outcome, gather
from benchmarks.peers.measure import main

UNITS_BITS = 46
SHARE = 1 - 1e-12


class Ready(Strategy):  # type: ignore[misc]  # the peer has no types
    """Trade ready-made signals; plain lists, since its own indicator slices cost more than the strategy."""

    enter: list[bool]
    leave: list[bool]

    def init(self) -> None:
        """Start before the first bar; the tool asks from the second bar on."""
        self.bar = 0

    def next(self) -> None:
        """Decide on one bar."""
        self.bar += 1
        if self.position:
            if self.leave[self.bar]:
                self.position.close()
        elif self.enter[self.bar] and not self.leave[self.bar]:
            self.buy(size=SHARE)


class BacktestingPeer:
    """Instrument after instrument on one process or several, written `processes:2`."""

    def __init__(self, handed: Handover, fill: str, layout: str, metrics: tuple[str, ...]) -> None:
        global TESTS, NAMES  # noqa: PLW0603 - a forked worker inherits them; nothing is pickled but the number
        NAMES = metrics
        TESTS = [_backtest(Handover(*arrays), fill) for arrays in zip(*handed, strict=True)]
        processes = int(layout.partition(":")[2])
        self.pool = multiprocessing.get_context("fork").Pool(processes) if processes > 1 else None

    def run(self) -> Outcome:
        """Simulate every instrument."""
        numbers = range(len(TESTS))
        parts = self.pool.map(_instrument, numbers, chunksize=1) if self.pool else [_instrument(i) for i in numbers]
        return gather(*zip(*parts, strict=True))

    def close(self) -> None:
        """End the workers and wait for them, so that their memory is counted."""
        if self.pool:
            self.pool.close()
            self.pool.join()


TESTS: list[tuple[Any, float, int]] = []
NAMES: tuple[str, ...] = ()


def _backtest(one: Handover, fill: str) -> tuple[Any, float, int]:
    """A Backtest of one instrument, the power of two its cash is multiplied by, and the bars put before."""
    at_close = fill == "close"
    scale = 2.0 ** max(0, UNITS_BITS + ceil(log2(one.close[0] / CASH)))
    before, behind = padding(at_close=at_close, early=bool(one.enter[0]))
    frame = framed(one, before, behind)
    signals = {
        name: [*[False] * before, *getattr(one, name).tolist(), *[False] * behind] for name in ("enter", "leave")
    }
    strategy = type("Given", (Ready,), signals)
    test = Backtest(frame, strategy, cash=CASH * scale, commission=FEE, trade_on_close=at_close, finalize_trades=False)
    return test, scale, before


def padding(*, at_close: bool, early: bool) -> tuple[int, int]:
    """How many bars that stand still are put before and behind the given ones.

    The tool is first asked on its second bar, and at the close of the last bar it has no bar left on which to fill.
    """
    return int(early), int(at_close)


def framed(one: Handover, before: int, behind: int) -> pd.DataFrame:
    """The bars of one instrument as the tool wants them."""
    ends = ([one.open[0]] * before, [one.close[-1]] * behind)
    columns = {
        name: np.concatenate([ends[0], getattr(one, name), ends[1]]) for name in ("open", "high", "low", "close")
    }
    hours = np.arange(1, 3) * 3_600_000_000
    times = np.concatenate([one.ts[0] - hours[:before], one.ts, one.ts[-1] + hours[:behind]]).astype("datetime64[us]")
    frame = pd.DataFrame({name.title(): values for name, values in columns.items()}, index=pd.DatetimeIndex(times))
    frame["Volume"] = np.concatenate([[0.0] * before, one.volume, [0.0] * behind])
    return frame


def _instrument(number: int) -> tuple[dict[str, Any], bool, float, dict[str, float]]:
    """Trades, open position, final value and metrics of one instrument."""
    test, scale, before = TESTS[number]
    told = test.run()
    rows = told["_trades"]
    final = float(told["_equity_curve"]["Equity"].to_numpy()[-1]) / scale
    trades = {
        "entry_bar": rows["EntryBar"].to_numpy(np.int64) - before,
        "exit_bar": rows["ExitBar"].to_numpy(np.int64) - before,
        "entry_price": rows["EntryPrice"].to_numpy(np.float64),
        "exit_price": rows["ExitPrice"].to_numpy(np.float64),
        "quantity": rows["Size"].to_numpy(np.float64) / scale,
        "profit": rows["PnL"].to_numpy(np.float64) / scale,
    }
    metrics = {
        "total_return": told["Return [%]"] / 100,
        "max_drawdown": told["Max. Drawdown [%]"] / 100,
        "sharpe": told["Sharpe Ratio"],
        "sortino": told["Sortino Ratio"],
        "win_rate": told["Win Rate [%]"] / 100,
        "profit_factor": told["Profit Factor"],
        "expectancy": told["Expectancy [%]"],
        "trades": float(told["# Trades"]),
    }
    return trades, bool(told["_strategy"].position), final, {name: metrics[name] for name in NAMES}


def layouts(instruments: int, cores: int) -> Sequence[str]:
    """As many processes as there are cores, and work for them."""
    return [f"processes:{min(cores, instruments)}"]


if __name__ == "__main__":
    main(BacktestingPeer, layouts)
