"""sessions: what the session of each bar says of it, where a rule asks (engine.md: E8, S1 to S5)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import BARRED, LATE, LATER_DAY, SESSION_END
from tapehead.kernels.jit import readonly
from tapehead.model import sessions_fx, sessions_nse, sessions_xnys
from tapehead.model.bars import I64, U8, Bars
from tapehead.model.calendar import calendar
from tapehead.model.interval import Interval
from tapehead.model.rules import Rules
from tapehead.model.sessions import DAY_US, MINUTE_US

BoolArray = NDArray[np.bool_]

_ONE_DAY = Interval.parse("1d")
_ZONES = {"XNYS": sessions_xnys.ZONE, "NSE": sessions_nse.ZONE, "FX": sessions_fx.ZONE}


def asks_sessions(rules: Rules) -> bool:
    """Say whether some rule is about sessions."""
    return bool(rules.day or rules.entry_window or rules.square_off or not rules.overnight)


def session_words(bars: Bars, rules: Rules) -> U8:
    """Return what the session says of each bar, as bits of `kernels.account`; shape (n_bars,)."""
    clock, interval = calendar(rules.calendar), bars.series.interval
    days = clock.steps(bars.ts, _ONE_DAY)
    opens, closes = _bounds(rules.calendar, days)
    ends = bars.ts + interval.us
    words = np.zeros(len(bars), np.uint8)
    words[1:][days[1:] != days[:-1]] |= LATER_DAY
    last = ends >= closes
    if rules.entry_window:
        words[~_within(rules, ends, opens)] |= BARRED
    if rules.square_off:
        late = ends + interval.us > _instant(rules.square_off, opens, rules.calendar)
        words[late] |= BARRED | LATE
    if not rules.overnight:
        words[last] |= SESSION_END
        if rules.fill == "close":
            words[last] |= BARRED
    return readonly(words)


def _bounds(name: str, days: I64) -> tuple[I64, I64]:
    """Return open and close (us UTC) of the session of each bar."""
    if name == "24/7":
        opens = days * DAY_US
        return opens, opens + DAY_US
    clock = calendar(name)
    distinct, at = np.unique(days, return_inverse=True)
    opens = clock.opens(distinct, _ONE_DAY)
    closes = np.array([clock.bar_end(int(one), _ONE_DAY) for one in opens.tolist()], np.int64)
    return opens[at], closes[at]


def _within(rules: Rules, ends: I64, opens: I64) -> BoolArray:
    """Say which closes lie in the entry window, both ends included."""
    since, until = (_instant(text, opens, rules.calendar) for text in rules.entry_window.split("-"))
    since = np.where(since > until, since - DAY_US, since)
    return (ends >= since) & (ends <= until)


def _instant(text: str, opens: I64, name: str) -> I64:
    """Return the instant of each session (us UTC) that bears a time of day."""
    minutes = int(text[:2]) * 60 + int(text[3:])
    return opens + (minutes * MINUTE_US - _wall_clock(opens, name)) % DAY_US


def _wall_clock(opens: I64, name: str) -> I64:
    """Return the time of day (us) that the market's own clocks show at each instant."""
    if name not in _ZONES:
        return opens % DAY_US
    zone = ZoneInfo(_ZONES[name])
    distinct, at = np.unique(opens, return_inverse=True)
    shown = [datetime.fromtimestamp(one // 1_000_000, zone) for one in distinct.tolist()]
    return np.array([(one.hour * 60 + one.minute) * MINUTE_US for one in shown], np.int64)[at]
