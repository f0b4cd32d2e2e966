"""ratio_to: the price of an instrument in units of another one."""

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import Bars


def ratio_to(bars: Bars, name: str) -> tuple[NDArray[np.float64], int]:
    """Return the close over the last closed price of the series `name` beside it, and from which bar on it is known.

    Returns
    -------
    ratio : float64 array, shape (n_bars,)
        As it was last known where one of the prices is not above 0; 1 before it was ever known.
    first : int
        The first bar on which it is known, `n_bars` where there is none.
    """
    other = bars.other(name).close
    known = (bars.close > 0.0) & (other > 0.0)
    if not known.any():
        return np.ones(len(bars)), len(bars)
    ratio = np.ones(len(bars))
    ratio[known] = bars.close[known] / other[known]
    last = np.maximum.accumulate(np.where(known, np.arange(len(bars)), -1))
    first = int(np.argmax(known))
    ratio[first:] = ratio[last[first:]]
    return ratio, first
