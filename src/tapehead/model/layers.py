"""lay_over: the layers of one period as one block of columns; the one place where a layer supersedes another."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import Column


def lay_over(layers: Sequence[Mapping[Column, NDArray[Any]]]) -> dict[Column, NDArray[Any]]:
    """Return the columns in which a later layer supersedes an earlier one bar by bar, rising in time.

    Parameters
    ----------
    layers : sequence of mappings of arrays
        Lowest first, at least one, all of the same columns; `ts` is among them, of each strictly rising.
    """
    ts = np.concatenate([layer["ts"] for layer in layers])
    order = np.argsort(ts, kind="stable")
    ranked = ts[order]
    last = np.ones(ranked.shape[0], np.bool_)
    # Stable: of equal times the highest layer stands last.
    np.not_equal(ranked[1:], ranked[:-1], out=last[:-1])
    keep = order[last]
    return {name: np.concatenate([layer[name] for layer in layers])[keep] for name in layers[0]}
