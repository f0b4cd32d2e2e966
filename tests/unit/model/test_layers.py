"""Layers of one period: a later one supersedes bar by bar."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tapehead.layout.columns import BAR_COLUMNS
from tapehead.model.layers import lay_over
from tapehead.testing.bar_store import lay_plainly
from tapehead.testing.samples import Columns, sample_columns

LAYERS = st.lists(st.sets(st.integers(0, 30), max_size=20), min_size=1, max_size=4)


@given(LAYERS)
def test_the_highest_layer_that_has_a_bar_wins(times: list[set[int]]) -> None:
    layers: list[Columns] = []
    for seed, chosen in enumerate(times):
        columns = sample_columns(len(chosen), seed=seed)
        columns["ts"] = np.array(sorted(chosen), np.int64)
        layers.append(columns)
    found, expected = lay_over(layers), lay_plainly(*layers)
    assert all(found[name].tobytes() == expected[name].tobytes() for name in BAR_COLUMNS)
