"""Score: many sets of signals on the bars of one instrument become columns, one value a set; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.memo import Memo
from tapehead.kernels import moments
from tapehead.kernels import trade as told
from tapehead.kernels.account import STILL_OPEN
from tapehead.layout.columns import DELIST
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.simulate import SEEN, Simulated, observations_of, simulate
from tapehead.simulation.together import SETS, Together, Walked, is_plain

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]

BLOCKS: Final = moments.BLOCKS
POWERS: Final = moments.POWERS
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
_TOLD: Final = (
    *(moments.SUM, moments.SQUARES, moments.DOWNSIDE, moments.DRAWDOWN, moments.WET_BARS, moments.WET_US),
    *(told.HELD, told.TRADES, moments.WINS, moments.WON, moments.LOST, moments.FINAL, told.FEES_PAID),
)
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
_COLUMNS: Final = ("sums", "blocks", "flags", "decisions")


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
        blocks.append(done.blocks)
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


def score(bars: Bars, wanted: Iterable[Signals], rules: Rules, memo: Memo, *, decisions: bool = True) -> Scores:
    """Return what `score_each` returns, with many sets to one call of the kernel.

    Parameters, returns and errors as for `score_each`.

    Notes
    -----
    Sets of weights, of lines beside the wishes, and those asked bar by bar are simulated one by one. Crossings are
    found in the kernel and not remembered. Memory does not grow with the number of sets but for what is returned.
    """
    parts: list[Scores] = []
    together = Together(bars, rules, decisions=decisions)

    def walk() -> None:
        if len(together):
            parts.append(_scores(bars, rules, together.walk()))

    for signals in wanted:
        if is_plain(signals):
            together.add(signals)
            if len(together) == SETS:
                walk()
        else:
            walk()
            parts.append(score_each(bars, (signals,), rules, memo, decisions=decisions))
    walk()
    return _joined(parts)


def _scores(bars: Bars, rules: Rules, walked: Walked) -> Scores:
    """Return what the kernel told of some sets as columns."""
    told_of = walked.out.T
    side, units, average = told_of[[told.SIDE, told.UNITS, told.AVERAGE]]
    gross = side * (units * (float(bars.close[-1]) - average)) * rules.multiplier
    profit = told_of[told.GROSS] + gross - told_of[told.FEES] - told_of[told.BORROW]
    columns = np.empty((walked.out.shape[0], len(SUMS)))
    columns[:, :-1] = walked.out[:, _TOLD]
    columns[:, -1] = np.where(units == 0.0, np.nan, profit)
    digests = np.frombuffer(walked.digests, np.uint8).reshape(-1, DECISIONS_BYTES)
    return Scores(columns, walked.blocks, _flags(told_of), digests, observations_of(bars, rules))


def _flags(told_of: F64) -> U32:
    """Return the bits of FLAGS of sets, from what was told of them, shape (TOLD, n_sets)."""
    seen = told_of[told.SEEN].astype(np.int64)
    open_across = (seen >> STILL_OPEN & 1 != 0) & (told_of[told.GAP] != 0.0)
    words = {word: seen >> bit & 1 != 0 for bit, word in SEEN}
    words["across_gap"] = (told_of[told.ACROSS] != 0.0) | open_across
    words["delisted"] = told_of[told.LAST_REASON] == DELIST
    words["side_ignored"] = told_of[told.IGNORED] != 0.0
    flags = np.zeros(seen.shape[0], np.uint32)
    for bit, word in enumerate(FLAGS):
        flags |= words[word].astype(np.uint32) << np.uint32(bit)
    return flags


def _joined(parts: Sequence[Scores]) -> Scores:
    """Return parts as one; none of them is no set."""
    if not parts:
        none, digests = np.empty((0, BLOCKS, POWERS)), np.empty((0, DECISIONS_BYTES), np.uint8)
        return Scores(np.empty((0, len(SUMS))), none, np.empty(0, np.uint32), digests, 0)
    columns: Any = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return Scores(**columns, observations=parts[-1].observations)


def _sums(done: Simulated) -> list[float]:
    """Return a row of `Scores.sums`."""
    found = done.moments
    returns = (found.total, found.squares, found.downside, found.drawdown, found.wet_bars, found.wet_us, found.held)
    trades = (len(done.trades), found.wins, found.won, found.lost)
    money = (done.final_equity, done.fees_paid, done.position.profit if done.position else np.nan)
    return [float(one) for one in (*returns, *trades, *money)]
