"""cell_columns: the metrics of many cells of one series at once, each bit for bit as `summarise` gives it."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.cells import CELL_METRICS, CELL_REASONS
from tapehead.metrics import definitions as define
from tapehead.metrics.hold import buy_and_hold_return
from tapehead.metrics.summary import two_pass
from tapehead.model.bars import F64, U8, Bars
from tapehead.model.calendar import calendar
from tapehead.model.rules import Rules

_Column = tuple[F64, U8]
"""Values, NaN where undefined, and the reason as a place in CELL_REASONS."""
_CODE = {reason: np.uint8(place) for place, reason in enumerate(CELL_REASONS)}


class CellColumns(NamedTuple):
    """Metrics in the order of CELL_METRICS, shape (n_metrics, n_cells).

    `values` are NaN where undefined; `why` holds the reason as a place in CELL_REASONS, 0 where the value is known.
    """

    values: F64
    why: U8


class _Spread(NamedTuple):
    """Mean and deviation of bar returns by cell; `short` where there are too few of them."""

    mean: F64
    deviation: F64
    short: bool


def cell_columns(
    sums: Mapping[str, F64], bars: Bars, rules: Rules, observations: int, equity: Callable[[int], F64]
) -> CellColumns:
    """Return the metrics of cells from their sums.

    Parameters
    ----------
    sums : mapping
        Columns of shape (n_cells,) by the names of `simulation.score.SUMS`.
    bars, rules
        What all cells were traded on, by which rules; at least one bar is scored.
    observations : int
        Bar returns of each cell.
    equity : callable
        Gives equity at every scored bar of a cell by its place; called only where the sums would lose digits.

    Notes
    -----
    The power in `cagr` is Python's own: NumPy's differs from it in the last bit.
    """
    interval = bars.series.interval
    clock = calendar(rules.calendar)
    periods = clock.periods_a_year(interval)
    length_us = clock.bar_end(int(bars.ts[-1]), interval) - int(bars.ts[bars.warm])
    spread = _spread(sums, observations, rules.cash, equity)
    final, trades = sums["final_equity"], sums["trades"]
    with np.errstate(all="ignore"):
        growth = _cagr(rules.cash, final, length_us)
        found: dict[str, _Column] = {
            "total_return": _known(final / rules.cash - 1.0),
            "cagr": growth,
            "volatility_annual": _where(spread.deviation * math.sqrt(periods), (spread.short, "too_short")),
            "sharpe": _sharpe(spread, periods),
            "sortino": _sortino(sums, observations, periods),
            "max_drawdown": _known(sums["drawdown"]),
            "max_drawdown_bars": _known(sums["wet_bars"]),
            "max_drawdown_days": _known(sums["wet_us"] / define.DAY_US),
            "calmar": _calmar(growth, sums["drawdown"]),
            "exposure": _known(sums["held"] / (len(bars) - bars.warm)),
            "trades": _known(trades),
            "win_rate": _where(sums["wins"] / trades, (trades == 0.0, "no_trades")),
            "profit_factor": _where(
                sums["won"] / sums["lost"], (sums["lost"] == 0.0, "no_losses"), (trades == 0.0, "no_trades")
            ),
            "expectancy": _where((sums["won"] - sums["lost"]) / trades, (trades == 0.0, "no_trades")),
            "fees_paid": _known(sums["fees_paid"]),
            "open_profit": _where(sums["open_profit"], (np.isnan(sums["open_profit"]), "no_open_position")),
            "buy_and_hold_return": _alike(buy_and_hold_return(bars, rules), final.shape),
        }
    return _settled([found[name] for name in CELL_METRICS])


def _spread(sums: Mapping[str, F64], observations: int, cash: float, equity: Callable[[int], F64]) -> _Spread:
    """Return mean and deviation; in two passes where the variance is too small a part of the squares."""
    total, squares = sums["total"], sums["squares"]
    mean = total / observations
    if observations < 2:
        return _Spread(mean, np.full(total.shape, np.nan), short=True)
    with np.errstate(all="ignore"):
        left = squares - total * mean
        deviation = np.sqrt(np.where(left < 0.0, 0.0, left) / (observations - 1))
        cancels = squares - total * total / observations < define.STEADY * squares
    for place in np.flatnonzero(cancels).tolist():
        exact = two_pass(equity(place), cash, observations)
        mean[place], deviation[place] = exact.mean, exact.deviation
    return _Spread(mean, deviation, short=False)


def _cagr(cash: float, final: F64, length_us: int) -> _Column:
    """Return the annual growth of each cell."""
    if final.shape[0] and define.cagr(cash, cash, length_us)[0] is None:
        return _where(final, (True, define.cagr(cash, cash, length_us)[1]))
    return _known(np.array([define.cagr(cash, end, length_us)[0] for end in final.tolist()], np.float64))


def _sharpe(spread: _Spread, periods: float) -> _Column:
    """Return mean over deviation, annualised."""
    still = spread.deviation < define.ZERO_VOLATILITY * (1 + np.abs(spread.mean))
    value = spread.mean / spread.deviation * math.sqrt(periods)
    return _where(value, (still, "zero_volatility"), (spread.short, "too_short"))


def _sortino(sums: Mapping[str, F64], observations: int, periods: float) -> _Column:
    """Return annual mean over annual downside deviation."""
    mean = sums["total"] / observations
    below = np.sqrt(sums["downside"] / observations)
    smooth = below < define.ZERO_VOLATILITY * (1 + np.abs(mean))
    return _where(
        mean * periods / (below * math.sqrt(periods)),
        (smooth, "zero_volatility"),
        (smooth & (mean > 0.0), "no_losses"),
        (~np.isfinite(mean), "not_finite"),
        (observations < 2, "too_short"),
    )


def _calmar(growth: _Column, drawdown: F64) -> _Column:
    """Return growth over the size of the largest drawdown."""
    value, why = _where(growth[0] / np.abs(drawdown), (drawdown == 0.0, "no_drawdown"))
    unknown = growth[1] != 0
    return np.where(unknown, np.nan, value), np.where(unknown, growth[1], why)


def _known(value: F64) -> _Column:
    """Return a column that is defined everywhere."""
    return value, np.zeros(value.shape, np.uint8)


def _alike(found: define.Value, shape: tuple[int, ...]) -> _Column:
    """Return a column that says the same of every cell."""
    value, reason = found
    return np.full(shape, np.nan if value is None else value), np.full(shape, _CODE[reason], np.uint8)


def _where(value: F64, *gaps: tuple[NDArray[np.bool_] | bool, str]) -> _Column:
    """Return a column that is undefined in gaps; of several reasons the last one counts."""
    why = np.zeros(value.shape, np.uint8)
    for gap, reason in gaps:
        why = np.where(gap, _CODE[reason], why)
    return np.where(why != 0, np.nan, value), why


def _settled(found: list[_Column]) -> CellColumns:
    """Return the columns as two arrays; what is not finite is undefined."""
    values, why = np.array([value for value, _ in found]), np.array([reason for _, reason in found], np.uint8)
    lost = (why == 0) & ~np.isfinite(values)
    return CellColumns(np.where(lost, np.nan, values), np.where(lost, _CODE["not_finite"], why))
