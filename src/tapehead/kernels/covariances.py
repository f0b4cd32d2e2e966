"""How two lines move together over a sliding window, about a bar that the window holds.

In blocks as `windows.mean_in_blocks`: nothing is given back, so what has left a window bends nothing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, part

F64 = NDArray[np.float64]

CHUNK_BARS = 1024


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
    coming = np.zeros((5, period + 1))
    begin_sums(x[:period], y[:period], older)
    for b in range(period - 1, n, period):
        stop = min(b + period, n)
        block_sums(x, y, b, stop, older, coming, xx[b:stop], yy[b:stop], xy[b:stop])
        older, coming = coming, older


@kernel
def correlated(x: F64, y: F64, period: int, out: F64) -> None:
    """Write the correlation of each window, -1 to 1; NaN where one of the lines stands still."""
    n = x.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    chunk = max(CHUNK_BARS // period, 1) * period
    squares, others = np.empty(chunk), np.empty(chunk)
    older = np.zeros((5, period + 1))
    coming = np.zeros((5, period + 1))
    begin_sums(x[:period], y[:period], older)
    for begin in range(period - 1, n, chunk):
        end = min(begin + chunk, n)
        for b in range(begin, end, period):
            stop = min(b + period, end)
            here = slice(b - begin, stop - begin)
            block_sums(x, y, b, stop, older, coming, squares[here], others[here], out[b:stop])
            older, coming = coming, older
        made = out[begin:end]
        for i in range(end - begin):
            both = np.sqrt(squares[i]) * np.sqrt(others[i])
            found = made[i] / both if both != 0.0 else np.nan
            found = 1.0 if found > 1.0 else found
            made[i] = -1.0 if found < -1.0 else found


@part
def begin_sums(x: F64, y: F64, older: F64) -> None:
    """Sum the bars before the last from the nearest on, about the last."""
    last = x.shape[0] - 1
    for j in range(1, last + 1):
        far_x = x[last - j] - x[last]
        far_y = y[last - j] - y[last]
        older[0, j] = older[0, j - 1] + far_x
        older[1, j] = older[1, j - 1] + far_y
        older[2, j] = older[2, j - 1] + far_x * far_x
        older[3, j] = older[3, j - 1] + far_y * far_y
        older[4, j] = older[4, j - 1] + far_x * far_y


@part
def block_sums(
    x: F64, y: F64, b: int, stop: int, older: F64, coming: F64, xx: F64, yy: F64, xy: F64
) -> None:  # fmt: skip
    """Write the sums of windows that end on bars [b, stop), and those from the end of that block on, about the next.

    The first run from the beginning of the block, about its first bar, as `older` does from the end of the one before.
    """
    bars = stop - b
    period = older.shape[1] - 1
    share = 1.0 / period
    centre_x, centre_y = x[b], y[b]
    later_x = x[stop] if stop < x.shape[0] else 0.0
    later_y = y[stop] if stop < x.shape[0] else 0.0
    xs, ys = x[b:stop], y[b:stop]
    old_x, old_y = older[0, period - bars : period], older[1, period - bars : period]
    old_xx, old_yy = older[2, period - bars : period], older[3, period - bars : period]
    old_xy = older[4, period - bars : period]
    new_x, new_y, new_xx = coming[0, 1 : bars + 1], coming[1, 1 : bars + 1], coming[2, 1 : bars + 1]
    new_yy, new_xy = coming[3, 1 : bars + 1], coming[4, 1 : bars + 1]
    sum_x, sum_y, squares_x, squares_y, products = 0.0, 0.0, 0.0, 0.0, 0.0
    back_x, back_y, back_xx, back_yy, back_xy = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(bars):
        far_x = xs[i] - centre_x
        far_y = ys[i] - centre_y
        sum_x += far_x
        sum_y += far_y
        squares_x += far_x * far_x
        squares_y += far_y * far_y
        products += far_x * far_y
        all_x = sum_x + old_x[bars - 1 - i]
        all_y = sum_y + old_y[bars - 1 - i]
        spread_x = squares_x + old_xx[bars - 1 - i] - all_x * all_x * share
        spread_y = squares_y + old_yy[bars - 1 - i] - all_y * all_y * share
        xx[i] = spread_x if not spread_x < 0.0 else 0.0
        yy[i] = spread_y if not spread_y < 0.0 else 0.0
        xy[i] = products + old_xy[bars - 1 - i] - all_x * all_y * share
        far_x = xs[bars - 1 - i] - later_x
        far_y = ys[bars - 1 - i] - later_y
        back_x += far_x
        back_y += far_y
        back_xx += far_x * far_x
        back_yy += far_y * far_y
        back_xy += far_x * far_y
        new_x[i] = back_x
        new_y[i] = back_y
        new_xx[i] = back_xx
        new_yy[i] = back_yy
        new_xy[i] = back_xy


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    xx, yy, xy = np.empty((3, values.shape[0]))
    together(values, values, 3, xx, yy, xy)
    correlated(values, values, 3, xy)
