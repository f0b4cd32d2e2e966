"""Returns of months and years, and the Sharpe ratio of a moving window, from equity at bar closes."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_ZERO_VOLATILITY = 1e-12
_LEAST_WINDOW = 30
_WINDOWS = ((0.5, "half a year"), (0.25, "a quarter"), (1 / 12, "a month"))
_ENDS = 500


class Months(NamedTuple):
    """Returns by year and month, shape (n_years, 12), and of years, shape (n_years,); NaN where there is no bar."""

    years: list[int]
    returns: F64
    totals: F64


class Rolling(NamedTuple):
    """Sharpe ratios at the closes `ends` (places in equity); `window` in bars, `words` says how long that is."""

    ends: I64
    sharpe: F64
    window: int
    words: str


def monthly(closes: I64, equity: F64, cash: float) -> Months:
    """Return the returns of calendar months (UTC).

    Parameters
    ----------
    closes : int64 array, shape (n_bars,)
        When each bar closes, us UTC; one that closes at midnight belongs to the day it ends.
    equity : float64 array, shape (n_bars,)
        At those closes.
    cash : float
        Equity before the first bar, from which the first month counts.
    """
    months = (closes - 1).view("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    last = np.flatnonzero(np.append(np.diff(months) != 0, True))
    ends, found = equity[last], months[last]
    before = np.append(cash, ends[:-1])
    years = list(range(int(found[0]) // 12 + 1970, int(found[-1]) // 12 + 1971))
    returns = np.full((len(years), 12), np.nan)
    returns[found // 12 + 1970 - years[0], found % 12] = _ratio(ends, before) - 1
    totals = np.full(len(years), np.nan)
    year_of = found // 12 + 1970 - years[0]
    for year in np.unique(year_of).tolist():
        own = np.flatnonzero(year_of == year)
        totals[year] = float(_ratio(ends[own[-1:]], before[own[:1]])[0]) - 1
    return Months(years, returns, totals)


def _ratio(after: F64, before: F64) -> F64:
    """Divide; NaN where nothing was left to lose."""
    out = np.full(after.shape, np.nan)
    np.divide(after, before, out=out, where=before > 0)
    return out


def bar_returns(equity: F64, cash: float) -> F64:
    """Return the return of each bar, the first one from the starting cash; NaN after equity has touched 0."""
    return _ratio(equity, np.append(cash, equity[:-1])) - 1


def drawdown(equity: F64, cash: float) -> F64:
    """Return equity against its peak so far, which is at least the starting cash, less 1."""
    return equity / np.maximum.accumulate(np.maximum(equity, cash)) - 1


def rolling_sharpe(returns: F64, periods: float) -> Rolling | None:
    """Return the Sharpe ratio of a moving window of bars; None where there are too few for any.

    Parameters
    ----------
    returns : float64 array, shape (n_bars,)
    periods : float
        Bars a year, by the calendar.

    Notes
    -----
    Each of at most 500 windows is summed by itself, so no window carries the errors of those before it. NaN where a
    window does not move.
    """
    n = returns.shape[0]
    windows = [(round(periods * part), words) for part, words in _WINDOWS]
    fitting = [(window, words) for window, words in windows if window >= _LEAST_WINDOW and n >= 2 * window]
    if not fitting:
        return None
    window, words = fitting[0]
    ends = np.unique(np.linspace(window - 1, n - 1, min(_ENDS, n - window + 1)).astype(np.int64))
    out = np.full(ends.shape[0], np.nan)
    for place, end in enumerate(ends.tolist()):
        part_of = returns[end - window + 1 : end + 1]
        mean, deviation = float(part_of.mean()), float(part_of.std(ddof=1))
        if math.isfinite(mean) and deviation >= _ZERO_VOLATILITY * (1 + abs(mean)):
            out[place] = mean / deviation * math.sqrt(periods)
    return Rolling(ends, out, window, words)
