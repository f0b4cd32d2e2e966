"""What every indicator takes: lines of numbers, a period and a factor, each checked with a sentence."""

import math
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.errors import ParameterError

F64 = NDArray[np.float64]
MOST_BARS = 2**31 - 1
"""The longest window; kernels count in 64 bits and add windows up."""
_FLOAT = np.dtype(np.float64)
_CONTIGUOUS, _CONTIGUOUS_OR_WRITEABLE = 0x0001, 0x0401
"""Bits of NumPy's flags."""


def check_values(values: ArrayLike, indicator: str, name: str = "values") -> F64:
    """Return `values` as a read-only float64 array of one dimension; raise ParameterError otherwise.

    What its owner may still write to is copied: a memo knows arrays by their address, and a lazy crossing looks later.
    """
    if _is_ready(values):
        return values
    from tapehead.kernels.jit import readonly

    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        held = f"array of {array.dtype} with shape {array.shape}"
        raise ParameterError(name=f"{indicator}({name})", value=held, bound="one line of numbers, shape (n_bars,)")
    line = array.astype(np.float64, copy=False)
    if line is array and line.flags.writeable and not isinstance(values, (list, tuple)):
        line = line.copy()
    return readonly(line)


def _is_ready(values: ArrayLike) -> TypeGuard[F64]:
    """Say whether values are such an array already, as the columns of bars and what indicators return are."""
    if type(values) is not np.ndarray or values.dtype != _FLOAT or values.ndim != 1:
        return False
    return values.flags.num & _CONTIGUOUS_OR_WRITEABLE == _CONTIGUOUS


def plain_line(line: NDArray[Any]) -> F64:
    """Return a line as kernels read it at its address: float64, contiguous; itself where it is that."""
    if _is_ready(line):
        return line
    from tapehead.kernels.jit import readonly

    return readonly(np.asarray(line, np.float64))


def check_lines(indicator: str, **lines: ArrayLike) -> tuple[F64, ...]:
    """Return several lines as `check_values` does; raise ParameterError where one is not as long as the first."""
    checked = tuple(check_values(values, indicator, name) for name, values in lines.items())
    first, length = next(iter(lines)), checked[0].shape[0]
    for name, line in zip(lines, checked, strict=True):
        if line.shape[0] != length:
            bound = f"as long as {first}, which has {length} values"
            raise ParameterError(name=f"{indicator}({name})", value=f"{line.shape[0]} values", bound=bound)
    return checked


def check_period(period: Any, indicator: str, least: int = 1, name: str = "period") -> int:
    """Return `period` as an int; raise ParameterError unless it is an integer from `least` to `MOST_BARS`."""
    if type(period) is int and least <= period <= MOST_BARS:
        return period
    if isinstance(period, bool) or not isinstance(period, (int, np.integer)) or not least <= period <= MOST_BARS:
        most = f" and at most {MOST_BARS:,}" if isinstance(period, (int, np.integer)) and period > MOST_BARS else ""
        raise ParameterError(name=f"{indicator}({name})", value=period, bound=f"an integer of at least {least}{most}")
    return int(period)


def window_in(period: int, bars: int) -> int:
    """Return a window as kernels that keep one in memory take it: no longer than one that `bars` never fill."""
    return min(period, bars + 1)


def check_ddof(ddof: Any, period: int, indicator: str) -> int:
    """Return `ddof`, 0 or 1 and less than `period`; raise ParameterError otherwise."""
    if isinstance(ddof, bool) or not isinstance(ddof, (int, np.integer)) or ddof not in (0, 1):
        raise ParameterError(name=f"{indicator}(ddof)", value=ddof, bound="0 (divide by period) or 1 (by period - 1)")
    if ddof >= period:
        raise ParameterError(
            name=f"{indicator}(period)", value=period, bound="an integer of at least 2 where ddof is 1"
        )
    return int(ddof)


def check_factor(factor: Any, indicator: str, name: str) -> float:
    """Return `factor` as a float; raise ParameterError unless it is a finite number of at least 0."""
    good = isinstance(factor, (int, float, np.integer, np.floating)) and not isinstance(factor, bool)
    if not good or not math.isfinite(factor) or factor < 0:
        raise ParameterError(name=f"{indicator}({name})", value=factor, bound="a number of at least 0")
    return float(factor)


def check_between(value: Any, indicator: str, name: str, low: float, high: float) -> float:
    """Return `value` as a float; raise ParameterError unless it is a number of at least `low` and at most `high`."""
    good = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not good or not low <= value <= high:
        bound = f"a number of at least {low:g} and at most {high:g}"
        raise ParameterError(name=f"{indicator}({name})", value=value, bound=bound)
    return float(value)


def check_anchor(anchor: ArrayLike | None, bars: int, indicator: str, default: bool) -> NDArray[np.bool_]:
    """Return where sessions begin, read-only, `default` on every bar without an anchor; raise ParameterError otherwise.

    What is given is copied.
    """
    starts = np.full(bars, default) if anchor is None else np.array(anchor)
    if starts.dtype != np.bool_ or starts.shape != (bars,):
        held = f"array of {starts.dtype} with shape {starts.shape}"
        raise ParameterError(name=f"{indicator}(anchor)", value=held, bound=f"a bool array, shape ({bars},)")
    starts.flags.writeable = False
    return starts


def locked(array: F64) -> F64:
    """Return the array made read-only, since a memo may hand it out again."""
    array.flags.writeable = False
    return array
