"""outline: few points of a line, every extreme among them, no hole lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.jobs.outline import holes_kept, outline
from tapehead.layout.columns import AFTER_HOLE


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=200), st.integers(1, 60))
def test_the_outer_values_and_every_extreme_are_there(values: list[int], points: int) -> None:
    line = np.array(values, np.float64)
    kept = outline(line, points).tolist()
    assert kept == sorted(set(kept))
    assert len(kept) <= points
    if len(line) <= points:
        assert kept == list(range(len(line)))
        return
    assert kept[-1] == len(line) - 1
    assert points == 1 or kept[0] == 0
    if points >= 4:
        assert {min(values), max(values)} <= {values[at] for at in kept}


@pytest.mark.parametrize("points", [2, 3, 4, 9])
def test_a_hole_between_two_points_stays(points: int) -> None:
    flags = np.zeros(50, np.uint8)
    flags[[7, 30]] = AFTER_HOLE
    line = np.sin(np.arange(50.0))
    kept = outline(line, points)
    told = holes_kept(flags, kept)
    holes = [bool(flags[lo + 1 : hi + 1].any()) for lo, hi in zip([-1, *kept[:-1]], kept, strict=True)]
    assert [bool(flag) for flag in told] == holes
    assert flags.sum() == 2 * AFTER_HOLE
