"""Pairs: the sets of W4 and W6, what they want on one instrument, and what must come of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import market, twin
from benchmarks.fuzz.case import Case, Settings
from benchmarks.fuzz.found import Deal
from benchmarks.fuzz.plain import Walk
from benchmarks.handover import CASH, FEE, otherwise
from benchmarks.outcome import TRADE_COLUMNS, Outcome
from benchmarks.processes import EngineFailed

METRICS = ("total_return", "max_drawdown", "sharpe", "sortino", "win_rate", "trades")
PROVED = 20
"""Pairs whose trades are compared one by one; of the others count, open position, final value and metrics are."""
LEVELS = {"side": "both", "stop_loss": 0.05, "take_profit": 0.1, "trail": 0.04, "slippage": 0.0002}
"""What (b) adds to (a)."""
MOST_PAIRS = 10_000
MOST_HANDED = 1_000
PLAIN_PAIRS = 100
"""Pairs of (b), and of more than MOST_HANDED, that the twins are asked for; a plain walk takes a quarter second."""
PRICES = ("ts", "open", "high", "low", "close", "volume")


class Handed(NamedTuple):
    """One instrument, each price column of shape (n_bars,), and the signals of each pair, (n_pairs, n_bars).

    `kind` is `a`, all-in long, or `b`, long and short with levels and slippage, whose signals are mirrored.
    """

    ts: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    kind: NDArray[np.str_]
    pairs: NDArray[np.int64]
    enter: NDArray[np.bool_]
    leave: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number of pairs."""
        return len(self.pairs)

    def save(self, folder: Path) -> None:
        """Write one .npy file a column."""
        for name, values in self._asdict().items():
            np.save(folder / f"{name}.npy", values)

    @staticmethod
    def load(folder: Path) -> Handed:
        """Read what `save` wrote; signals are mapped, for who does not ask for them."""
        return Handed(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in Handed._fields))

    def part(self, pairs: int, bars: int | None = None) -> Handed:
        """The first so many pairs and bars."""
        prices: list[Any] = [getattr(self, name)[:bars] for name in PRICES]
        return Handed(*prices, self.kind, self.pairs[:pairs], self.enter[:pairs, :bars], self.leave[:pairs, :bars])

    def shifted(self, fill: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
        """Signals on the bar at which they fill, and the price at which they do: what an array engine wants."""
        if fill == "close":
            return self.enter, self.leave, self.close
        late = [np.zeros_like(self.enter), np.zeros_like(self.leave)]
        late[0][:, 1:], late[1][:, 1:] = self.enter[:, :-1], self.leave[:, :-1]
        return late[0], late[1], self.open


def grid(count: int) -> list[tuple[int, int]]:
    """`count` pairs of a fast and a slow period, in an order in which near pairs are near: bits taken in turns.

    Raises EngineFailed for more than MOST_PAIRS.
    """
    if count > MOST_PAIRS:
        raise EngineFailed(f"{count:,} pairs were asked for, and there are {MOST_PAIRS:,}: --instruments {MOST_PAIRS}")
    fasts, slows = (40, 25) if count <= 1_000 else (100, 100)
    low = 5, (50 if count <= 1_000 else 110)
    places = sorted((_turns(f, s), f, s) for f in range(fasts) for s in range(slows))
    return [(low[0] + f, low[1] + s) for _, f, s in places[:count]]


def _turns(one: int, other: int) -> int:
    """The bits of two places in turns."""
    return sum(((one >> bit) & 1) << (2 * bit + 1) | ((other >> bit) & 1) << (2 * bit) for bit in range(8))


class Wanted(NamedTuple):
    """What must come of the pairs, without trades, and of the first PROVED ones with them."""

    every: Outcome
    proved: Outcome


def make(seed: int, count: int, bars: int, fills: Sequence[str], kind: str) -> tuple[Handed, dict[str, Wanted]]:
    """Make one instrument, the signals of the pairs by the plain twin, and what must come of them under each fill."""
    made = market.columns(seed, 0, bars)
    ticks = [round(price * 1e6) for price in made.close.tolist()]
    pairs = grid(count)
    told = len(pairs) if kind == "a" and len(pairs) <= MOST_HANDED else min(len(pairs), PLAIN_PAIRS)
    signals = np.empty((2, told, bars), np.bool_)
    accounts: dict[str, list[twin.Account]] = {fill: [] for fill in fills}
    rows: dict[str, list[dict[str, float]]] = {fill: [] for fill in fills}
    for place, (fast, slow) in enumerate(pairs[:told]):
        enter, leave = twin.mean_crossings(ticks, fast, slow)
        signals[0, place], signals[1, place] = enter, leave
        for fill in fills:
            account = _lived(made, enter, leave, fill, kind)
            told_of = twin.summary(account, CASH)
            row = {name: told_of[name] for name in METRICS}
            row |= {"final": account.equity[-1], "open": account.opened >= 0, "even": twin.even_share(account)}
            if place < PROVED:
                accounts[fill].append(account)
                row |= otherwise(made.ts.tolist(), account, fill)
            rows[fill].append(row)
    wanted = {}
    for fill in fills:
        columns = {name: np.array([row.get(name, np.nan) for row in rows[fill]]) for name in rows[fill][0]}
        final, is_open = columns.pop("final"), columns.pop("open").astype(bool)
        every = Outcome(columns["trades"].astype(np.int64), {}, is_open, final, columns)
        wanted[fill] = Wanted(every, first(every, PROVED, trades_of(accounts[fill])))
    return Handed(*made, np.array(kind), np.array(pairs), *signals), wanted


def _lived(made: market.Columns, enter: list[bool], leave: list[bool], fill: str, kind: str) -> twin.Account:
    """What one pair does: by the twin, or with levels by the plain walk of the fuzz."""
    opens, closes = made.open.tolist(), made.close.tolist()
    if kind == "a":
        return twin.walk(opens, closes, enter, leave, fee=FEE, cash=CASH, at_close=fill == "close")
    settings = Settings(fill=fill, fee=FEE, cash=CASH, **LEVELS)  # type: ignore[arg-type]  # names to values
    prices = (opens, made.high.tolist(), made.low.tolist(), closes)
    case = Case(0, 0, 3, list(range(len(closes))), *prices, enter, leave, leave, enter, settings)
    walk = Walk(case, frozenset())
    walk.run()
    return _watched(walk, closes)


def _watched(walk: Walk, closes: list[float]) -> twin.Account:
    """The equity of every bar of a walk, and its trades: from what each deal paid and made."""
    deals = [*walk.deals]
    still = walk.units != 0
    if still:
        side = 1 if walk.units > 0 else -1
        end = len(closes)
        deals.append(Deal(side, walk.entry_bar, end, walk.entry_price, 0.0, abs(walk.units), 0.0))
    equity: list[float] = []
    cash = CASH
    for deal in deals:
        equity += [cash] * (deal.entry_bar - len(equity))
        paid = cash - deal.quantity * deal.entry_price * FEE
        held = closes[deal.entry_bar : deal.exit_bar]
        equity += [paid + deal.side * deal.quantity * (close - deal.entry_price) for close in held]
        cash += deal.profit
    equity += [cash] * (len(closes) - len(equity))
    names = ("entry_bar", "exit_bar", "entry_price", "exit_price", "quantity", "profit")
    trades = [twin.Trade(*(getattr(deal, name) for name in names)) for deal in walk.deals]
    return twin.Account(trades, equity, walk.entry_bar if still else -1)


def first(every: Outcome, pairs: int, trades: dict[str, NDArray[Any]] | None = None) -> Outcome:
    """What came of the first pairs, with their trades where they are given."""
    metrics = {name: values[:pairs] for name, values in every.metrics.items()}
    return Outcome(every.count[:pairs], trades or {}, every.is_open[:pairs], every.final[:pairs], metrics)


def trades_of(accounts: Sequence[twin.Account]) -> dict[str, NDArray[Any]]:
    """The closed trades of accounts, one after another, as columns."""
    trades = [trade for account in accounts for trade in account.trades]
    return {name: np.array([getattr(one, name) for one in trades], dtype) for name, dtype in TRADE_COLUMNS.items()}
