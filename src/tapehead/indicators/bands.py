"""Three lines around a price: what Bollinger, Keltner and Donchian give."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.values import locked

F64 = NDArray[np.float64]


class Bands(NamedTuple):
    """Upper, middle and lower line, float64 arrays of shape (n_bars,), read-only."""

    upper: F64
    middle: F64
    lower: F64


def bands_around(middle: F64, reach: F64, width: float) -> Bands:
    """Return the bands `width` times `reach` from a middle; known where both are."""
    from tapehead.kernels.weights import around

    upper, lower = np.empty(middle.shape[0]), np.empty(middle.shape[0])
    around(middle, reach, width, upper, lower)
    return Bands(locked(upper), locked(middle), locked(lower))
