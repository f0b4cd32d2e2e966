"""BestSoFar: the set that leads while a sweep goes on."""

import numpy as np

from tapehead.jobs.best_so_far import MOST_SETS, BestSoFar
from tapehead.model.axis import Axis
from tapehead.model.space import Space

SPACE = Space([("Mine", [Axis("x", (1, 2, 3))], {"y": 5})])
NAN = float("nan")


def test_the_set_of_the_greatest_median_leads_among_those_tried_most() -> None:
    leading = BestSoFar(SPACE, 3, 3)
    assert leading.told() is None
    leading.take("test:A", np.array([2, 0]), np.array([0.5, NAN]))
    leading.take("test:B", np.array([0, 1]), np.array([3.0, 9.0]))
    leading.take("test:A", np.array([1]), np.array([-8.0]))
    assert leading.told() == {"parameters": {"y": 5, "x": 1}, "median": 3.0, "instruments": 2}
    leading.take("test:C", np.array([0]), np.array([1.0]))
    assert leading.told() is None, "looked at a moment ago"


def test_of_too_many_sets_nothing_is_kept() -> None:
    leading = BestSoFar(SPACE, MOST_SETS + 1, 1)
    leading.take("test:A", np.array([0]), np.array([1.0]))
    assert leading.told() is None
