"""Surfaces, set by set, against dictionaries and the statistics module."""

from __future__ import annotations

import itertools
import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.metrics.surface import Rows, over_instruments, surface

Place = tuple[int, ...]
NAN = math.nan


def places_of(shape: Place) -> list[Place]:
    return list(itertools.product(*map(range, shape)))


def neighbours_of(places: list[Place]) -> dict[Place, list[Place]]:
    """Those at most one step away on every axis."""
    return {
        one: [other for other in places if one != other and max(map(abs, np.subtract(one, other))) == 1]
        for one in places
    }


def pairs_of(places: list[Place], near: dict[Place, list[Place]]) -> tuple[np.ndarray, np.ndarray]:
    number = {one: k for k, one in enumerate(places)}
    lists = [[number[other] for other in near[one]] for one in places]
    indptr = np.cumsum([0, *map(len, lists)])
    return indptr.astype(np.int64), np.array([k for each in lists for k in each], np.int64)


def median(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return statistics.median(known) if known else NAN


def first_greatest(values: dict[Place, float]) -> Place | None:
    known = {one: value for one, value in values.items() if not math.isnan(value)}
    return max(known, key=known.__getitem__) if known else None


def plateau(around: dict[Place, float], near: dict[Place, list[Place]], top: Place | None) -> set[Place]:
    if top is None:
        return set()
    least = around[top] - (around[top] - median(list(around.values()))) / 4
    found, waiting = {top}, [top]
    while waiting:
        for other in near[waiting.pop()]:
            if other not in found and around[other] >= least:
                found.add(other)
                waiting.append(other)
    return found


VALUES = st.sampled_from([NAN, -2.0, -1.0, -0.5, 0.0, 1.0, 1.5, 2.0, 8.0])


@st.composite
def sweeps(draw: st.DrawFn) -> tuple[list[Place], list[list[float]], list[list[float]]]:
    """Some places of a grid, in its order, with an objective and a return on some instruments."""
    shape = draw(st.sampled_from([(1,), (7,), (3, 4), (5, 5), (2, 3, 3)]))
    places = [one for one in places_of(shape) if draw(st.integers(0, 9))]
    wide = draw(st.integers(0, 5))
    matrix = st.lists(st.lists(VALUES, min_size=wide, max_size=wide), min_size=len(places), max_size=len(places))
    return places, draw(matrix), draw(matrix)


@settings(max_examples=60, deadline=None)
@given(sweeps(), st.integers(1, 9))
def test_a_surface_is_what_dictionaries_say(
    sweep: tuple[list[Place], list[list[float]], list[list[float]]], step: int
) -> None:
    places, objective, returns = sweep
    near = neighbours_of(places)
    wide = len(objective[0]) if objective else 0
    matrices = [np.array(each, float).reshape(len(places), wide) for each in (objective, returns)]
    holding = np.array([0.0, NAN, 1.0, -1.0, 8.0][:wide])
    blocks = [
        over_instruments(*(one[at : at + step] for one in matrices), holding) for at in range(0, len(places), step)
    ]
    found = surface(blocks, *pairs_of(places, near))

    rows = [median(row) for row in objective]
    tried = [sum(not math.isnan(value) for value in row) for row in returns]
    middles = {one: row if scored == max(tried) else NAN for one, row, scored in zip(places, rows, tried, strict=True)}
    around = {
        one: NAN if math.isnan(middles[one]) else median([middles[one], *(middles[other] for other in near[one])])
        for one in places
    }
    assert np.array_equal(found.rows.median, rows, equal_nan=True)
    assert found.rows.scored.tolist() == tried
    assert np.array_equal(found.neighbourhood, list(around.values()), equal_nan=True)
    for k, row in enumerate(objective):
        known = [value for value in row if not math.isnan(value)]
        quartiles = statistics.quantiles(known, n=4, method="inclusive") if len(known) > 1 else (known or [NAN]) * 3
        assert found.rows.count[k] == len(known)
        assert np.array_equal([found.rows.lower[k], found.rows.upper[k]], quartiles[::2], equal_nan=True)
        returned = [value for value in returns[k] if not math.isnan(value)]
        above = sum(value > 0 for value in returned) / len(returned) if returned else NAN
        assert np.array_equal([found.rows.above_zero[k]], [above], equal_nan=True)
        beaten = [a > b for a, b in zip(returns[k], holding.tolist(), strict=True) if a == a and b == b]
        share = sum(beaten) / len(beaten) if beaten else NAN
        assert np.array_equal([found.rows.above_holding[k]], [share], equal_nan=True)
    for number, values in ((found.best, middles), (found.best_robust, around)):
        assert (None if number is None else places[number]) == first_greatest(values)
    assert {places[k] for k in found.plateau} == plateau(around, near, first_greatest(around))
    assert np.all(np.diff(found.plateau) > 0)


def test_a_lonely_peak_is_best_and_a_broad_hill_is_robust() -> None:
    medians = np.zeros((9, 9))
    medians[1, 1] = 5.0
    medians[5:8, 5:8] = 2.0
    medians[6, 6] = 2.5
    places = places_of((9, 9))
    found = surface(
        [over_instruments(medians.reshape(-1, 1), medians.reshape(-1, 1), np.zeros(1))],
        *pairs_of(places, neighbours_of(places)),
    )
    assert found.best is not None
    assert found.best_robust is not None
    assert places[found.best] == (1, 1)
    assert found.neighbourhood[found.best] == 0.0
    # Five of the nine around (6, 5) are on the hill: the first of equal ones.
    assert places[found.best_robust] == (5, 6)
    assert {places[k] for k in found.plateau} == {(5, 6), (6, 5), (6, 6), (6, 7), (7, 6)}


def test_a_set_that_a_race_left_early_is_never_best() -> None:
    """It shines on the two instruments it was tried on; the others were tried on four."""
    objective = np.array([[9.0, 9.0, NAN, NAN], [1.0, 1.0, 1.0, 1.0], [2.0, 2.0, NAN, 2.0]])
    returns = np.array([[0.9, 0.9, NAN, NAN], [0.1, 0.1, 0.1, 0.1], [0.2, 0.2, 0.0, 0.2]])
    found = surface([over_instruments(objective, returns, np.zeros(4))], np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]))
    assert found.rows.median.tolist() == [9.0, 1.0, 2.0]
    assert found.rows.scored.tolist() == [2, 4, 4]
    assert (found.best, found.best_robust) == (2, 1)
    assert np.array_equal(found.neighbourhood, [NAN, 1.5, 1.5], equal_nan=True)


def test_an_infinite_value_is_undefined() -> None:
    gains = np.array([[math.inf, 1.0, -1.0, 0.0]])
    found = over_instruments(np.array([[math.inf, 1.0, 3.0, -math.inf]]), gains, np.zeros(4))
    assert (found.median[0], found.count[0], found.above_zero[0]) == (2.0, 2, 1 / 3)


@pytest.mark.parametrize("wide", [0, 3])
def test_a_sweep_of_nothing(wide: int) -> None:
    none = surface([], np.zeros(1, np.int64), np.zeros(0, np.int64))
    assert (none.best, none.best_robust, len(none.plateau), len(none.rows.count)) == (None, None, 0, 0)
    undone = np.full((2, wide), NAN)
    found = surface(
        [over_instruments(undone, undone, np.zeros(undone.shape[1]))], np.array([0, 1, 2]), np.array([1, 0])
    )
    assert (found.best, found.best_robust, found.plateau.tolist()) == (None, None, [])
    assert isinstance(found.rows, Rows)
