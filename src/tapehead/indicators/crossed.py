"""Crossings of two lines, or of a line and a level; and the bars on which any condition holds."""

import threading

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.errors import ParameterError
from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_values, plain_line
from tapehead.model.signals import Condition, Crossing

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]

_room = threading.local()


def crossed_above(a: ArrayLike, b: ArrayLike | float) -> Crossing:
    """Say where `a` crosses above `b`: `a[t] > b[t] and a[t-1] <= b[t-1]`, all four known.

    Parameters
    ----------
    a : float64 array, shape (n_bars,)
    b : float64 array, shape (n_bars,), or float
        Another line, or a level.

    Returns
    -------
    Crossing
        Lazy; `numpy.asarray` gives the bool array, shape (n_bars,). False wherever a value is NaN.

    Raises
    ------
    ParameterError
        A line is not one line of numbers, or the lengths differ.

    Examples
    --------
    >>> np.asarray(crossed_above([1.0, 2.0, 3.0], 1.5))
    array([False,  True, False])
    """
    return _crossing(a, b, up=True)


def crossed_below(a: ArrayLike, b: ArrayLike | float) -> Crossing:
    """Say where `a` crosses below `b`: `a[t] < b[t] and a[t-1] >= b[t-1]`, all four known.

    Parameters, returns and errors as for `crossed_above`.

    Examples
    --------
    >>> np.asarray(crossed_below([2.0, 1.0, 0.0], 1.5))
    array([False,  True, False])
    """
    return _crossing(a, b, up=False)


def _crossing(a: ArrayLike, b: ArrayLike | float, up: bool) -> Crossing:
    """Check both sides."""
    name = "crossed_above" if up else "crossed_below"
    line = check_values(a, name)
    if (b.ndim if isinstance(b, np.ndarray) else np.ndim(b)) == 0:
        return Crossing(line, float(b), up)  # type: ignore[arg-type]  # ndim 0 is a number
    other = check_values(b, name)
    if other.shape != line.shape:
        bound = f"as long as a, which has {line.shape[0]} values"
        raise ParameterError(name=f"{name}(b)", value=f"{other.shape[0]} values", bound=bound)
    return Crossing(line, other, up)


def event_bars(condition: Condition | None) -> I32:
    """Return the bars on which a condition holds, rising, int32; both directions of a pair share one comparison."""
    from tapehead.kernels.jit import readonly

    if condition is None:
        return readonly(np.empty(0, np.int32))
    if not isinstance(condition, Crossing):
        return readonly(np.flatnonzero(condition).astype(np.int32))
    a, b = plain_line(condition.a), condition.b
    if isinstance(b, np.ndarray):
        line = plain_line(b)
        ups, downs = remember("crossings", (a, line), lambda: _both(a, line))
    else:
        level = float(b)
        ups, downs = remember(("crossings", level), (a,), lambda: _both(a, level))
    return ups if condition.up else downs


def _both(a: F64, b: F64 | float) -> tuple[I32, I32]:
    """Return the bars crossed above and those crossed below."""
    from tapehead.kernels import crossings
    from tapehead.kernels.addresses import address_of
    from tapehead.kernels.jit import readonly

    n = a.shape[0]
    if n == 0:
        empty = readonly(np.empty(0, np.int32))
        return empty, empty
    marks, ups, downs = _scratch(n)
    if isinstance(b, np.ndarray):
        n_up, n_down = crossings.cross(address_of(a), address_of(b), 0.0, n, marks, ups, downs)
    else:
        n_up, n_down = crossings.cross(address_of(a), 0, b, n, marks, ups, downs)
    return readonly(ups[:n_up].copy()), readonly(downs[:n_down].copy())


def _scratch(n: int) -> tuple[U64, I32, I32]:
    """Return room for marks, ups and downs that this thread keeps: fresh pages would cost more than the comparison."""
    from tapehead.kernels.crossings import words_of

    words, most = words_of(n), n // 2 + 1
    held: tuple[U64, I32, I32] | None = getattr(_room, "held", None)
    if held is None or held[1].shape[0] < most:
        held = _room.held = np.empty(2 * words, np.uint64), np.empty(most, np.int32), np.empty(most, np.int32)
    return held[0][: 2 * words].reshape(2, words), held[1], held[2]
