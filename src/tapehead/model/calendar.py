"""Calendar: when a market trades, what a year of its bars counts, and which bars are missing."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.model.interval import Interval
from tapehead.model.sessions import DAY_US, EPOCH_MONDAY, MINUTE_US, WEEK_DAYS, SessionTable
from tapehead.model.sessions_fx import fx_sessions
from tapehead.model.sessions_nse import nse_sessions
from tapehead.model.sessions_xnys import xnys_sessions

I64 = NDArray[np.int64]

CALENDARS = ("24/7", "XNYS", "NSE", "FX")
WEEKS_A_YEAR = 52.0
_WEEK_US = WEEK_DAYS * DAY_US
_TABLES = {"XNYS": xnys_sessions, "NSE": nse_sessions, "FX": fx_sessions}

# Sessions a year and minutes of a regular session. They scale every annual figure, so they are declared and never
# counted from a range: 24/7 the Julian year; XNYS the customary 252; NSE the mean of its table 2010-2026 rounded to
# a whole session (248.06, specials included); FX 52 weeks of five days.
_YEARS = {"24/7": (365.25, 1440), "XNYS": (252.0, 390), "NSE": (248.0, 375), "FX": (260.0, 1440)}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The grid on which a market's bars lie.

    Attributes
    ----------
    name : str
        One of `24/7`, `XNYS`, `NSE`, `FX`.
    sessions_a_year : float
        Declared, not counted.
    session_minutes : int
        Length of a regular session.

    Notes
    -----
    A step is one place for a bar. Intraday steps are counted from each session's open (from each resumption, where a
    session was broken off), so the last one of a session may be short; `1d` is one step a session, `nd` one in n
    sessions, and a multiple of `7d` calendar weeks from Monday that have a session. 24/7 counts from UTC midnight,
    weeks from Monday. Nights, weekends and holidays take no step.

    The tables hold XNYS 1990-2030, NSE 2010-2026 (dates from 2000) and FX; other years follow the rules in
    `sessions_*.py` as far as 2099, and stamps beyond that fall on the first or last step. Nothing here raises for a
    date. Immutable and safe in threads.
    """

    name: str
    sessions_a_year: float
    session_minutes: int

    def periods_a_year(self, interval: Interval) -> float:
        """Return how many bars of `interval` make a year: a constant of calendar and interval.

        24/7: 365.25 days. Others: sessions a year times bars of a regular session; multiples of 7d: 52 weeks. The short
        last bar of a day or a session is counted.
        """
        if self.name == "24/7":
            a_day = _steps_a_day(interval)
            return self.sessions_a_year * a_day if a_day else self.sessions_a_year * DAY_US / interval.us
        if interval.us % _WEEK_US == 0:
            return WEEKS_A_YEAR * _WEEK_US / interval.us
        if interval.us >= DAY_US:
            return self.sessions_a_year / (interval.us // DAY_US)
        return self.sessions_a_year * -(-self.session_minutes * MINUTE_US // interval.us)

    def steps(self, ts: I64, interval: Interval) -> I64:
        """Ordinal of the grid step in which each bar opens.

        Parameters
        ----------
        ts : int64 array, shape (n,)
            Bar opens, us UTC, in any order. From `1d` up a session is named by any stamp from midnight UTC of its
            date (or its open, where that is earlier) until the next session's.
        interval : Interval
            Spacing of the bars.

        Returns
        -------
        int64 array, shape (n,)
            Neighbouring steps differ by 1, so `np.diff - 1` counts the missing bars; it is -1 where two bars share a
            step. A stamp outside every session gets the nearest earlier step. Only differences mean something.
        """
        ts = np.asarray(ts, np.int64)
        if self.name == "24/7":
            return _round_the_clock_steps(ts, interval)
        table = _table(self.name)
        if interval.us >= DAY_US:
            session = np.maximum(np.searchsorted(table.starts, ts, side="right") - 1, 0)
            return _session_steps(self.name, interval.us)[session]
        stretch = np.maximum(np.searchsorted(table.opens, ts, side="right") - 1, 0)
        before = _steps_before(self.name, interval.us)
        within = (ts - table.opens[stretch]) // interval.us
        last = before[stretch + 1] - before[stretch] - 1
        steps: I64 = before[stretch] + np.clip(within, 0, last)
        return steps

    def step_count(self, first_ts: int, last_ts: int, interval: Interval) -> int:
        """Count the steps from that of `first_ts` to that of `last_ts`, both included; 0 if the last is earlier."""
        if self.name == "24/7" and not _steps_a_day(interval):
            anchor = _anchor_us(interval)
            return max((last_ts - anchor) // interval.us - (first_ts - anchor) // interval.us + 1, 0)
        first, last = self.steps(np.array([first_ts, last_ts], np.int64), interval)
        return max(int(last - first) + 1, 0)

    def grid(self, first_ts: int, last_ts: int, interval: Interval) -> I64:
        """Return the expected opens of the steps from that of `first_ts` to that of `last_ts`, us UTC, rising.

        From `1d` up an exchange's step opens with its (first) session, not at midnight. The first value lies before
        `first_ts` where that is no step's open.
        """
        first, last = (int(step) for step in self.steps(np.array([first_ts, last_ts], np.int64), interval))
        return self.opens(np.arange(first, last + 1, dtype=np.int64), interval)

    def opens(self, steps: I64, interval: Interval) -> I64:
        """Return the expected open of each grid step, us UTC: what `steps` undoes.

        Parameters
        ----------
        steps : int64 array, shape (n,)
            Ordinals as `steps` gives them, in any order; one outside the tables gets the open of the nearest step.
        """
        wanted = np.asarray(steps, np.int64)
        if self.name == "24/7":
            return _round_the_clock_opens(wanted, interval)
        table = _table(self.name)
        if interval.us >= DAY_US:
            session = np.searchsorted(_session_steps(self.name, interval.us), wanted, side="left")
            return table.session_opens[np.minimum(session, len(table.first) - 1)]
        before = _steps_before(self.name, interval.us)
        wanted = np.clip(wanted, 0, before[-1] - 1)
        stretch = np.searchsorted(before, wanted, side="right") - 1
        opens: I64 = table.opens[stretch] + (wanted - before[stretch]) * interval.us
        return opens

    def bar_end(self, ts: int, interval: Interval) -> int:
        """Return the first instant after the bar that opens at `ts`, us UTC.

        24/7: `ts` + interval, but no later than midnight where the interval does not divide a day. Intraday: the same,
        but no later than the close of the session (FX: of the week, since its days follow each other without a pause);
        outside a session `ts` + interval. From `1d` up: the close of the step's last session.
        """
        if self.name == "24/7":
            return min(ts + interval.us, (ts // DAY_US + 1) * DAY_US) if _steps_a_day(interval) else ts + interval.us
        table = _table(self.name)
        if interval.us >= DAY_US:
            step = self.steps(np.array([ts], np.int64), interval)[0]
            by_session = _session_steps(self.name, interval.us)
            return int(table.session_closes[np.searchsorted(by_session, step, side="right") - 1])
        stretch = int(np.searchsorted(table.opens, ts, side="right")) - 1
        inside = stretch >= 0 and ts < table.ends[stretch]
        return min(ts + interval.us, int(table.ends[stretch])) if inside else ts + interval.us

    def sessions(self, first_ts: int, last_ts: int) -> tuple[I64, I64]:
        """Return opens and closes, us UTC, of the sessions that open in [`first_ts`, `last_ts`].

        24/7: whole UTC days. A session that was broken off is one, from its first open to its last close.
        """
        if self.name == "24/7":
            opens = np.arange(-(-first_ts // DAY_US), last_ts // DAY_US + 1, dtype=np.int64) * DAY_US
            return opens, opens + DAY_US
        table = _table(self.name)
        opens = table.session_opens
        kept = slice(*np.searchsorted(opens, [first_ts, last_ts + 1]))
        return opens[kept], table.session_closes[kept]


@lru_cache(maxsize=len(CALENDARS))
def calendar(name: str) -> Calendar:
    """Return the calendar of that name: `24/7`, `XNYS`, `NSE` or `FX`.

    Raises
    ------
    ParameterError
        No calendar is called so.
    """
    if name not in _YEARS:
        raise ParameterError(name="calendar", value=name, bound=f"one of {', '.join(CALENDARS)}")
    return Calendar(name, *_YEARS[name])


@lru_cache(maxsize=len(CALENDARS))
def _table(name: str) -> SessionTable:
    """Build a calendar's table when it is first asked for."""
    return _TABLES[name]()


@lru_cache(maxsize=32)
def _steps_before(name: str, interval_us: int) -> I64:
    """Return how many intraday steps lie before each stretch, and in all; shape (n_stretches + 1,)."""
    table = _table(name)
    steps = -(-(table.closes - table.opens) // interval_us)
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(steps)])
    before.setflags(write=False)
    return before


@lru_cache(maxsize=32)
def _session_steps(name: str, interval_us: int) -> I64:
    """Return the step of each session for steps of whole days or weeks; shape (n_sessions,)."""
    table = _table(name)
    if interval_us % _WEEK_US == 0:
        steps = table.weeks // (interval_us // _WEEK_US)
    else:
        steps = np.arange(len(table.first), dtype=np.int64) // (interval_us // DAY_US)
    steps.setflags(write=False)
    return steps


def _anchor_us(interval: Interval) -> int:
    """Return where 24/7 starts to count: the epoch, or its first Monday for weeks."""
    return EPOCH_MONDAY * DAY_US if interval.us % _WEEK_US == 0 else 0


def _steps_a_day(interval: Interval) -> int:
    """Return how many steps a day of 24/7 has where the interval does not divide it, so that its last one is short."""
    return -(-DAY_US // interval.us) if interval.us < DAY_US and DAY_US % interval.us else 0


def _round_the_clock_steps(ts: I64, interval: Interval) -> I64:
    """Return the steps of 24/7: those of a day that the interval does not divide begin anew at midnight."""
    a_day = _steps_a_day(interval)
    if not a_day:
        return (ts - _anchor_us(interval)) // interval.us
    day = ts // DAY_US
    return day * a_day + (ts - day * DAY_US) // interval.us


def _round_the_clock_opens(steps: I64, interval: Interval) -> I64:
    """Undo `_round_the_clock_steps`."""
    a_day = _steps_a_day(interval)
    if not a_day:
        return steps * interval.us + _anchor_us(interval)
    day = steps // a_day
    return day * DAY_US + (steps - day * a_day) * interval.us
