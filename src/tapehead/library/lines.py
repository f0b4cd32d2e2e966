"""lines: an indicator over the bars of one instrument, at the bars that a chart shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.indicators.catalogue import Indicator, function_of
from tapehead.layout.columns import PRICE_COLUMNS
from tapehead.library.asked_indicator import check_length
from tapehead.library.store import Store
from tapehead.model.bars import F64, I64, Bars

_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of an indicator by name, each as long as `ts` (us UTC); NaN where it knows nothing yet."""

    instrument: str
    interval: str
    parameters: Mapping[str, int | float]
    ts: I64
    lines: Mapping[str, F64]
    snapshot: int


def read_parameters(indicator: Indicator, text: str) -> dict[str, int | float]:
    """Return the parameters of an indicator from `period=14,width=2`, defaults where they are not named.

    Raises
    ------
    ParameterError
        One is unknown, given twice, no number, or out of its bounds.
    """
    known = {one.name: one for one in indicator.parameters}
    found: dict[str, int | float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (each.strip() for each in part.partition("="))
        one = known.get(name)
        if one is None:
            bound = f"NAME=VALUE of {', '.join(known)}" if known else f"empty: {indicator.name} has none"
            raise ParameterError(name="parameters", value=part[:80], bound=bound)
        low, high = one.low, _MOST if one.high is None else one.high
        bound = f"{'an integer' if one.kind is int else 'a number'} of at least {low} and at most {high}"
        try:
            number = one.kind(value)
        except ValueError:
            raise ParameterError(name=name, value=value[:40], bound=bound) from None
        # Not in between is NaN, too.
        if not low <= number <= high:
            raise ParameterError(name=name, value=value[:40], bound=bound)
        if name in found:
            raise ParameterError(
                name=name, value=value[:40], bound=f"given once; it is given twice, first {found[name]}"
            )
        found[name] = number
    return {name: found.get(name, one.default) for name, one in known.items()}


def indicator_lines(
    store: Store,
    indicator: Indicator,
    symbol: str,
    *,
    parameters: str = "",
    interval: str | None = None,
    start: str | None = None,
    end: str | None = None,
    points: int | None = None,
    snapshot: int | None = None,
) -> Lines:
    """Return an indicator at the bars that the same question gives as bars.

    Parameters
    ----------
    store : Store
    indicator : Indicator
        One that takes a line is given the closes.
    symbol, interval, start, end, points, snapshot
        As `Store.bars` takes them.
    parameters : str
        As `read_parameters` reads them.

    Returns
    -------
    Lines
        Computed from the first bar that is held, whatever `start` is, so that no value changes with the part that is
        looked at. Of bars that were put together for a chart, the value is that of the last one.

    Raises
    ------
    UnknownSymbolError, AmbiguousSymbolError, ParameterError, EmptyRangeError, NoBarsError
    """
    values = read_parameters(indicator, parameters)
    (shown,) = store.look_up(
        [symbol], interval, start, end, points=points, columns=("ts", "high", "close"), snapshot=snapshot
    )
    (whole,) = store.look_up([symbol], interval, None, end, snapshot=shown.snapshot)
    bars, ts = whole.bars, shown.table.ts
    check_inputs(indicator)
    at = np.append(np.searchsorted(bars.ts, ts[1:]), len(bars)) - 1
    computed = _compute(indicator, bars, values)
    check_length(indicator, values, computed, len(bars))
    names = indicator.outputs or (indicator.name,)
    lines = {name: np.asarray(line, np.float64)[at] for name, line in zip(names, computed, strict=True)}
    return Lines(shown.instrument.name, shown.series.interval.text, values, ts, lines, shown.snapshot)


def check_inputs(indicator: Indicator) -> None:
    """Raise ParameterError for an indicator that takes more than the bars of one instrument."""
    other = [name for name in indicator.inputs if name not in ("values", *PRICE_COLUMNS, "volume")]
    if other:
        bound = f"one that takes the bars of one instrument; {indicator.name} wants a {other[0]}: th.{indicator.call}"
        raise ParameterError(name="indicator", value=indicator.name, bound=bound)


def _compute(indicator: Indicator, bars: Bars, values: Mapping[str, Any]) -> tuple[NDArray[Any], ...]:
    """Return every line of an indicator over whole bars."""
    inputs = [bars.close if name == "values" else getattr(bars, name) for name in indicator.inputs]
    found = function_of(indicator)(*inputs, **values)
    return tuple(found) if isinstance(found, tuple) else (found,)
