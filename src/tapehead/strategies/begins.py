"""begins: where a condition that lasts begins, so that it is said once."""

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]


def begins(condition: BoolArray, *lines: NDArray[np.float64]) -> BoolArray:
    """Say where a condition holds that did not hold on the bar before, on which every line was known.

    Parameters
    ----------
    condition : bool array, shape (n_bars,)
    *lines : float64 arrays, shape (n_bars,)
        What it was made of; NaN is unknown. A condition that holds from the first known bar on does not begin there,
        as a line that is above another from its first bar on has not crossed it.

    Returns
    -------
    bool array, shape (n_bars,)
        False on bar 0.
    """
    found = np.zeros(condition.shape, np.bool_)
    found[1:] = condition[1:] & ~condition[:-1]
    for line in lines:
        found[1:] &= ~np.isnan(line[:-1])
    return found
