"""Parity: whether an engine gave what the plain twin gives; without it no time is printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import METRICS, RATIOS, Outcome

EQUAL = "equal"
OURS = "tapehead"
PRICE_TOLERANCE = 1e-12
MONEY_TOLERANCE = 1e-8
METRIC_TOLERANCE = 1e-7


KNOWN = {
    ("backtesting", "sharpe"): "geometric-sharpe",
    ("backtesting", "sortino"): "geometric-sortino",
    ("backtesting", "max_drawdown"): "late-booking",
    ("backtesting", "profit_factor"): "percent-profit-factor",
    ("backtesting", "expectancy"): "percent-expectancy",
}
"""Metrics that another tool defines otherwise, by engine and metric; the name stands in docs/divergences.md.

The twin recomputes each by the other tool's definition, and the tool must agree with that.
"""
UNDEFINED = "undefined-metric"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found.

    Attributes
    ----------
    agrees : bool
        Trades, positions and final value agree, and every metric does or its difference is known.
    text : str
        `equal`, or what differs first.
    known : mapping
        Known divergences of metrics that showed, by name, each with its first difference.
    largest : float
        Largest relative difference of a final value.
    """

    agrees: bool
    text: str
    known: dict[str, str] = field(default_factory=dict)
    largest: float = 0.0


def compare(engine: str, found: Outcome, wanted: Outcome) -> Verdict:
    """Hold one engine's outcome against the twin's."""
    difference = next(_decisions(found, wanted), None)
    apart = _relative(found.final, wanted.final)
    if difference is None and apart.max(initial=0.0) > MONEY_TOLERANCE:
        at = int(apart.argmax())
        difference = f"final value of instrument {at}: {float(found.final[at])!r}, not {float(wanted.final[at])!r}"
    if difference is not None:
        return Verdict(agrees=False, text=difference)
    known: dict[str, str] = {}
    for name, difference, defined in _metrics(found, wanted):
        excuse = KNOWN.get((engine, name)) if defined else UNDEFINED if engine != OURS else None
        if excuse is None or (defined and not _near(found.metrics[name], wanted.metrics[excuse]).all()):
            return Verdict(agrees=False, text=difference)
        known.setdefault(excuse, difference)
    return Verdict(agrees=True, text=EQUAL, known=known, largest=float(apart.max(initial=0.0)))


def _decisions(found: Outcome, wanted: Outcome) -> Iterator[str]:
    """Every difference in trades and positions."""
    for name, one, other in (
        ("closed trades", found.count, wanted.count),
        ("open position", found.is_open, wanted.is_open),
    ):
        if one.shape != other.shape:
            yield f"{len(one)} instruments, not {len(other)}"
            return
        for at in np.flatnonzero(one != other)[:1]:
            yield f"{name} of instrument {at}: {one[at]}, not {other[at]}"
    if not np.array_equal(found.count, wanted.count):
        return
    owner = np.repeat(np.arange(len(wanted.count)), wanted.count)
    for name, values in wanted.trades.items():
        exact = values.dtype.kind == "i"
        tolerance = 0.0 if exact else PRICE_TOLERANCE if name.endswith("price") else MONEY_TOLERANCE
        given = found.trades[name]
        # A profit is the small difference of two large amounts: it is measured against the amount that was traded.
        size = wanted.trades["quantity"] * wanted.trades["entry_price"] if name == "profit" else None
        apart = _relative(given, values, size)
        for at in np.flatnonzero(~(apart <= tolerance))[:1]:
            yield f"{name} of trade {at} (instrument {owner[at]}): {given[at]!r}, not {values[at]!r}"


def _metrics(found: Outcome, wanted: Outcome) -> Iterator[tuple[str, str, bool]]:
    """The first difference of every named metric, apart for values that are undefined by our rules."""
    for name in METRICS + RATIOS:
        if name not in wanted.metrics:
            continue
        one, other = found.metrics[name], wanted.metrics[name]
        wrong = ~_near(one, other)
        if name == "win_rate" and "even" in wanted.metrics:
            # As many trades may count either way as neither won nor lost.
            wrong &= np.abs(one - other) > wanted.metrics["even"] + METRIC_TOLERANCE
        for defined in (True, False):
            for at in np.flatnonzero(wrong & (np.isnan(other) != defined))[:1]:
                yield name, f"{name} of instrument {at}: {float(one[at])!r}, not {float(other[at])!r}", defined


def _near(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether values agree; NaN agrees with NaN."""
    close = np.abs(one - other) <= METRIC_TOLERANCE * np.maximum(1.0, np.abs(other))
    agree: NDArray[np.bool_] = close | (np.isnan(one) & np.isnan(other))
    return agree


def _relative(
    one: NDArray[np.float64], other: NDArray[np.float64], size: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Distance as a share of `size`, or of the wanted value."""
    return np.abs(one - other) / np.maximum(np.abs(other if size is None else size), 1e-300)
