"""How two lines move together over a sliding window, about a bar that the window holds.

In blocks as `windows.mean_in_blocks`: nothing is given back, so what has left a window bends nothing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, part

F64 = NDArray[np.float64]


@kernel
def together(x: F64, y: F64, period: int, xx: F64, yy: F64, xy: F64) -> None:
    """Write the sums of squares of each line and of their products, all about the means of the window."""
    n = x.shape[0]
    first = min(period - 1, n)
    xx[:first] = np.nan
    yy[:first] = np.nan
    xy[:first] = np.nan
    if n < period:
        return
    older = np.zeros((5, period + 1))
    for b in range(period - 1, n, period):
        backwards(x, y, b, period, older)
        sum_x, sum_y, squares_x, squares_y, products = 0.0, 0.0, 0.0, 0.0, 0.0
        for t in range(b, min(b + period, n)):
            far_x = x[t] - x[b]
            far_y = y[t] - y[b]
            sum_x += far_x
            sum_y += far_y
            squares_x += far_x * far_x
            squares_y += far_y * far_y
            products += far_x * far_y
            j = period - 1 - (t - b)
            all_x = sum_x + older[0, j]
            all_y = sum_y + older[1, j]
            spread_x = squares_x + older[2, j] - all_x * all_x / period
            spread_y = squares_y + older[3, j] - all_y * all_y / period
            xx[t] = spread_x if not spread_x < 0.0 else 0.0
            yy[t] = spread_y if not spread_y < 0.0 else 0.0
            xy[t] = products + older[4, j] - all_x * all_y / period


@part
def backwards(x: F64, y: F64, b: int, period: int, older: F64) -> None:
    """Sum the bars before b from the nearest on, about bar b."""
    for j in range(1, period):
        far_x = x[b - j] - x[b]
        far_y = y[b - j] - y[b]
        older[0, j] = older[0, j - 1] + far_x
        older[1, j] = older[1, j - 1] + far_y
        older[2, j] = older[2, j - 1] + far_x * far_x
        older[3, j] = older[3, j - 1] + far_y * far_y
        older[4, j] = older[4, j - 1] + far_x * far_y


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    xx, yy, xy = np.empty((3, values.shape[0]))
    together(values, values, 3, xx, yy, xy)
