"""survey: what the flags of a range of bars say together."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.flags import survey_flags
from tapehead.kernels.jit import readonly
from tapehead.layout.columns import AFTER_HOLE


class Survey(NamedTuple):
    """Bits that every bar has, bits that any bar has, and how many bars follow a hole."""

    common: int
    some: int
    holes: int


def survey(flags: NDArray[np.uint8]) -> Survey:
    """Return the survey of flags, shape (n_bars,)."""
    return Survey(*survey_flags(readonly(flags), AFTER_HOLE))
