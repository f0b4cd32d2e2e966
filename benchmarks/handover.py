"""Handover: the arrays that every engine gets, written outside the clock as .npy files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import market, twin
from benchmarks.outcome import MANIFESTS, TRADE_COLUMNS, Outcome, gather

CASH = 10_000.0
FEE = 10 / 10_000
FILLS = ("next_open", "close")
COLUMNS = ("ts", "open", "high", "low", "close", "volume", "enter", "leave")


class Handover(NamedTuple):
    """Arrays of shape (n_instruments, n_bars); `enter` and `leave` stand on the bar of the decision."""

    ts: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    enter: NDArray[np.bool_]
    leave: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number of instruments."""
        return len(self.close)

    def save(self, folder: Path) -> None:
        """Write one .npy file a column."""
        for name, values in zip(COLUMNS, self, strict=True):
            np.save(folder / f"{name}.npy", values)

    @staticmethod
    def load(folder: Path) -> Handover:
        """Read what `save` wrote into memory."""
        return Handover(*(np.load(folder / f"{name}.npy") for name in COLUMNS))

    def part(self, instruments: int, bars: int | None = None) -> Handover:
        """The first so many instruments and bars."""
        columns: list[Any] = [values[:instruments, :bars] for values in self]
        return Handover(*columns)

    def shifted(self, fill: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
        """Signals on the bar at which they fill, and the price at which they do: what an array engine wants."""
        if fill == "close":
            return self.enter, self.leave, self.close
        late = [np.zeros_like(self.enter), np.zeros_like(self.leave)]
        late[0][:, 1:], late[1][:, 1:] = self.enter[:, :-1], self.leave[:, :-1]
        return late[0], late[1], self.open


def dense(made: market.Columns) -> tuple[list[bool], list[bool]]:
    """Enter on even bars, leave on odd ones."""
    even = [t % 2 == 0 for t in range(len(made.close))]
    return even, [not each for each in even]


def rsi(made: market.Columns) -> tuple[list[bool], list[bool]]:
    """Cross 30 from below, 70 from above."""
    return twin.crossings(twin.wilder(made.close.tolist()))


def mean_cross(made: market.Columns) -> tuple[list[bool], list[bool]]:
    """Means of 30 and 150 closes cross; prices are counted in millionths, which every tick of the market divides."""
    return twin.mean_crossings([round(price * 1e6) for price in made.close.tolist()])


SIGNALS: dict[str, Callable[[market.Columns], tuple[list[bool], list[bool]]]] = {
    "W1": rsi,
    "W2": dense,
    "W3": mean_cross,
    "W5": rsi,
}


def make(
    seed: int, instruments: int | Sequence[int], bars: int, fills: tuple[str, ...] = FILLS, workload: str = "W5"
) -> tuple[Handover, dict[str, Outcome]]:
    """Make the market, the signals of a workload by the plain twin, and what must come out of it under each fill.

    `instruments` are so many, or those at the places given. In W2 every second one is a random walk without a tick.
    """
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    expected: dict[str, list[tuple[dict[str, Any], bool, float, dict[str, float]]]] = {fill: [] for fill in fills}
    others: dict[str, list[dict[str, float]]] = {fill: [] for fill in fills}
    for index in range(instruments) if isinstance(instruments, int) else instruments:
        made = market.columns(seed, index, bars, ticked=workload != "W2" or index % 2 == 0)
        opens, closes = made.open.tolist(), made.close.tolist()
        enter, leave = SIGNALS[workload](made)
        for name, values in zip(COLUMNS, (*made, enter, leave), strict=True):
            columns[name].append(values)
        for fill in fills:
            account = twin.walk(opens, closes, enter, leave, fee=FEE, cash=CASH, at_close=fill == "close")
            expected[fill].append(_told(account, MANIFESTS[workload]))
            others[fill].append(otherwise(made.ts.tolist(), account, fill) if MANIFESTS[workload] else {})
    stacked = Handover(*(np.array(columns[name]) for name in COLUMNS))
    outcomes = {}
    for fill, told in expected.items():
        outcome = gather(*zip(*told, strict=True))
        more = {name: np.array([one[name] for one in others[fill]]) for name in others[fill][0]}
        outcomes[fill] = replace(outcome, metrics={**outcome.metrics, **more})
    return stacked, outcomes


def _told(account: twin.Account, names: tuple[str, ...]) -> tuple[dict[str, Any], bool, float, dict[str, float]]:
    """What one account adds to an Outcome."""
    trades = {name: [getattr(trade, name) for trade in account.trades] for name in TRADE_COLUMNS}
    metrics = twin.summary(account, CASH) if names else {}
    return trades, account.opened >= 0, account.equity[-1], {name: metrics[name] for name in names}


def otherwise(ts: list[int], account: twin.Account, fill: str) -> dict[str, float]:
    """The metrics that backtesting.py defines otherwise, by the name of the divergence.

    At the close it is given one bar more, and books a fill one bar late.
    """
    late, drawdown = account.equity, nan
    if fill == "close":
        ts = [*ts, ts[-1] + market.HOUR_US]
        late = [*twin.booked_late(account, FEE), account.equity[-1]]
        drawdown = twin.drawdown(late, CASH)
    return {
        "geometric-sharpe": twin.geometric_sharpe(ts, late),
        "geometric-sortino": twin.geometric_sortino(ts, late),
        "late-booking": drawdown,
        **twin.by_percent(account),
    }
