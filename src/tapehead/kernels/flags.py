"""One pass over the flags of bars."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import readonly, short_kernel

U8 = NDArray[np.uint8]


@short_kernel
def survey_flags(flags: U8, bit: int) -> tuple[int, int, int]:
    """Return the bits that every bar has, the bits that any bar has, and how many bars have `bit`."""
    common = np.uint8(255)
    some = np.uint8(0)
    count = 0
    for t in range(flags.shape[0]):
        common &= flags[t]
        some |= flags[t]
        count += (flags[t] & bit) != 0
    return int(common), int(some), count


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    survey_flags(readonly(np.zeros(values.shape[0], np.uint8)), 16)
