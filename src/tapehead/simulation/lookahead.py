"""probe: whether what a strategy says of the past stays the same when only later bars are other ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import TapeheadError
from tapehead.indicators.memo import Memo
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.simulation.compared import Change, Stated, first_change
from tapehead.simulation.tails import TAILS, Copied, Tail

Ask = Callable[[Bars, Memo], Signals]
Fault = Literal["look_ahead", "impure", "writes_bars"]
I64 = NDArray[np.int64]
MOST_TAIL_BARS: Final = 64
_AFTER, _BEFORE, _ANYWHERE, _LATE = 4, 2, 1, 1
CUTS: Final = _AFTER + _BEFORE + _ANYWHERE + _LATE
"""Cuts of a whole test of one series: right after a signal, right before one, anywhere, in the last tenth."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: `change` in the signals, or in a column of the bars for `writes_bars`.

    Bars [0, `keep`) were the same. `ts` and `cut_ts` are the open times (us UTC) of the bar that changed and of the
    first bar that was another one.
    """

    fault: Fault
    change: Change
    keep: int
    ts: int
    cut_ts: int


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of one series: `cuts` tried, `bars` and signal bars before the last of them; what was found.

    `refused` says why the strategy could not be asked, of the first cut where it could not.
    """

    cuts: int = 0
    bars: int = 0
    signals: int = 0
    finding: Finding | None = None
    refused: str = ""


class _Cut(NamedTuple):
    """Bars [0, keep) stay; `tails` are tried one after the other."""

    keep: int
    tails: tuple[Tail, ...]


def probe(
    ask: Ask,
    bars: Bars,
    *,
    n_bars: int,
    least: int = 2,
    cuts: int = CUTS,
    tails: int = len(TAILS),
    seed: int,
    spent: Callable[[], bool],
    thorough: bool = False,
    about: Callable[[int, Tail], None] | None = None,
) -> Probed:
    """Ask a strategy about bars with other endings, and compare what it says of the bars before them.

    Parameters
    ----------
    ask : callable
        Gives the signals of bars, computed within a memo; may raise TapeheadError.
    bars : Bars
        Not touched.
    n_bars : int
        How many of the first bars to use.
    least : int
        Fewest bars before a cut.
    cuts, tails : int
        How many cuts, and how many kinds of tails at each: with one, that which turns the next move round.
    seed : int
        Of the places of cuts and of the tails.
    spent : callable
        Says whether to stop; asked before each question but the first two.
    thorough : bool
        Ask the same bars twice at the end, and see whether the strategy writes to them, even where all is well.
    about : callable, optional
        Told before each question with another tail how many of the first bars stay and which tail follows them, so that
        other series that the strategy reads can be changed alike.

    Returns
    -------
    Probed
        At the first difference the test ends.

    Notes
    -----
    A question shows bars [0, keep) as they are, up to 64 other bars, and nothing after them: what is taken from later
    prices, from the whole range, from its length or its last time cannot stay the same. A bar's successors keep their
    times, so that a calendar may be read one bar ahead.
    """
    n_bars = min(n_bars, len(bars))
    if n_bars < 3:
        return Probed()
    copied, random = Copied(bars, n_bars), np.random.default_rng(seed)
    try:
        base = _stated(ask, copied.first(n_bars))
    except TapeheadError as error:
        return Probed(refused=str(error))
    changes = base.changes()
    done, furthest, refused = 0, 0, ""
    for cut in _cuts(changes, bars, n_bars, least, cuts, tails, random):
        if done and spent():
            break
        tried = 0
        for tail in cut.tails:
            if tried and spent():
                break
            try:
                if about is not None:
                    about(cut.keep, tail)
                change = _changed(ask, copied, base, cut.keep, tail, random)
            except TapeheadError as error:
                refused = refused or str(error)
                continue
            tried = 1
            if change is not None:
                finding = _finding(ask, copied, bars, base, change, cut.keep)
                return _probed(changes, done + 1, max(furthest, cut.keep), finding, refused)
        done += tried
        furthest = max(furthest, cut.keep * tried)
    other = _impure(ask, copied, bars, base) if thorough and not spent() else None
    return _probed(changes, done, furthest, other, refused)


def _probed(changes: I64, cuts: int, bars: int, finding: Finding | None, refused: str) -> Probed:
    """Sum up."""
    return Probed(cuts, bars, int(np.searchsorted(changes, bars)), finding, refused)


def _stated(ask: Ask, bars: Bars) -> Stated:
    """Ask once."""
    memo = Memo()
    signals = ask(bars, memo)
    with memo:
        return Stated.of(signals, len(bars))


def _changed(
    ask: Ask, copied: Copied, base: Stated, keep: int, tail: Tail, random: np.random.Generator
) -> Change | None:
    """Ask with another tail and compare what is said of the bars before it."""
    end = min(keep + int(random.integers(1, MOST_TAIL_BARS + 1)), copied.n_bars)
    try:
        return first_change(base, _stated(ask, copied.with_tail(keep, end, tail, random)), keep)
    finally:
        copied.put_back(keep, end)


def _cuts(
    changes: I64, bars: Bars, n_bars: int, least: int, cuts: int, tails: int, random: np.random.Generator
) -> list[_Cut]:
    """Choose the cuts, those right after a signal first; where there are too few signals, cuts anywhere instead."""
    low = max(1, min(least, n_bars // 2))
    inside = changes[(changes + 1 >= low) & (changes + 1 < n_bars)]
    chosen = random.choice(inside, min(inside.size, _AFTER + _BEFORE), replace=False)
    after = [int(bar) + 1 for bar in chosen[: min(_AFTER, cuts)]]
    before = [int(bar) for bar in (chosen[_AFTER:] if len(chosen) > _AFTER else chosen)[:_BEFORE] if bar >= low]
    late = int(random.integers(max(low, n_bars - max(n_bars // 10, 1)), n_bars))
    places = dict.fromkeys((*after, *before, late))
    for bar in random.integers(low, n_bars, 2 * CUTS).tolist():
        if len(places) >= max(cuts, len(after)):
            break
        places.setdefault(int(bar))
    found = []
    for number, keep in enumerate(list(places)[:cuts]):
        if tails >= len(TAILS):
            kinds: tuple[Tail, ...] = TAILS
        elif keep in after:
            turned: Tail = "lowered" if bars.close[keep] > bars.close[keep - 1] else "raised"
            kinds = (turned, "walk")[:tails]
        else:
            kinds = tuple(TAILS[(number + k) % len(TAILS)] for k in range(tails))
        found.append(_Cut(keep, kinds))
    return found


def _finding(ask: Ask, copied: Copied, bars: Bars, base: Stated, change: Change, keep: int) -> Finding:
    """Say what a difference comes from: a strategy that does not answer alike twice cannot be blamed for peeking.

    It is asked twice more, since one that answers by turns would give its first answer again.
    """
    other = _impure(ask, copied, bars, base) or _impure(ask, copied, bars, base)
    return other or Finding("look_ahead", change, keep, int(bars.ts[change.bar]), int(bars.ts[keep]))


def _impure(ask: Ask, copied: Copied, bars: Bars, base: Stated) -> Finding | None:
    """Look whether the bars are still what they were, and ask the same question again."""
    n_bars = copied.n_bars
    written = copied.written(n_bars)
    if written is None:
        try:
            again = first_change(base, _stated(ask, copied.first(n_bars)), n_bars)
        except TapeheadError:
            return None
        written = copied.written(n_bars)
        if again is not None and written is None:
            return Finding("impure", again, n_bars, int(bars.ts[again.bar]), int(bars.ts[n_bars - 1]))
    if written is None:
        return None
    column, bar = written
    held = getattr(bars, column)
    now = getattr(copied.first(n_bars), column)
    change = Change(column, bar, bar, int(np.count_nonzero(now != held[:n_bars])), f"{held[bar]}", f"{now[bar]}")
    return Finding("writes_bars", change, n_bars, int(bars.ts[bar]), int(bars.ts[bar]))
