"""Lines that turn: Wilder's parabolic stop, and the transform that R. A. Fisher's name stands for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel
from tapehead.kernels.smoothing import first_known

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@kernel
def parabolic(high: F64, low: F64, step: float, limit: float, line: F64, rising: Bool) -> None:
    """Write Wilder's stop and reverse, and whether it lies below; begun as TA-Lib does.

    The first move decides: falling where the low fell by more than the high rose. It then begins at the first bar's
    high or low. A stop never enters the range of the two bars before; one that a bar touches turns to the extreme.
    """
    n = high.shape[0]
    start = max(first_known(high), first_known(low))
    line[: min(start + 1, n)] = np.nan
    rising[: min(start + 1, n)] = False
    if start + 1 >= n:
        return
    fell = low[start] - low[start + 1]
    up = not (fell > 0.0 and fell > high[start + 1] - high[start])
    extreme = high[start + 1] if up else low[start + 1]
    stop = low[start] if up else high[start]
    share = min(step, limit)
    before_high = high[start + 1]
    before_low = low[start + 1]
    for t in range(start + 1, n):
        top = high[t]
        bottom = low[t]
        if not (top == top and bottom == bottom):
            line[t:] = np.nan
            rising[t:] = False
            return
        turned = bottom <= stop if up else top >= stop
        if turned:
            stop = max(extreme, before_high, top) if up else min(extreme, before_low, bottom)
            line[t] = stop
            up = not up
            share = min(step, limit)
            extreme = top if up else bottom
        else:
            line[t] = stop
            if (top > extreme) if up else (bottom < extreme):
                extreme = top if up else bottom
                share = min(share + step, limit)
        rising[t] = up
        stop += share * (extreme - stop)
        stop = min(stop, before_low, bottom) if up else max(stop, before_high, top)
        before_high = top
        before_low = bottom


@kernel
def transformed(place: F64, out: F64) -> None:
    """Write Ehlers' transform of where a price lies in its range, 0 to 100: both averages begin at 0.

    value = 0.66 x (place - 1/2) + 0.67 x value, ±0.999 beyond ±0.99; line = ln((1 + value)/(1 - value))/2 + line/2.
    """
    n = place.shape[0]
    start = first_known(place)
    out[: min(start, n)] = np.nan
    value = 0.0
    line = 0.0
    for t in range(start, n):
        value = 0.66 * (place[t] / 100.0 - 0.5) + 0.67 * value
        value = 0.999 if value > 0.99 else -0.999 if value < -0.99 else value
        line = 0.5 * np.log((1.0 + value) / (1.0 - value)) + 0.5 * line
        out[t] = line


@kernel
def streaks(values: F64, out: F64) -> None:
    """Write for how many bars on end values have risen, or fallen (below 0); 0 where one stands still.

    A NaN after the first known value makes all later ones NaN.
    """
    n = values.shape[0]
    start = first_known(values)
    out[: min(start, n)] = np.nan
    ups = 0
    downs = 0
    lost = False
    for t in range(start, n):
        moved = values[t] - values[max(t - 1, start)]
        lost |= moved != moved
        ups = ups + 1 if moved > 0.0 else 0
        downs = downs + 1 if moved < 0.0 else 0
        out[t] = np.nan if lost else ups - downs


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    parabolic(values, values, 0.02, 0.2, out, np.empty(values.shape[0], np.bool_))
    transformed(values, out)
    streaks(values, out)
