"""The plain walk of the fuzz: Tapehead's rules bar after bar, and by name the rules of the others.

Shares no code with Tapehead. Without a quirk it is what Tapehead must do; with the quirks of a peer it is what that
peer must do. So a difference between the two is explained when both give what this walk says, and by nothing less.
"""

from __future__ import annotations

from benchmarks.fuzz.case import Case
from benchmarks.fuzz.found import Deal, Found

ALL_IN = "all-in"
ENTER_ON_BOTH = "enter-on-both"
ENTERS_BEHIND = "enters-behind-levels"
FEE_BESIDE_SPREAD = "fee-beside-spread"
FREE_EXIT = "free-exit"
HOLD_ON_BOTH = "hold-on-both"
LATE_LEVELS = "late-levels"
LEAVE_BEFORE_LEVELS = "leave-before-levels"
LEAVE_FIRST = "leave-first"
LEVELS_FIRST = "levels-first"
ONE_ORDER = "one-order"
SHORT_AS_LONG = "short-as-long"
SLIPPED_TARGET = "slipped-target"
STOP_WINS = "stop-wins"
TARGET_AT_LEVEL = "target-at-level"


class Walk:
    """One account on one case."""

    def __init__(self, case: Case, quirks: frozenset[str]) -> None:
        self.case, self.said, self.quirks = case, case.settings, quirks
        self.cash, self.units, self.paid = case.settings.cash, 0.0, 0.0
        self.entry_bar, self.entry_price, self.entry_fee = -1, 0.0, 0.0
        self.waits = self.ruined = False
        self.stop: float | None = None
        self.trail: float | None = None
        self.target: float | None = None
        self.decision = ""
        self.decided = -1
        self.deals: list[Deal] = []
        self.orders: list[str] = []

    def run(self) -> Found:
        """Live through every bar."""
        at_close = self.said.fill == "close"
        for t in range(len(self.case)):
            held = self.units != 0
            self.resting(t, at_close=at_close)
            stopped = held and not self.units and self.waits
            if not at_close and not (stopped and ONE_ORDER in self.quirks):
                self.fill(t, self.case.open[t])
            if self.units and (self.entry_bar < t or (not at_close and LATE_LEVELS not in self.quirks)):
                self.touched(t)
                if self.units:
                    self.ratchet(t)
            stopped = held and not self.units and self.waits
            if self.units < 0 and self.cash + self.units * self.case.high[t] <= 0:
                self.ruined = True
            self.decide(t)
            if at_close and not (stopped and ONE_ORDER in self.quirks):
                self.fill(t, self.case.close[t])
            if at_close:
                self.decision = ""
        self.orders += [f"{word} {self.decided} unfilled_at_end" for word, _ in self.wanted()]
        last = self.case.close[-1]
        still = (1 if self.units > 0 else -1, self.entry_bar) if self.units else None
        return Found(self.deals, still, self.cash + self.booked(self.units) * abs(last * self.units))

    def resting(self, t: int, *, at_close: bool) -> None:
        """Let levels that an open has jumped act, before what the last close decided; or as a peer has it."""
        if not self.units:
            return
        if LEAVE_BEFORE_LEVELS in self.quirks and not at_close and self.decision.startswith("exit"):
            self.fill(t, self.case.open[t])
            return
        self.jumped(t)
        if LEVELS_FIRST in self.quirks and self.units:
            self.touched(t)

    def decide(self, t: int) -> None:
        """Make one decision of the wishes of bar t."""
        case, side = self.case, self.said.side
        enter, leave = case.enter[t] and side != "short", case.leave[t] and side != "short"
        short, cover = case.enter_short[t] and side != "long", case.leave_short[t] and side != "long"
        self.decided = t
        if self.waits and LEAVE_FIRST in self.quirks:
            self.waits = not ((leave and not enter) or (cover and not short))
            self.decision = ""
            return
        if HOLD_ON_BOTH in self.quirks and (self.units or ENTER_ON_BOTH not in self.quirks):
            enter, leave = enter and not leave, leave and not enter
            short, cover = short and not cover, cover and not short
        if self.units > 0:
            self.decision = self.held(enter=enter, leave=leave, opposite=short, opened="short")
        elif self.units < 0:
            self.decision = self.held(enter=short, leave=cover, opposite=enter, opened="long")
        else:
            self.decision = self.flat(enter, leave, short, cover)

    def held(self, *, enter: bool, leave: bool, opposite: bool, opened: str) -> str:
        """What a position of one side does about its own wishes and those of the other."""
        if opposite and not enter and (leave or self.said.flip):
            return "exit" if ONE_ORDER in self.quirks and not self.said.flip else f"exit {opened}"
        return "exit" if leave else ""

    def flat(self, enter: bool, leave: bool, short: bool, cover: bool) -> str:
        """What no position does."""
        if enter and short:
            return ""
        if (enter and leave) or (short and cover):
            if ENTER_ON_BOTH not in self.quirks:
                return ""
            return "long" if enter else "short"
        return "long" if enter else "short" if short else ""

    def fill(self, t: int, raw: float) -> None:
        """Do what was decided, at one price."""
        self.orders += [f"{word} {self.decided} filled {t}" for word, opens in self.wanted() if opens or self.units]
        decision, self.decision = self.decision, ""
        if decision.startswith("exit"):
            if self.units:
                sign = 1 if self.units > 0 else -1
                self.close(t, raw * (1 - sign * self.slipped()))
            decision = decision.removeprefix("exit").strip()
        if decision:
            self.enter(t, raw, 1 if decision == "long" else -1)

    def wanted(self) -> list[tuple[str, bool]]:
        """The orders of the waiting decision in the words of the truth tables, and whether each opens a position."""
        _, _, opens = self.decision.rpartition("exit")
        leaving = "flip" if opens else "leave" if self.units >= 0 else "cover"
        words = [(leaving, False)] if "exit" in self.decision else []
        entering = {"long": "enter", "short": "short"}.get(opens.strip())
        return [*words, (entering, True)] if entering else words

    def enter(self, t: int, raw: float, sign: int) -> None:
        """Open a position with a share of equity, fee included."""
        price = raw * (1 + sign * self.said.slippage)
        size = 1.0 if ALL_IN in self.quirks else self.said.size
        unit = raw if FEE_BESIDE_SPREAD in self.quirks else price
        units = size * self.cash / (price + unit * self.said.fee)
        self.paid = self.cash
        self.entry_fee = units * price * self.said.fee
        self.cash -= self.booked(sign) * units * price + self.entry_fee
        self.units, self.entry_bar, self.entry_price, self.waits = sign * units, t, price, False
        base = self.case.close[self.decided] if self.said.levels == "at" else price
        stop, trail, target = self.said.stop_loss, self.said.trail, self.said.take_profit
        self.stop = None if stop is None else base * (1 - sign * stop)
        self.trail = None if trail is None else base * (1 - sign * trail)
        self.target = None if target is None else base * (1 + sign * target)
        # Who enters behind levels looks at the bar's own prices, not at what slippage makes of them.
        seen = raw if ENTERS_BEHIND in self.quirks else price
        behind_stop = self.stop is not None and sign * (self.stop - seen) >= 0
        behind_target = self.target is not None and sign * (self.target - seen) <= 0
        if ENTERS_BEHIND in self.quirks and (behind_stop or behind_target):
            stopped = STOP_WINS in self.quirks and not behind_stop and self.is_stopped(t)
            self.leave_at("stop", t, (self.stop or 0.0) if stopped else raw)
        elif behind_stop or behind_target:
            self.cash, self.units = self.paid, 0.0

    def booked(self, side: float) -> int:
        """The sign with which the account counts a position."""
        return 0 if not side else 1 if side > 0 or SHORT_AS_LONG in self.quirks else -1

    def leave_at(self, level: str, t: int, price: float) -> None:
        """Close the position by an order that rested since the entry; `waits` until the next entry."""
        self.orders.append(f"{level} {self.entry_bar} filled {t}")
        self.waits = True
        if level != "target" or SLIPPED_TARGET in self.quirks:
            price *= 1 - (1 if self.units > 0 else -1) * self.slipped()
        self.close(t, price)

    def close(self, t: int, price: float) -> None:
        """Close the position."""
        sign = 1 if self.units > 0 else -1
        units = abs(self.units)
        fee = units * price * self.said.fee
        profit = sign * units * (price - self.entry_price) - self.entry_fee - fee
        self.deals.append(Deal(sign, self.entry_bar, t, self.entry_price, price, units, profit))
        self.cash += self.booked(sign) * units * price - fee
        self.ruined = self.ruined or self.cash < 0
        self.units = 0.0
        self.stop = self.trail = self.target = None

    def slipped(self) -> float:
        """The share that a market exit loses."""
        return 0.0 if FREE_EXIT in self.quirks else self.said.slippage

    def level(self) -> tuple[str, float | None]:
        """Stop and trail: the one nearer to price."""
        if self.trail is None or (self.stop is not None and self.stop * self.units >= self.trail * self.units):
            return "stop", self.stop
        return "trail", self.trail

    def jumped(self, t: int) -> None:
        """Leave at an open that has jumped a level."""
        sign, price = (1 if self.units > 0 else -1), self.case.open[t]
        word, level = self.level()
        if level is not None and sign * (price - level) <= 0:
            self.leave_at(word, t, price)
        elif self.target is not None and sign * (price - self.target) >= 0:
            if STOP_WINS in self.quirks and self.is_stopped(t):
                self.leave_at(word, t, level or 0.0)
            else:
                self.leave_at("target", t, self.target if TARGET_AT_LEVEL in self.quirks else price)

    def is_stopped(self, t: int) -> bool:
        """Whether bar t reached the level against the position."""
        sign = 1 if self.units > 0 else -1
        level = self.level()[1]
        against = self.case.low if sign > 0 else self.case.high
        return level is not None and sign * (against[t] - level) <= 0

    def touched(self, t: int) -> None:
        """Leave inside a bar at the level that was reached."""
        sign = 1 if self.units > 0 else -1
        along = self.case.high if sign > 0 else self.case.low
        (word, level), target, stopped = self.level(), self.target, self.is_stopped(t)
        begun = self.case.open[t]
        if stopped and self.entry_bar == t and sign * (begun - (level or 0.0)) <= 0:
            self.leave_at(word, t, begun)
            return
        reached = target is not None and sign * (along[t] - target) >= 0
        if stopped and (not reached or self.stop_first(t, sign)):
            self.leave_at(word, t, level or 0.0)
        elif reached:
            self.leave_at("target", t, target or 0.0)

    def stop_first(self, t: int, sign: int) -> bool:
        """Whether the level against the position was met before the one along it."""
        if self.said.path != "ohlc":
            return self.said.path == "pessimistic"
        high_first = self.case.close[t] < self.case.open[t]
        return high_first == (sign < 0)

    def ratchet(self, t: int) -> None:
        """Move the trailing level at the close."""
        if self.trail is None or self.said.trail is None:
            return
        if self.units > 0:
            self.trail = max(self.trail, self.case.high[t] * (1 - self.said.trail))
        else:
            self.trail = min(self.trail, self.case.low[t] * (1 + self.said.trail))


def orders(case: Case) -> list[str]:
    """Return what the rules order, in the words of the truth tables."""
    walk = Walk(case, frozenset())
    walk.run()
    return walk.orders


def is_ruined(case: Case) -> bool:
    """Say whether a short loses all there is: liquidation is Tapehead's alone and no part of this walk."""
    walk = Walk(case, frozenset())
    walk.run()
    return walk.ruined


def plain(case: Case, quirks: frozenset[str] = frozenset()) -> Found:
    """Return what the rules make of a case, changed by quirks."""
    return Walk(case, quirks).run()
