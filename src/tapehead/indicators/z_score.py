"""Z-score."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import deviation_of, mean_of_prices, mixed_of, ratio_of
from tapehead.indicators.values import check_ddof, check_period, check_values

F64 = NDArray[np.float64]


def z_score(values: ArrayLike, period: int = 20, ddof: int = 0) -> F64:
    """How many standard deviations a value lies from the mean of the last `period`.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 2
        Window in bars, not in time.
    ddof : int, 0 or 1
        0 divides by `period`, 1 by `period - 1`.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN. 0 where nothing moves.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    (x − mean)/deviation, mean and deviation as in `bollinger`. Two passes, O(n). Releases the GIL.

    Examples
    --------
    >>> z_score([1.0, 3.0, 3.0, 3.0], period=2)
    array([nan,  1.,  0.,  0.])
    """
    line = check_values(values, "z_score")
    period = check_period(period, "z_score", 2)
    ddof = check_ddof(ddof, period, "z_score")

    def make() -> F64:
        return ratio_of(mixed_of(1.0, line, -1.0, mean_of_prices(line, period)), deviation_of(line, period, ddof), 0.0)

    return remember(("z_score", period, ddof), (line,), make)
