"""Together: sets whose wishes are conditions alone, walked many to a call of the kernel."""

import hashlib
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.crossed import event_bars
from tapehead.indicators.values import plain_line
from tapehead.kernels import account as names
from tapehead.kernels import moments as sums
from tapehead.kernels import trade as told
from tapehead.kernels.account import TERMS, from_bytes
from tapehead.kernels.addresses import address_of
from tapehead.kernels.crossings import words_of
from tapehead.kernels.jit import readonly
from tapehead.kernels.trade import new_accounts, new_bar, trade
from tapehead.layout.columns import TRADED
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import LINES, Condition, Crossing, Signals
from tapehead.simulation.sessions import asks_sessions, session_words
from tapehead.simulation.simulate import steps_of
from tapehead.simulation.survey import survey
from tapehead.simulation.terms import fee_rows, terms

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

SETS: Final = 32
"""Sets to a call: enough that a line that several of them read is fetched once, few enough for the cache."""
_NO_LINE = readonly(np.empty(0))
_NO_LINES = readonly(np.empty((0, 0)))
_NO_WORDS = readonly(np.empty(0, np.uint8))
_PACKED_BYTES = 1 << 21


class Walked(NamedTuple):
    """What the kernel told of some sets, shape (n_sets, TOLD), their blocks, and the digests of their trades."""

    out: F64
    blocks: F64
    digests: bytes


def is_plain(signals: Signals) -> bool:
    """Say whether signals are conditions and nothing else that this walk reads: `rank` is for portfolios."""
    return type(signals) is Signals and all(getattr(signals, name) is None for name in LINES if name != "rank")


class Together:
    """Collects sets of signals on the same bars under the same rules, and walks them in one go.

    Crossings of one pair of lines, in both directions and in whichever sets, are one comparison.
    """

    def __init__(self, bars: Bars, rules: Rules, *, decisions: bool) -> None:
        n = len(bars)
        scored = n - bars.warm
        step, unit = steps_of(bars, rules)
        all_traded = bool(survey(bars.flags).common & TRADED)
        self._bars, self._decisions = bars, decisions
        self._cash = rules.cash
        self._terms = terms(bars, rules, Signals(), unit=unit, all_traded=all_traded, lined=False).tobytes()
        prices: Any = (bars.open, bars.high, bars.low, bars.close, bars.volume, bars.flags)
        says = session_words(bars, rules) if asks_sessions(rules) else _NO_WORDS
        self._columns: Any = (new_bar(), *map(readonly, prices), says, readonly(bars.ts), step)
        self._after: Any = (_NO_LINE, _NO_LINES, fee_rows(rules))
        self._crossed = np.empty((2, words_of(n)), np.uint64)
        self._events = np.empty((told.WISHES, n // 2 + 1), np.int32)
        self._rows: Any = (
            np.empty((names.MONEY, scored)),
            np.empty((names.MARKS, scored), np.int32),
            np.empty((names.LEDGER, scored)),
            np.empty((names.ORDER, 0)),
            np.empty(n),
        )
        # A set may wish to enter, and to enter short, on every bar.
        most = max(2 * told.DECISION_BYTES * scored, _PACKED_BYTES)
        self._packed = np.empty(most if decisions else 0, np.uint8)
        self._begin()

    def _begin(self) -> None:
        """Begin the next sets."""
        self._kept: list[object] = []
        self._lines: dict[int, int] = {}
        self._places: dict[tuple[int, int | float], int] = {}
        self._pairs: list[int] = []
        self._levels: list[float] = []
        self._wishes: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many sets wait."""
        return self._count

    def add(self, signals: Signals) -> None:
        """Take one more set of plain signals."""
        self._count += 1
        self._kept.append(signals)
        for wish in (signals.enter, signals.leave, signals.enter_short, signals.leave_short):
            if type(wish) is Crossing:
                a, b, up = wish
                other = id(b) if isinstance(b, np.ndarray) else float(b)
                place = self._places.get((id(a), other))
                if place is None:
                    place = self._compare(wish, other)
                self._wishes += (2 * place + (not up), told.NO_COUNT)
            elif wish is None:
                self._wishes += (0, 0)
            else:
                self._wishes += self._found(wish)

    def _compare(self, wish: Crossing, other: float) -> int:
        """Return the place of a comparison that is asked for the first time."""
        place = self._places[id(wish.a), other] = len(self._levels)
        if isinstance(wish.b, np.ndarray):
            self._pairs += (self._address(wish.a), self._address(wish.b))
            self._levels.append(0.0)
        else:
            self._pairs += (self._address(wish.a), 0)
            self._levels.append(float(wish.b))
        return place

    def _address(self, line: F64) -> int:
        """Return where a line lies; it is held until the sets have walked."""
        address = self._lines.get(id(line))
        if address is None:
            held = plain_line(line)
            self._kept.append(held)
            address = self._lines[id(line)] = address_of(held)
        return address

    def _found(self, wish: Condition) -> tuple[int, int]:
        """Return the address and number of the bars on which a condition holds, from the start on."""
        bars = event_bars(wish)
        bars = bars[np.searchsorted(bars, self._bars.warm) :]
        self._kept.append(bars)
        return address_of(bars), bars.shape[0]

    def walk(self) -> Walked:
        """Walk the sets that wait, in their order."""
        count, compared = self._count, len(self._levels)
        if self._crossed.shape[0] < 2 * compared:
            self._crossed = np.empty((2 * compared, self._crossed.shape[1]), np.uint64)
        pairs = np.array(self._pairs, np.int64).reshape(-1, 2)
        levels = np.array(self._levels, np.float64)
        wishes = np.array(self._wishes, np.int64).reshape(-1, told.WISHES, 2)
        blocks, out = np.empty((count, sums.BLOCKS, sums.POWERS)), np.empty((count, told.TOLD))
        digests: list[bytes] = []
        done, whole = 0, False
        while done < count:
            left = count - done
            accounts, rules = new_accounts(self._cash, left), from_bytes(TERMS, self._terms, left)
            ends = np.empty(left, np.int64)
            sets = (pairs if done == 0 else pairs[:0], levels, wishes[done:], *self._after, self._crossed, self._events)
            given: Any = (*self._columns, *sets, *self._rows, self._packed, ends, blocks[done:], out[done:], whole)
            made = trade(accounts, rules, *given)
            if self._decisions:
                digests += _digests(self._packed, ends[:made].tolist())
            done += made
        self._begin()
        return Walked(out, blocks, b"".join(digests))


def _digests(packed: U8, ends: list[int]) -> list[bytes]:
    """Return the digests of sets whose columns end where `ends` says."""
    content = packed.data
    return [hashlib.sha256(content[lo:hi]).digest() for lo, hi in zip([0, *ends], ends, strict=False)]
