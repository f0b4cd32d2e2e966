"""walk_together: signals of many instruments and the rules of one account become trades, equity and shares; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels import portfolio as walked
from tapehead.kernels.account import BAR, LEDGER, MARKS, MONEY, ORDER, TERMS, record
from tapehead.kernels.addresses import address_of
from tapehead.kernels.book import BOOK, LEG, LOCKS, NOTE
from tapehead.kernels.facts import KINDS
from tapehead.kernels.jit import readonly
from tapehead.kernels.moments import excursions
from tapehead.kernels.trade import new_accounts
from tapehead.layout.columns import TRADED
from tapehead.model.orders import Orders
from tapehead.model.trades import Trades
from tapehead.portfolio.clock import union_clock
from tapehead.portfolio.fills import Fills, fills_of
from tapehead.portfolio.leg import Leg
from tapehead.portfolio.rates import rated
from tapehead.simulation.sessions import asks_sessions, session_words
from tapehead.simulation.simulate import SEEN, Position, Wishes, orders_of, steps_of, trades_of, wishes_of
from tapehead.simulation.survey import survey
from tapehead.simulation.terms import fee_rows, terms

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

POINTS_OF_SHARES: Final = 64
"""At most so many instants at which the profit of each instrument is told."""
_STRETCH: Final = 512
"""Instants that are walked before somebody is told how far it is."""
_NEVER: Final = 2**62
_TOLD: Final = (*SEEN, (names.NO_CASH, "no_cash"), (names.NO_PLACE, "no_place"))


@dataclass(frozen=True, slots=True, eq=False)
class LegOutcome:
    """What one instrument did in a portfolio.

    `share` is its part of the profit: that of its closed trades in their order, and of the open position; `line` that
    at the instants of `Walked.sampled`. Money is of the account; prices are the instrument's own.
    """

    name: str
    trades: Trades
    position: Position | None
    share: float
    line: F64
    dividends: float
    fees_paid: float
    slippage_paid: float
    borrow_paid: float
    held: int
    flags: tuple[str, ...]
    orders: Orders | None
    rate_age: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """What came of a portfolio: one value an instant of `clock` (us UTC) in each line.

    `exposure` is the worth of all positions, those of shorts counted as positive; `held` how many there are; `lived`
    whether one was held at any time of the instant. `order` holds, of each closed trade in the order of exits, the
    place of its leg and its number there. `stale_most` and `stale_mean` say how many instants old the marks were.
    `fills` are those of all legs in the order in which they were booked; None unless orders were asked for.
    """

    clock: I64
    equity: F64
    cash: F64
    exposure: F64
    held: I32
    lived: NDArray[np.bool_]
    legs: tuple[LegOutcome, ...]
    order: tuple[tuple[int, int], ...]
    sampled: I64
    interest: float
    stale_most: int
    stale_mean: float
    ruined: bool
    fills: Fills | None = None


def walk_together(
    legs: Sequence[Leg],
    *,
    max_positions: int | None = None,
    orders: bool = False,
) -> Walked:
    """Trade all legs from one cash.

    Parameters
    ----------
    legs : sequence of Leg
        At least one, none twice, of one interval; their order does not matter.
    max_positions : int, optional
        Most positions at a time.
    orders : bool
        Also say what became of every order, and what every fill found.

    Notes
    -----
    Columns are read where they lie. Beyond them it takes some 13 KB an instrument, 40 bytes an instant and 200 a trade.
    Releases the GIL.
    """
    walk = SharedWalk(legs, max_positions=max_positions, orders=orders)
    while not walk.done:
        walk.step()
    return walk.outcome()


class SharedWalk:
    """A walk that is driven step by step, so that somebody can be told how far it is; see `walk_together`."""

    def __init__(self, legs: Sequence[Leg], *, max_positions: int | None = None, orders: bool = False) -> None:
        legs = sorted((leg for leg in legs if len(leg.bars) > leg.bars.warm), key=lambda leg: leg.name)
        n, lined = len(legs), orders
        self.legs, self.clock, self.lined = legs, union_clock([leg.bars for leg in legs]), lined
        self._alive: list[Any] = []
        self._legs = np.zeros(n, LEG).view(np.recarray)
        self._rules = np.zeros(n, TERMS)
        self._bars = np.zeros(n, BAR)
        self._accounts = new_accounts(0.0, n)
        self._wants = np.zeros(n, np.int64)
        self._next = np.full(n, _NEVER)
        self._ignored = [False] * n
        for i, leg in enumerate(legs):
            self._seat(i, leg)
        self._book = self._new_book(max_positions)
        self._worth, self._gross, self._keys = np.zeros(n), np.zeros(n), np.zeros(n)
        self._busy, self._chosen = np.zeros(n, np.int32), np.zeros(n, np.int32)
        room = 16 * n + 1024
        self._money, self._marks = np.empty((MONEY, room)), np.empty((MARKS, room), np.int32)
        self._who = np.empty(room, np.int32)
        self._orders = np.empty((ORDER, 4 * room if lined else 0))
        self._owners = np.empty(4 * room if lined else 0, np.int32)
        # A fill ends an order, so what has room for all orders has room for all fills.
        self._notes = np.empty((4 * room if lined else 0, NOTE))
        self._book["notes"] = address_of(self._notes) if lined else 0
        self._locks = np.empty((LOCKS, room))
        self._ledger = np.empty((LEDGER, 1))
        m = self.clock.shape[0]
        self._points = np.zeros((walked.POINTS, m))
        k = min(m, POINTS_OF_SHARES)
        self._samples = np.arange(k) * (m - 1) // max(k - 1, 1)
        self._shares = np.zeros((n, k))

    @property
    def at(self) -> int:
        """The next instant."""
        return int(self._book["at"][0])

    @property
    def done(self) -> bool:
        """Whether the clock has come to its end."""
        return self.at >= len(self.clock)

    def step(self) -> None:
        """Walk some hundred instants on, making room where there is too little."""
        until = min(self.at + _STRETCH, self.clock.shape[0])
        while self.at < until:
            walked.walk_portfolio(
                self.clock, until, self._book, self._legs, self._accounts, self._rules, self._bars, self._next,
                self._wants, self._worth, self._gross, self._busy, self._chosen, self._keys, self._money,
                self._marks, self._ledger, self._orders, self._who, self._owners, self._locks, self._points,
                self._samples, self._shares,
            )  # fmt: skip
            if self.at < until:
                self._grow()

    def _grow(self) -> None:
        """Double the rows."""
        self._money, self._marks = _doubled(self._money), _doubled(self._marks)
        self._who = _doubled(self._who)
        self._locks = _doubled(self._locks)
        if self.lined:
            self._orders, self._owners = _doubled(self._orders), _doubled(self._owners)
            self._notes = np.concatenate([self._notes, np.empty_like(self._notes)])
            self._book["notes"] = address_of(self._notes)

    def _keep(self, array: Any) -> int:
        """Keep an array as long as the walk lives; return where it lies."""
        kept = readonly(array)
        self._alive.append(kept)
        return address_of(kept)

    def _seat(self, i: int, leg: Leg) -> None:
        """Fill the records of one instrument."""
        bars, rules, signals = leg.bars, leg.rules, leg.signals
        step, unit = steps_of(bars, rules)
        wishes = wishes_of(bars, signals, rules)
        all_traded = bool(survey(bars.flags).common & TRADED)
        made = terms(bars, rules, signals, unit=unit, all_traded=all_traded, lined=wishes.lines.size != 0)
        made["carries"], made["cash_rate"] = rules.borrow > 0.0 and rules.side != "long", 0.0
        made["ending"] = names.DELIST if rules.delisted else names.OPEN_END
        self._rules[i] = made[0]
        self._ignored[i] = wishes.ignored
        seat = self._legs[i]
        for name, column in (("opens", bars.open), ("high", bars.high), ("low", bars.low), ("close", bars.close)):
            seat[name] = self._keep(column)
        seat["volume"], seat["flags"], seat["ts"] = self._keep(bars.volume), self._keep(bars.flags), self._keep(bars.ts)
        seat["step"] = self._keep(step)
        fees = fee_rows(rules)
        seat["fees"], seat["fee_rows"] = self._keep(fees), fees.shape[0]
        seat["says"] = self._keep(session_words(bars, rules)) if asks_sessions(rules) else 0
        self._wish(i, seat, wishes, leg)
        if signals.rank is not None:
            seat["rank"] = self._keep(signals.rank)
        if leg.decides is not None and signals.target is not None:
            seat["decides"], seat["band"] = self._keep(leg.decides.view(np.uint8)), rules.band or 0.0
        if leg.settled is not None:
            seat["settled"] = self._keep(leg.settled)
        self._tell(seat, leg)
        seat["base"], seat["rate"], seat["entry_rate"] = rules.multiplier, 1.0, 1.0
        seat["pos"] = bars.warm
        self._next[i] = bars.ts[bars.warm]
        # The first bar is looked at whatever it wishes: it fills the record that later ones are marked by.
        self._wants[i] = bars.warm

    def _wish(self, i: int, seat: Any, wishes: Wishes, leg: Leg) -> None:
        """Set what is wished, without the sides that are not traded."""
        rules, weighted = leg.rules, leg.signals.target is not None
        for name, count, line, side in (
            ("enter", "enters", wishes.enter, "short"),
            ("leave", "leaves", wishes.leave, "short"),
            ("enter_short", "enter_shorts", wishes.enter_short, "long"),
            ("leave_short", "leave_shorts", wishes.leave_short, "long"),
        ):
            if rules.side == side and not weighted:
                self._ignored[i] |= line.size != 0
                continue
            seat[name], seat[count] = self._keep(line), line.shape[0]
        if weighted:
            seat["target"] = self._keep(wishes.target)
        if wishes.lines.size:
            seat["lines"] = self._keep(wishes.lines)

    def _tell(self, seat: Any, leg: Leg) -> None:
        """Set facts and rates."""
        if leg.facts:
            seat["facts"] = self._keep(np.array([fact.ts for fact in leg.facts], np.int64))
            seat["fact_kinds"] = self._keep(np.array([KINDS.index(fact.kind) for fact in leg.facts], np.int32))
            seat["fact_values"] = self._keep(np.array([fact.value for fact in leg.facts], np.float64))
            seat["n_facts"] = len(leg.facts)
        if leg.rates is not None:
            seat["rates"], seat["rate_values"] = self._keep(leg.rates.since), self._keep(leg.rates.value)
            seat["n_rates"] = leg.rates.since.shape[0]

    def _new_book(self, max_positions: int | None) -> Any:
        """Return the account at its start."""
        if not self.legs:
            return record(BOOK)
        rules = self.legs[0].rules
        interval = self.legs[0].bars.series.interval.us
        tangled = bool((np.diff(self.clock) < interval).any())
        foreign = any(leg.rates is not None for leg in self.legs)
        places = _NEVER if max_positions is None else max_positions
        return record(
            BOOK, cash=rules.cash, cash_rate=rules.cash_rate, leverage=rules.leverage, interval=interval,
            tangled=tangled, foreign=foreign, most_places=places, paid=int(self.clock[0]),
            sells_at_end=rules.close_at_end,
        )  # fmt: skip

    def outcome(self) -> Walked:
        """Return what came of it."""
        book = self._book[0]
        trades = int(book["trades"])
        who = self._who[:trades]
        numbers = np.zeros(trades, np.int64)
        outcomes = []
        for i, leg in enumerate(self.legs):
            mine = np.flatnonzero(who == i) if trades else np.empty(0, np.int64)
            numbers[mine] = np.arange(mine.shape[0])
            outcomes.append(self._leg(i, leg, mine))
        lines = self._points
        marks = max(int(book["stale_marks"]), 1)
        return Walked(
            clock=self.clock,
            equity=lines[walked.EQUITY],
            cash=lines[walked.CASH],
            exposure=lines[walked.EXPOSURE],
            held=lines[walked.HELD_COUNT].astype(np.int32),
            lived=lines[walked.LIVED] != 0.0,
            legs=tuple(outcomes),
            order=tuple(zip(who.tolist(), numbers.tolist(), strict=True)),
            sampled=self._samples,
            interest=float(book["interest"]),
            stale_most=int(book["stale_most"]),
            stale_mean=int(book["stale_ages"]) / marks,
            ruined=bool(book["over"]),
            fills=fills_of(self._notes[: int(book["noted"])], who) if self.lined else None,
        )

    def _leg(self, i: int, leg: Leg, mine: I64) -> LegOutcome:
        """Return what one instrument did."""
        a, seat, bars = self._accounts[i], self._legs[i], leg.bars
        money, marks = np.ascontiguousarray(self._money[:, mine]), np.ascontiguousarray(self._marks[:, mine])
        _look_back(leg, money, marks)
        share = float(sum(money[names.PROFIT].tolist()))
        position = _position(leg, a, seat)
        if position is not None:
            share += position.profit
        made = None
        if self.lined:
            rows = np.flatnonzero(self._owners[: int(self._book["orders"][0])] == i)
            kept = self._orders[:, rows].copy()
            # An order knows how many trades of all were closed when it filled; what it belongs to is its own next one.
            known = kept[names.ORDER_TRADE] >= 0
            kept[names.ORDER_TRADE, known] = np.searchsorted(mine, kept[names.ORDER_TRADE, known])
            made = orders_of(bars, kept)
        return LegOutcome(
            name=leg.name,
            trades=rated(leg, trades_of(bars, money, marks, None), float(seat["rate"])),
            position=position,
            share=share,
            line=self._shares[i],
            dividends=float(seat["dividends"]),
            fees_paid=float(a["fees_paid"]),
            slippage_paid=float(a["slippage_paid"]),
            borrow_paid=float(a["borrow_paid"]),
            held=int(a["held"]),
            flags=_flags(int(a["seen"]), marks, ignored=self._ignored[i], gap=bool(a["gap"])),
            orders=made,
            rate_age=None if leg.rates is None else int(self.clock[-1] - leg.rates.since[int(seat["rate_at"])]),
        )


def _doubled(array: NDArray[Any]) -> Any:
    """Return a copy with twice the room in its last axis."""
    wider = np.empty((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wider[..., : array.shape[-1]] = array
    return wider


def _position(leg: Leg, a: Any, seat: Any) -> Position | None:
    """Return what is open at the end, marked at its last close."""
    if a["units"] == 0.0:
        return None
    warm = leg.bars.warm
    return Position(
        entry_bar=int(a["entry_bar"]) - warm,
        quantity=float(a["units"]),
        entry_price=float(a["average"]),
        fees=float(a["fees"]),
        profit=_profit(leg, a, seat),
        side=int(a["side"]),
        stop=float(a["stop"]),
        target=float(a["target"]),
        trail=float(a["trail"]),
        decision_bar=int(a["decided"]) - warm,
        inside=int(a["entry_phase"]) == names.INSIDE,
    )


def _profit(leg: Leg, a: Any, seat: Any) -> float:
    """Return the net profit of an open position at its last mark, that of its currency included."""
    multiplier = float(seat["base"]) * float(seat["rate"])
    side, units, average = int(a["side"]), float(a["units"]), float(a["average"])
    gross = float(a["gross"]) + side * (units * (float(seat["mark"]) - average)) * multiplier
    if leg.rates is not None:
        gross += side * (units * average) * float(seat["base"]) * (float(seat["rate"]) - float(seat["entry_rate"]))
    return gross - float(a["fees"]) - float(a["borrow"])


def _look_back(leg: Leg, money: F64, marks: I32) -> None:
    """Fill the lowest and highest price of each holding, in units of its end."""
    bars = leg.bars
    prices = (bars.open, bars.high, bars.low, bars.close)
    splits = [fact for fact in leg.facts if fact.kind == "split"]
    if not splits:
        opens, high, low, close = map(readonly, prices)
        excursions(opens, high, low, close, marks.shape[1], marks, money)
        return
    ratios = np.cumprod([1.0, *(fact.value for fact in splits)])
    share = ratios[np.searchsorted(np.array([fact.ts for fact in splits]), bars.ts, side="right")]
    for row in range(marks.shape[1]):
        scale = share / share[marks[names.EXIT_BAR, row]]
        one, places = np.ascontiguousarray(money[:, row : row + 1]), np.ascontiguousarray(marks[:, row : row + 1])
        opens, high, low, close = (readonly(line * scale) for line in prices)
        excursions(opens, high, low, close, 1, places, one)
        money[:, row] = one[:, 0]


def _flags(seen: int, marks: I32, *, ignored: bool, gap: bool) -> tuple[str, ...]:
    """Return what happened to an instrument, in words."""
    flags = [word for bit, word in _TOLD if seen >> bit & 1]
    flags += ["across_gap"] if marks[names.GAP].any() or (gap and seen >> names.STILL_OPEN & 1) else []
    flags += ["delisted"] if marks.shape[1] and marks[names.REASON, -1] == names.DELISTED else []
    return (*flags, *(["side_ignored"] if ignored else []))
