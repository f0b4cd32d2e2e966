"""Score: many sets of signals on the bars of one instrument become columns, one value a set; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.memo import Memo
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.curve import curve
from tapehead.simulation.simulate import Simulated, simulate

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]

BLOCKS: Final = 16
POWERS: Final = 4
DECISIONS_BYTES: Final = 32
SUMS: Final = (
    "total",
    "squares",
    "downside",
    "drawdown",
    "wet_bars",
    "wet_us",
    "held",
    "trades",
    "wins",
    "won",
    "lost",
    "final_equity",
    "fees_paid",
    "open_profit",
)
"""Columns of `Scores.sums`: those of `Moments`, and the account at the end; `open_profit` is NaN without a position."""
FLAGS: Final = (
    "unfilled_at_end",
    "expired_in_gap",
    "rounds_to_zero",
    "below_minimum",
    "level_behind_fill",
    "no_stop",
    "ruined",
    "open_at_end",
    "untraded_at_end",
    "liquidated",
    "shortfall",
    "slipped_beyond_bar",
    "across_gap",
    "delisted",
    "side_ignored",
)
"""What happened in a cell, in words; bit n of `Scores.flags` says that word n holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What came of each set.

    Attributes
    ----------
    sums : float64 array, shape (n_sets, len(SUMS))
        By column as SUMS says.
    blocks : float64 array, shape (n_sets, BLOCKS, POWERS)
        Sums of r, r^2, r^3, r^4 of bar returns r; block k holds the scored bars [k·n // 16, (k + 1)·n // 16).
    flags : uint32 array, shape (n_sets,)
        Bits by FLAGS.
    decisions : uint8 array, shape (n_sets, 32), or (0, 32)
        `Trades.digest()` of each; none where they were not asked for.
    observations : int
        Bar returns of each set; grid steps where under 98 % of the grid is there.
    """

    sums: F64
    blocks: F64
    flags: U32
    decisions: U8
    observations: int


def score_each(bars: Bars, wanted: Iterable[Signals], rules: Rules, memo: Memo, *, decisions: bool = True) -> Scores:
    """Simulate set after set and keep what Scores holds: the plain form that faster ones are compared with.

    Parameters
    ----------
    bars, rules, memo
        As for `simulate`; there is at least one scored bar.
    wanted : iterable of Signals
        One a set, in their order; taken one at a time.
    decisions : bool
        Also give the digest of each set's trades.

    Raises
    ------
    SignalsError
        A target is beyond the leverage.
    """
    sums, blocks, flags, digests, observations = [], [], [], [], 0
    for signals in wanted:
        done = simulate(bars, signals, rules, memo)
        sums.append(_sums(done))
        blocks.append(_blocks(bars, done, rules))
        flags.append(sum(1 << FLAGS.index(word) for word in done.flags))
        digests.append(done.trades.digest() if decisions else b"")
        observations = done.moments.observations
    return Scores(
        np.array(sums, np.float64).reshape(-1, len(SUMS)),
        np.array(blocks, np.float64).reshape(-1, BLOCKS, POWERS),
        np.array(flags, np.uint32),
        np.frombuffer(b"".join(digests), np.uint8).reshape(-1, DECISIONS_BYTES),
        observations,
    )


def _sums(done: Simulated) -> list[float]:
    """Return a row of `Scores.sums`."""
    found = done.moments
    moments = (found.total, found.squares, found.downside, found.drawdown, found.wet_bars, found.wet_us, found.held)
    trades = (len(done.trades), found.wins, found.won, found.lost)
    money = (done.final_equity, done.fees_paid, done.position.profit if done.position else np.nan)
    return [float(one) for one in (*moments, *trades, *money)]


def _blocks(bars: Bars, done: Simulated, rules: Rules) -> F64:
    """Return the sums of powers of the bar returns by block."""
    equity = curve(bars, done.ledger, rules).equity
    returns = equity / np.concatenate(([rules.cash], equity[:-1])) - 1.0
    n = returns.shape[0]
    powers = returns[:, None] ** np.arange(1, POWERS + 1)
    return np.array([powers[k * n // BLOCKS : (k + 1) * n // BLOCKS].sum(axis=0) for k in range(BLOCKS)])
