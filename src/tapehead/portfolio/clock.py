"""union_clock: the instants at which some instrument of a portfolio has a bar."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import Bars

I64 = NDArray[np.int64]
_AT_ONCE = 64


def union_clock(bars: Sequence[Bars]) -> I64:
    """Return the open times (us UTC) of all bars at or after their starts, rising, each once."""
    whole = np.empty(0, np.int64)
    for lo in range(0, len(bars), _AT_ONCE):
        whole = np.unique(np.concatenate([whole, *(one.ts[one.warm :] for one in bars[lo : lo + _AT_ONCE])]))
    return whole
