"""Rules: how orders fill and what they cost (engine.md, sections 1 to 3 and 10)."""

import math
import re
import sys
from dataclasses import dataclass
from typing import Any, Final, Literal

from tapehead.errors import ParameterError
from tapehead.model.fees import Fees

Fill = Literal["next_open", "close"]
OnConflict = Literal["nothing", "enter", "ignore"]
Side = Literal["long", "short", "both"]
Path = Literal["pessimistic", "optimistic", "ohlc", "both"]
Sizing = Literal["fraction", "cash", "units", "risk"]
SlippageKind = Literal["fraction", "spread", "volume"]

_MOST_WHOLE: Final = 2**31 - 1
_MOST_ENTRIES: Final = 1000
_MOST_LEVERAGE: Final = 1000.0
_MOST_CASH: Final = 1e100
"""Beyond it sums of squares and of many values leave what a float can hold."""
_LARGEST: Final = sys.float_info.max
_DAY_US: Final = 86_400_000_000
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of a simulation, in the engine's own units. Money is in quote currency, rates are fractions.

    Attributes
    ----------
    fee : float or Fees
        Fraction of notional a side, in [0, 1); `10bps` is 0.001. Or a schedule.
    slippage : float
        Against us. By `slippage_kind`: a fraction of price in [0, 1); a half-spread in price; or the fraction that
        buying the whole volume of the decision bar would cost.
    slippage_kind : str
        `fraction`, `spread` or `volume`.
    fill : str
        `next_open`: a decision at the close of t fills at the open of the next traded bar. `close`: at the close of
        t itself, or of the next traded bar.
    size : float
        What an entry spends, by `sizing`: a fraction of equity, fee included, above 0 and at most `leverage`; money;
        units; or the fraction of equity lost at the stop.
    sizing : str
        `fraction`, `cash`, `units` or `risk`.
    cash : float
        Starting cash, above 0 and at most 1e100.
    lot, tick, min_notional : float
        Steps of quantity and price, and the least notional of an entry; 0: none. A run takes lot and tick from the
        instrument where they are 0 here.
    multiplier : float
        Money a point of price and unit; a fact of the instrument.
    side : str
        `long`, `short` or `both`: what may be traded.
    flip : bool
        An entry of the other side closes the position and opens at one price.
    stop_loss, take_profit, trail : float or None
        Exits, as fractions of the average fill price.
    time_stop : int or None
        A market exit decided at this many closes after the entry bar.
    path : str
        What happened first inside a bar: `pessimistic`, `optimistic`, `ohlc`; `both` reports the first two as a band.
    limit_through : int
        Ticks that price must trade through a limit for it to fill.
    valid_bars : int or None
        Bars in which a resting entry may fill.
    day : bool
        Resting entries end with their session day.
    band : float or None
        `target` trades when it changes (None), or when the weight is off by more than this share of equity.
    leverage, maintenance : float
        Most notional over equity; margin that must remain, as a share of notional.
    borrow, cash_rate : float
        Yearly rates: paid on short value, earned on idle cash.
    pyramid : int
        Entries one position may have.
    entry_window, square_off : str
        `09:30-15:00` and `15:45`, in the zone of the instrument's calendar; empty: none.
    overnight : bool
        Positions may be held over the end of a session.
    close_at_end : bool
        Sell what is open at the last close, taker and slipped, reason `end`.
    max_wait : int or None
        An entry that has waited more than this many calendar steps without a traded bar expires.
    on_conflict : str
        What enter and leave on one bar mean while flat: `nothing` cancels what waits, `enter` enters, `ignore` leaves
        all as it is.
    delist_haircut : float
        Part of the last close that is lost on delisting, in [0, 1].
    delisted : bool
        The series ends by delisting: the position is closed at its last close, without fee or slippage.
    calendar : str
        Calendar of the instrument: periods a year, zone, sessions, and what a missing step is.
    """

    fee: float | Fees = 0.0
    slippage: float = 0.0
    slippage_kind: SlippageKind = "fraction"
    fill: Fill = "next_open"
    size: float = 1.0
    sizing: Sizing = "fraction"
    cash: float = 10_000.0
    lot: float = 0.0
    tick: float = 0.0
    min_notional: float = 0.0
    multiplier: float = 1.0
    side: Side = "long"
    flip: bool = False
    stop_loss: float | None = None
    take_profit: float | None = None
    trail: float | None = None
    time_stop: int | None = None
    path: Path = "pessimistic"
    limit_through: int = 1
    valid_bars: int | None = None
    day: bool = False
    band: float | None = None
    leverage: float = 1.0
    maintenance: float = 0.0
    borrow: float = 0.0
    cash_rate: float = 0.0
    pyramid: int = 1
    entry_window: str = ""
    square_off: str = ""
    overnight: bool = True
    close_at_end: bool = False
    max_wait: int | None = None
    on_conflict: OnConflict = "nothing"
    delist_haircut: float = 0.0
    delisted: bool = False
    calendar: str = "24/7"

    def __post_init__(self) -> None:
        """Raise ParameterError for a value out of bounds, or for two that contradict each other."""
        _check_costs(self)
        _check_sizes(self)
        _check_exits(self)
        _check_orders(self)
        _check_sessions(self)
        _check_together(self)

    @property
    def maker(self) -> float:
        """Rate of a resting limit, where one rate says all; the first row's otherwise."""
        return self.fee.rows[0].maker if isinstance(self.fee, Fees) else self.fee

    @property
    def taker(self) -> float:
        """Rate of every other fill, where one rate says all; the first row's otherwise."""
        return self.fee.rows[0].taker if isinstance(self.fee, Fees) else self.fee


def _check_costs(rules: Rules) -> None:
    """Check fees, slippage, borrow and interest."""
    if not isinstance(rules.fee, Fees):
        _check(_within(rules.fee, 0, 1), "fee", rules.fee, "a fraction in [0, 1), such as 10bps or 0.1%")
    _one_of("slippage_kind", rules.slippage_kind, ("fraction", "spread", "volume"))
    most = math.inf if rules.slippage_kind == "spread" else 1
    bound = "a half-spread of at least 0, such as spread:0.01" if most > 1 else "a fraction in [0, 1), such as 2bps"
    _check(_within(rules.slippage, 0, most), "slippage", rules.slippage, bound)
    _check(_within(rules.borrow, 0, math.inf), "borrow", rules.borrow, "a yearly rate of at least 0, such as 3%")
    _check(_within(rules.cash_rate, -1, 10), "cash_rate", rules.cash_rate, "a yearly rate in [-100 %, 1000 %)")
    haircut = rules.delist_haircut
    _check(_is_number(haircut) and 0 <= haircut <= 1, "delist_haircut", haircut, "a fraction in [0, 1]")


def _check_sizes(rules: Rules) -> None:
    """Check money, sizes, steps and leverage."""
    above = "above 0 and finite"
    most = f"above 0 and at most {_MOST_CASH:g}, such as 10000"
    _check(_positive(rules.cash) and rules.cash <= _MOST_CASH, "cash", rules.cash, most)
    _check(
        _positive(rules.leverage) and rules.leverage <= _MOST_LEVERAGE,
        "leverage",
        rules.leverage,
        f"above 0 and at most {_MOST_LEVERAGE:g}, such as 3",
    )
    _one_of("sizing", rules.sizing, ("fraction", "cash", "units", "risk"))
    if rules.sizing == "fraction":
        most = f"{rules.leverage * 100:g} %"
        bound = f"a share of equity in (0 %, {most}], such as {min(rules.leverage * 100, 50):g}%"
        known = _positive(rules.size)
        if known and rules.leverage <= 1 < rules.size:
            bound += "; more needs leverage: --leverage 3"
        _check(known and rules.size <= rules.leverage, "size", rules.size, bound)
    elif rules.sizing == "risk":
        _check(_within(rules.size, 0, 1) and rules.size > 0, "size", rules.size, "a risk in (0, 1), such as risk:1%")
    else:
        _check(_positive(rules.size), "size", rules.size, f"{above}, such as 1000usd or 5units")
    for name in ("lot", "tick", "min_notional"):
        value = getattr(rules, name)
        _check(_within(value, 0, math.inf), name, value, "at least 0 and finite; 0 is none")
    _check(_positive(rules.multiplier), "multiplier", rules.multiplier, above)
    bound = f"in [0, 1/leverage), here below {1 / rules.leverage:g}: more would be liquidated at once"
    _check(_within(rules.maintenance, 0, min(1.0, 1 / rules.leverage)), "maintenance", rules.maintenance, bound)


def _check_exits(rules: Rules) -> None:
    """Check stops and targets."""
    for name, example in (("stop_loss", "5%"), ("trail", "3%")):
        value = getattr(rules, name)
        good = value is None or (_within(value, 0, 1) and value > 0)
        _check(good, name, value, f"a fraction of the price above 0 and below 100 %, such as {example}")
    profit = rules.take_profit
    good = profit is None or _positive(profit)
    _check(good, "take_profit", profit, "a fraction of the price above 0, such as 10%")
    _check(_whole_number(rules.time_stop, 1), "time_stop", rules.time_stop, f"a number of bars from 1 to {_MOST_WHOLE}")


def _check_orders(rules: Rules) -> None:
    """Check how orders fill, wait and end."""
    _one_of("fill", rules.fill, ("next_open", "close"))
    _one_of("side", rules.side, ("long", "short", "both"))
    _one_of("path", rules.path, ("pessimistic", "optimistic", "ohlc", "both"))
    _one_of("on_conflict", rules.on_conflict, ("nothing", "enter", "ignore"))
    for name in ("flip", "day", "overnight", "close_at_end", "delisted"):
        value = getattr(rules, name)
        _check(isinstance(value, bool), name, value, "True or False")
    _check(_whole_number(rules.max_wait, 0), "max_wait", rules.max_wait, f"an integer from 0 to {_MOST_WHOLE}")
    _check(_whole_number(rules.valid_bars, 1), "valid_bars", rules.valid_bars, f"an integer from 1 to {_MOST_WHOLE}")
    through = rules.limit_through
    good = through is not None and _whole_number(through, 0) and through <= _MOST_ENTRIES
    _check(good, "limit_through", through, f"a number of ticks from 0 to {_MOST_ENTRIES}")
    good = rules.pyramid is not None and _whole_number(rules.pyramid, 1) and rules.pyramid <= _MOST_ENTRIES
    _check(good, "pyramid", rules.pyramid, f"a number of entries from 1 to {_MOST_ENTRIES}")
    _check(rules.band is None or _within(rules.band, 0, math.inf), "band", rules.band, "at least 0, such as 5%")


def _check_sessions(rules: Rules) -> None:
    """Check times of day, and that a calendar is named: which ones there are, `model.calendar` says."""
    window, off, named = rules.entry_window, rules.square_off, rules.calendar
    good = _is_like("", window) or (_is_like(f"{_CLOCK}-{_CLOCK}", window) and window[:5] < window[6:])
    _check(good, "entry_window", window, "two times of one day as text, such as 09:30-15:00")
    _check(_is_like(f"({_CLOCK})?", off), "square_off", off, "a time of day as text, such as 15:45")
    _check(isinstance(named, str), "calendar", named, "the name of a calendar, such as 24/7, XNYS, NSE or FX")


def _check_together(rules: Rules) -> None:
    """Raise ParameterError where one setting makes another meaningless."""
    if rules.flip and rules.side != "both":
        bound = f"left out while side={rules.side}: only a position that may have either side flips: --both --flip"
        raise ParameterError(name="flip", value=True, bound=bound)
    if rules.side != "long" and rules.take_profit is not None and rules.take_profit >= 1:
        bound = "below 100 % where shorts are traded: a price cannot fall further; --long trades none"
        raise ParameterError(name="take_profit", value=rules.take_profit, bound=bound)


def check_interval(rules: Rules, interval_us: int) -> None:
    """Raise ParameterError where a rule asks for a time of day of bars that last one."""
    asked = {"entry_window": bool(rules.entry_window), "square_off": bool(rules.square_off)}
    asked |= {"day": rules.day, "overnight": not rules.overnight}
    name = next((name for name, given in asked.items() if given), None)
    if name is not None and interval_us >= _DAY_US:
        bound = "left out with bars of a day or longer: a time of day needs shorter ones, such as --interval 1h"
        raise ParameterError(name=name, value=getattr(rules, name), bound=bound)


def _is_like(pattern: str, text: Any) -> bool:
    """Say whether a value is text of a form."""
    return isinstance(text, str) and re.fullmatch(pattern, text) is not None


def _is_number(value: Any) -> bool:
    """Say whether a value is a number that a float holds; NaN and an infinity are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def _within(value: Any, low: float, high: float) -> bool:
    """Say whether a number lies in [low, high); NaN does not."""
    return _is_number(value) and low <= value < high


def _positive(value: Any) -> bool:
    """Say whether a number is above 0 and finite."""
    return _within(value, 0, math.inf) and value > 0


def _whole_number(value: Any, least: int) -> bool:
    """Say whether a value is None or an integer from `least` on."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value is None or (whole and least <= value <= _MOST_WHOLE)


def _one_of(name: str, value: object, words: tuple[str, ...]) -> None:
    """Raise ParameterError unless a word is one of those allowed."""
    _check(isinstance(value, str) and value in words, name, value, f"{', '.join(words[:-1])} or {words[-1]}")


def _check(good: bool, name: str, value: object, bound: str) -> None:
    """Raise ParameterError unless `good`."""
    if not good:
        raise ParameterError(name=name, value=_shown(value), bound=bound)


def _shown(value: object) -> object:
    """Return a value as a sentence says it: of an integer that no float holds, which Python may not print, its size."""
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        return f"an integer of {value.bit_length():,} bits"
    return value


def fraction(name: str, text: str | float) -> float:
    """Read a rate: `10bps`, `0.1%` or a plain fraction; `10bps` is 10/10000."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        _check(-_LARGEST <= text <= _LARGEST or isinstance(text, float), name, text, "a number below 1e308")
        return float(text)
    match = re.fullmatch(r"\s*([+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*(bps|bp|%)?\s*", str(text))
    if match is None:
        raise ParameterError(name=name, value=text, bound="a rate with its unit, such as 10bps or 0.1%")
    value = float(match[1])
    return value / 10_000 if match[2] in ("bps", "bp") else value / 100 if match[2] == "%" else value
