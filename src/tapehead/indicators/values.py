"""What every indicator takes: one line of numbers and a period, checked with a sentence."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.errors import ParameterError
from tapehead.kernels.jit import readonly

F64 = NDArray[np.float64]


def check_values(values: ArrayLike, indicator: str) -> F64:
    """Return `values` as a read-only float64 array of one dimension; raise ParameterError otherwise.

    What its owner may still write to is copied: a memo knows arrays by their address, and a lazy crossing looks later.
    """
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        held = f"array of {array.dtype} with shape {array.shape}"
        raise ParameterError(name=f"{indicator}(values)", value=held, bound="one line of numbers, shape (n_bars,)")
    line = array.astype(np.float64, copy=False)
    if line is array and line.flags.writeable and not isinstance(values, (list, tuple)):
        line = line.copy()
    return readonly(line)


def check_period(period: Any, indicator: str, least: int = 1) -> int:
    """Return `period` as an int; raise ParameterError unless it is an integer of at least `least`."""
    if isinstance(period, bool) or not isinstance(period, (int, np.integer)) or period < least:
        raise ParameterError(name=f"{indicator}(period)", value=period, bound=f"an integer of at least {least}")
    return int(period)


def locked(array: F64) -> F64:
    """Return the array made read-only, since a memo may hand it out again."""
    array.flags.writeable = False
    return array
