"""read_periods: the bars of a series period by period, its layers laid over each other and nothing left out."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.layers import lay_over
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import ChunkCache

Columns = dict[Column, NDArray[Any]]


def read_periods(tiers: ChunkCache, refs: Sequence[SegmentRef]) -> Iterator[tuple[int, Columns]]:
    """Yield each period with its columns, unfinished bars included; memory holds one period.

    Parameters
    ----------
    tiers : ChunkCache
        A chain that always answers, or raises DamagedSegmentError.
    refs : sequence of SegmentRef
        Of one series, by period, then as a manifest orders them.
    """
    for period, layers in groupby(refs, key=lambda ref: ref.period):
        yield period, read_layers(tiers, list(layers))


def read_layers(tiers: ChunkCache, refs: Sequence[SegmentRef]) -> Columns:
    """Return the columns of one period, a later ref superseding an earlier one bar by bar; at least one ref."""
    layers: list[Columns] = []
    for ref in refs:
        columns: Columns = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        tiers.read(ref, BAR_COLUMNS, columns)
        layers.append(columns)
    return layers[0] if len(layers) == 1 else lay_over(layers)
