"""Prices as integers of their smallest unit, where they are that: what sums over a window need to be exact."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.memo import remember

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Scaled(NamedTuple):
    """The leading values of a line as integers of `1/power`, with the largest magnitude among them.

    They end before the first value that has more than 10 decimals, is beyond 2^53 in the unit of all before it, or is
    not known. So no later value changes what is made of an earlier one.
    """

    integers: I64
    power: float
    largest: float


def scaled_line(line: F64) -> Scaled:
    """Return the leading values of a line as integers; remembered."""
    from tapehead.kernels import windows

    return remember("scaled", (line,), lambda: _scaled(line, 1.0, windows.EXACT_LIMIT, 1.0))


def summable(line: F64, scaled: Scaled, sum_of: float, limit: float, share: float) -> Scaled:
    """Return those of `scaled`, from the first on, that can be summed exactly.

    `sum_of` of them stay within `limit`, and `share` times their power within 2^53.
    """
    from tapehead.kernels import windows

    if sum_of * scaled.largest <= limit and share * scaled.power <= windows.EXACT_LIMIT:
        return scaled
    return _scaled(line, sum_of, limit, share)


def _scaled(line: F64, sum_of: float, limit: float, share: float) -> Scaled:
    """Look for the decimals and scale."""
    from tapehead.kernels import windows
    from tapehead.kernels.jit import readonly

    bars, k = windows.summable(line, float(sum_of), limit, float(share))
    integers = np.empty(bars, np.int64)
    largest = windows.scaled(line[:bars], k, integers)
    return Scaled(readonly(integers), 10.0**k, largest)
