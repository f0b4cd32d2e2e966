"""Ichimoku cloud."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import channel_of, later
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


class Ichimoku(NamedTuple):
    """Conversion and base line, and both edges of the cloud under each bar; float64 arrays of shape (n_bars,)."""

    conversion: F64
    base: F64
    span_a: F64
    span_b: F64


def ichimoku(
    high: ArrayLike, low: ArrayLike, conversion: int = 9, base: int = 26, span: int = 52, shift: int = 26
) -> Ichimoku:
    """Middles of three ranges: conversion and base line, and the two edges of the cloud as they lie under this bar.

    Parameters
    ----------
    high, low : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    conversion : int, at least 1
        Bars of the conversion line.
    base : int, at least 1
        Bars of the base line.
    span : int, at least 1
        Bars of the second edge.
    shift : int, at least 0
        Bars by which the edges are drawn ahead.

    Returns
    -------
    Ichimoku
        All read-only; NaN while a range is not known, and in every window that holds one.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    The edges at bar t were known `shift` bars before: nothing of them is of the future. The lagging line is the close,
    drawn back: compare the close with that of `shift` bars ago. Three passes, O(n). Releases the GIL. As
    Stock.Indicators. Source: Goichi Hosoda, 1969.

    Examples
    --------
    >>> ichimoku([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], conversion=1, base=2, span=2, shift=1).span_a
    array([ nan,  nan, 2.75])
    """
    lines = check_lines("ichimoku", high=high, low=low)
    conversion = check_period(conversion, "ichimoku", name="conversion")
    base = check_period(base, "ichimoku", name="base")
    span = check_period(span, "ichimoku", name="span")
    shift = check_period(shift, "ichimoku", 0, name="shift")

    def make() -> Ichimoku:
        high, low = lines
        quick, calm, far = (channel_of(high, low, n)[2] for n in (conversion, base, span))
        return Ichimoku(quick, calm, later(locked((quick + calm) / 2.0), shift), later(far, shift))

    return remember(("ichimoku", conversion, base, span, shift), lines, make)
