"""Space and Grid: every set of a sweep, found by arithmetic; which are kept, in what order, and which are near."""

import tracemalloc
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.errors import ParameterError
from tapehead.model.axis import Axis
from tapehead.model.grid import Grid
from tapehead.model.space import Space
from tapehead.model.spec import RunSpec

FAST = Axis("fast", tuple(range(5, 31, 5)))
SLOW = Axis("slow", tuple(range(10, 60, 10)))
THOUSANDS = tuple(range(1, 10_001))


def one(*axes: Axis, where: str = "", **fixed: float | str) -> Space:
    return Space([("Mine", axes, fixed)], where)


def two(where: str = "") -> Space:
    mine = ("my.py:Mine", [Axis("fast", (1, 2, 3)), Axis("mode", ("a", "b"))], {"share": 2.0})
    return Space([("SmaCross", [SLOW, FAST], {}), mine], where)


def near(grid: Grid, most: int = 4_000_000) -> list[list[int]]:
    return [block.numbers[lo:hi].tolist() for block in grid.neighbours(most=most) for lo, hi in pairwise(block.offsets)]


def test_sets_stand_as_in_the_product_of_the_axes_by_name() -> None:
    grid = Grid.every(one(SLOW, FAST, where="fast < slow", share=0.5))
    wanted = [(f, s) for f, s in product(FAST.values, SLOW.values) if f < s]
    assert [grid.parameters(n) for n in range(len(grid))] == [{"share": 0.5, "fast": f, "slow": s} for f, s in wanted]
    assert grid.places.dtype == np.int32
    assert [(FAST.values[f], SLOW.values[s]) for f, s in grid.places] == wanted


def test_several_strategies_follow_each_other() -> None:
    grid = Grid.every(two("fast < slow and Mine.fast >= 2 and SmaCross.fast != 10"))
    first = [{"strategy": "SmaCross", "fast": f, "slow": s} for f, s in product(FAST.values, SLOW.values)]
    second = [{"strategy": "my.py:Mine", "share": 2.0, "fast": f, "mode": m} for f, m in product((1, 2, 3), ("a", "b"))]
    wanted = [p for p in first if p["fast"] < p["slow"] and p["fast"] != 10]
    wanted += [p for p in second if p["fast"] >= 2]
    assert [grid.parameters(n) for n in range(len(grid))] == wanted
    assert [axis.name for axis in grid.space.axes] == [
        "strategy", "SmaCross.fast", "SmaCross.slow", "my.py:Mine.fast", "my.py:Mine.mode",
    ]  # fmt: skip
    assert grid.places[0].tolist() == [0, 0, 0, -1, -1]
    assert grid.places[-1].tolist() == [1, -1, -1, 2, 1]


def test_a_constraint_may_ask_for_what_does_not_vary() -> None:
    assert len(Grid.every(one(FAST, where="fast < slow", slow=12))) == 2
    with pytest.raises(ParameterError, match="no parameter is called 'mode'"):
        one(FAST, where="mode < 3", mode="a")


def test_a_spec_gives_its_space() -> None:
    spec = RunSpec(
        "Mine", {"share": 0.5}, "1h", universe="all", grid={"slow": (1, 2), "fast": (3,)}, where="fast > slow"
    )
    assert len(Grid.every(Space.of(spec))) == 2
    names = ("SmaCross", "my.py:Mine")
    own = {"SmaCross.fast": FAST.values, "SmaCross.slow": SLOW.values}
    own |= {"my.py:Mine.fast": (1, 2, 3), "my.py:Mine.mode": ("a", "b")}
    spec = RunSpec(" + ".join(names), {"my.py:Mine.share": 2.0}, "1h", grid={"strategy": names, **own})
    held = Grid.every(Space.of(spec))
    assert len(held) == 36
    assert [held.parameters(n) for n in range(36)] == [Grid.every(two()).parameters(n) for n in range(36)]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 2**32), st.integers(1, 2_000), st.booleans())
@settings(max_examples=25, deadline=None)
def test_neighbours_are_one_step_away(lengths: list[int], seed: int, most: int, worded: bool) -> None:
    axes = [Axis(f"a{k}", tuple(range(length))) for k, length in enumerate(lengths)]
    if worded:
        axes.append(Axis("word", ("a", "b")))
    space = one(*axes)
    points = np.random.default_rng(seed).permutation(space.size)[: 1 + space.size // 2]
    grid = Grid(space, points)
    places = grid.places.astype(int)
    apart = np.abs(places[:, None, :] - places[None, :, :])
    stands = apart[:, :, -1] == 0 if worded else np.ones(apart.shape[:2], np.bool_)
    wanted = (apart.max(axis=2) == 1) & stands
    assert near(grid, most) == [np.flatnonzero(row).tolist() for row in wanted]


def test_no_neighbour_is_of_another_strategy() -> None:
    found = near(Grid.every(two()))
    assert all(n < 30 for row in found[:30] for n in row)
    assert found[30:] == [[32], [33], [30, 34], [31, 35], [32], [33]]


def test_over_many_axes_two_step_at_once() -> None:
    grid = Grid.every(one(*(Axis(f"a{k}", (0, 1)) for k in range(7))))
    assert {len(row) for row in near(grid)} == {7 + 21}


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_walk_is_the_order_of_interleaved_bits(lengths: list[int]) -> None:
    grid = Grid.every(one(*(Axis(f"a{k}", tuple(range(length))) for k, length in enumerate(lengths))))

    def key(number: int) -> tuple[int, ...]:
        return tuple(int(place) + 1 >> bit & 1 for bit in range(9, -1, -1) for place in grid.places[number])

    assert grid.walk_order().tolist() == sorted(range(len(grid)), key=key)


def test_a_tile_of_the_walk_needs_few_values() -> None:
    walk = Grid.every(one(Axis("a", tuple(range(1, 128))), Axis("b", tuple(range(1, 128))))).walk_order()
    places = np.array(list(product(range(127), repeat=2)))[walk]
    values = [sum(len(set(places[lo : lo + 256, axis])) for axis in (0, 1)) for lo in range(0, len(walk), 256)]
    assert float(np.mean(values)) < 50 < 256


def test_the_walk_keeps_strategies_apart() -> None:
    assert sorted(Grid.every(two()).walk_order().tolist()[:30]) == list(range(30))


def test_a_walk_over_more_bits_than_a_word_has() -> None:
    space = one(*(Axis(f"a{k:02}", tuple(range(31))) for k in range(12)))
    grid = Grid(space, np.array([space.size - 1, 5, 0, space.size // 2]))
    assert grid.walk_order().tolist() == [2, 1, 3, 0]


def test_a_grid_of_a_million_million_is_refused_at_once() -> None:
    tracemalloc.start()
    for where in ("", "fast < slow"):
        space = one(*(Axis(name, THOUSANDS) for name in ("fast", "slow", "signal")), where=where)
        with pytest.raises(ParameterError) as caught:
            Grid.every(space)
        text = str(caught.value)
        assert text.startswith("grid=1,000,000,000,000 sets: a sweep scores at most 1,000,000.")
        assert "--search random --budget 1000" in text
    assert tracemalloc.get_traced_memory()[1] < 2_000_000, "something of it was listed"
    tracemalloc.stop()
    assert space.parameters(10**12 - 1) == {"fast": 10_000, "signal": 10_000, "slow": 10_000}
    assert space.keeps(np.array([0, 1, 10**12 - 2])).tolist() == [False, True, False]


def test_what_is_kept_of_a_larger_grid_counts() -> None:
    axes = (Axis("a", THOUSANDS[:1_500]), Axis("b", THOUSANDS[:1_500]))
    assert len(Grid.every(one(*axes, where="b >= 100 * a"))) == sum(1_500 - 100 * a + 1 for a in range(1, 16))
    with pytest.raises(ParameterError, match="1,124,250 sets of 2,250,000: a sweep scores at most"):
        Grid.every(one(*axes, where="a < b"))


def test_more_than_arithmetic_holds_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"fewer than 4\.6 quintillion sets"):
        one(*(Axis(f"a{k}", THOUSANDS) for k in range(5)))


def test_a_constraint_that_leaves_nothing_is_named_with_a_set() -> None:
    with pytest.raises(ParameterError) as caught:
        Grid.every(one(FAST, SLOW, where="fast > slow and fast < slow"))
    assert str(caught.value).startswith(
        "where 'fast > slow and fast < slow' takes out all 30 sets of the grid, fast=20 slow=10 among them."
    )


def test_a_constraint_over_parameters_that_never_meet_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"no strategy has Mine\.fast and SmaCross\.slow together"):
        two("Mine.fast < SmaCross.slow")
