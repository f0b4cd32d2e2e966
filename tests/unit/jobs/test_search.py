"""Searchers: which sets of a sweep are scored, drawn, raced or asked for; the same from the same seed."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.jobs.search.ask import BATCH, Ask
from tapehead.jobs.search.choose import searcher_of
from tapehead.jobs.search.draw import draw
from tapehead.jobs.search.race import Race, rounds_of
from tapehead.jobs.search.searcher import I64, Searcher
from tapehead.model.axis import Axis
from tapehead.model.grid import Grid
from tapehead.model.space import Space
from tapehead.model.spec import RunSpec

HUNDRED = tuple(range(100))
THOUSANDS = tuple(range(1, 10_001))
Worth = Callable[[Any], float]


def space_of(where: str = "", **axes: tuple[Any, ...]) -> Space:
    return Space([("Mine", [Axis(name, values) for name, values in axes.items()], {})], where)


def bowl(set_: Any) -> float:
    return -float((set_["x"] - 37) ** 2 + (set_["y"] - 71) ** 2)


def rounds(searcher: Searcher, worth: Worth, order: Callable[[I64], I64] = lambda sets: sets) -> list[tuple[Any, ...]]:
    """Play a search to its end; `order` is that in which the sets of a round are told, one by one."""
    found = []
    while (asked := searcher.next()) is not None:
        found.append((searcher.grid.points[asked.sets].tolist(), asked.sets.tolist(), asked.instruments.tolist()))
        for number in order(asked.sets):
            value = worth(searcher.grid.parameters(int(number)))
            searcher.tell(np.array([number]), np.array([value]))
    return found


def shuffled(sets: I64) -> I64:
    return np.random.default_rng(len(sets)).permutation(sets)


def spec_of(search: Any = "grid", *, grid: Any = None, **given: Any) -> RunSpec:
    return RunSpec("Mine", {}, "1h", grid=grid or {"x": (1, 2, 3), "y": (1, 2)}, search=search, **given)


def test_a_grid_search_is_one_round_of_all() -> None:
    searcher = searcher_of(spec_of(where="x > y"), 4)
    assert rounds(searcher, lambda _: 0.0) == [([2, 4, 5], [0, 1, 2], [0, 1, 2, 3])]


@pytest.mark.parametrize("where", ["", "x < y"])
def test_a_draw_covers_everything_and_repeats_nothing(where: str) -> None:
    space = space_of(where, x=HUNDRED, y=HUNDRED)
    everything = Grid.every(space).points
    drawn = draw(space, len(everything), 7)
    assert sorted(drawn.tolist()) == everything.tolist()
    assert drawn.tolist() != everything.tolist()
    assert draw(space, 10 * len(everything), 7).tolist() == drawn.tolist()
    assert draw(space, 50, 7).tolist() == drawn[:50].tolist()
    assert draw(space, 50, 8).tolist() != drawn[:50].tolist()


@pytest.mark.parametrize("name", ["small", "large"])
def test_a_draw_is_uniform(name: str) -> None:
    """Of 20,000 sets over 10 equal parts of an axis, each part has 2,000 within six deviations."""
    axes = {"x": HUNDRED, "y": THOUSANDS} if name == "small" else {"x": HUNDRED, "y": THOUSANDS, "z": THOUSANDS}
    space = space_of("", **axes)
    places = space.places(draw(space, 20_000, 7))
    for axis, held in enumerate(space.axes):
        parts = np.bincount(places[:, axis] * 10 // len(held), minlength=10)
        assert abs(parts - 2_000).max() < 6 * np.sqrt(1_800)


def test_a_draw_from_a_million_million_sets_meets_its_constraint() -> None:
    space = space_of("fast < slow and signal != 9", fast=THOUSANDS, slow=THOUSANDS, signal=THOUSANDS)
    drawn = draw(space, 1_000, 7)
    assert len(set(drawn.tolist())) == 1_000
    assert space.keeps(drawn).all()
    assert drawn.tolist() == draw(space, 1_000, 7).tolist()


def test_a_draw_that_finds_too_few_says_how_many() -> None:
    axes = dict.fromkeys(("fast", "slow", "signal"), THOUSANDS)
    with pytest.raises(ParameterError) as caught:
        draw(space_of("fast == slow and signal == slow + 1", **axes), 10, 7)
    assert str(caught.value).startswith("where 'fast == slow and signal == slow + 1' takes out all of 4,")
    with pytest.raises(ParameterError) as caught:
        draw(space_of("fast == slow", **axes), 1_000_000, 7)
    text = str(caught.value)
    kept = int(text.rpartition(" ")[2].rstrip("."))
    assert f"budget=1000000: budget must be {kept} or less" in text
    assert draw(space_of("fast == slow", **axes), 100, 7).shape == (100,)


def test_a_strict_constraint_on_millions_is_met() -> None:
    space = space_of("a == 1999 and b >= 1998", a=THOUSANDS[:2_000], b=THOUSANDS[:2_000])
    assert sorted(draw(space, 100, 7).tolist()) == [1998 * 2_000 + b for b in (1_997, 1_998, 1_999)]


def test_random_search_numbers_its_sets_in_order_of_the_grid() -> None:
    spec = spec_of("random", grid={"x": HUNDRED, "y": HUNDRED}, budget=40)
    ((points, sets, instruments),) = rounds(searcher_of(spec, 3), lambda _: 0.0)
    assert sets == list(range(40))
    assert points == sorted(points)
    assert instruments == [0, 1, 2]
    assert rounds(searcher_of(spec, 3), lambda _: 1.0)[0][0] == points


@pytest.mark.parametrize(
    ("sets", "instruments", "wanted"),
    [
        (1_000, 48, [(1_000, 2), (334, 6), (112, 16), (38, 48)]),
        (27, 48, [(27, 2), (9, 6), (3, 16), (1, 48)]),
        (9, 9, [(9, 1), (3, 3), (1, 9)]),
        (2, 48, [(2, 48)]),
        (100, 2, [(100, 2)]),
        (100, 1, [(100, 1)]),
    ],
)
def test_a_race_keeps_a_third_for_three_times_as_many(sets: int, instruments: int, wanted: list[Any]) -> None:
    assert rounds_of(sets, instruments) == wanted


def test_a_race_goes_on_with_the_best_and_scores_nothing_twice() -> None:
    grid = Grid.every(space_of("", x=tuple(range(10)), y=tuple(range(10))))
    played = rounds(
        Race(grid, 20, 7), lambda one: float(one["x"] * 10 + one["y"] if one["x"] < 9 else np.nan), shuffled
    )
    assert [(len(sets), len(new)) for _, sets, new in played] == [(100, 3), (34, 4), (12, 13)]
    assert played[1][1] == list(range(56, 90))
    assert played[2][1] == list(range(78, 90))
    met = [number for _, _, new in played for number in new]
    assert sorted(met) == list(range(20)), "every instrument once"
    assert met != list(range(20)), "which come first is drawn"


def test_a_race_among_equals_and_unknowns_goes_by_number() -> None:
    grid = Grid.every(space_of("", x=tuple(range(9))))
    assert [sets for _, sets, _ in rounds(Race(grid, 9, 7), lambda _: 0.0)] == [[*range(9)], [0, 1, 2], [0]]
    assert [sets for _, sets, _ in rounds(Race(grid, 9, 7), lambda _: float("nan"))] == [[*range(9)], [0, 1, 2], [0]]


@pytest.mark.parametrize("search", ["bayes", "halving"])
def test_a_round_that_was_not_told_is_waited_for(search: Any) -> None:
    searcher = searcher_of(spec_of(search, grid={"x": HUNDRED}, budget=20), 9)
    asked = searcher.next()
    assert asked is not None
    searcher.tell(asked.sets[1:], np.zeros(len(asked.sets) - 1))
    with pytest.raises(ValueError, match="every set of a round is told before the next"):
        searcher.next()


def test_asking_finds_the_bottom_of_a_bowl_where_drawing_does_not() -> None:
    """64 of 10,000 sets, over four seeds: sets asked for come nearer than drawn ones, by far more than luck."""
    space = space_of("", x=HUNDRED, y=HUNDRED)
    asked, drawn = [], []
    for seed in range(4):
        searcher = Ask(space, 64, 2, seed)
        rounds(searcher, bowl)
        assert len(searcher.grid) == len(set(searcher.grid.points.tolist())) == 64
        asked.append(max(bowl(searcher.grid.parameters(n)) for n in range(64)))
        drawn.append(max(bowl(space.parameters(p)) for p in draw(space, 64, seed).tolist()))
    assert np.mean(asked) > np.mean(drawn) + 10
    assert min(asked) > -50


def test_asking_depends_on_the_values_and_not_on_their_order() -> None:
    def play(worth: Worth, order: Callable[[I64], I64]) -> list[Any]:
        return rounds(Ask(space_of("x < y", x=HUNDRED, y=HUNDRED), 28, 2, 7), worth, order)

    first = play(bowl, lambda sets: sets)
    assert play(bowl, shuffled) == first
    assert play(lambda one: -bowl(one), shuffled) != first
    assert [len(sets) for _, sets, _ in first] == [BATCH] * 3 + [4]


def test_asking_meets_the_constraint_and_gives_every_set_of_a_small_grid() -> None:
    space = space_of("x < y and x + y < 12", x=tuple(range(10)), y=tuple(range(10)))
    searcher = Ask(space, 1_000, 2, 7)
    rounds(searcher, lambda _: float("nan"))
    assert sorted(searcher.grid.points.tolist()) == Grid.every(space).points.tolist()


def test_asking_over_several_strategies_and_words() -> None:
    mine = ("Mine", [Axis("x", tuple(range(4))), Axis("mode", ("a", "b"))], {})
    space = Space([mine, ("Other", [Axis("x", (1, 2, 3))], {})])
    searcher = Ask(space, 50, 2, 7)
    rounds(searcher, lambda one: float(one["x"]))
    assert sorted(searcher.grid.points.tolist()) == list(range(11))


def test_a_budget_is_wanted() -> None:
    for search in ("random", "halving", "bayes"):
        with pytest.raises(ParameterError, match=f"given where the search is {search}: --budget 1000"):
            searcher_of(spec_of(search), 3)


def test_without_optuna_only_asking_is_missed() -> None:
    """In a process of its own, where Optuna cannot be imported."""
    code = """
import sys
sys.modules["optuna"] = None
from tapehead.errors import MissingPackageError
from tapehead.jobs.search.choose import searcher_of
from tapehead.model.spec import RunSpec
for search in ("random", "halving", "bayes"):
    try:
        searcher_of(RunSpec("Mine", {}, "1h", grid={"x": (1, 2)}, search=search, budget=2), 3)
    except MissingPackageError as error:
        print(search, error.exit_code, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "bayes 3 --search bayes needs Optuna, which comes with the extra 'search'. "
        "Install it: pip install 'tapehead[search]'\n"
    )


def test_optuna_is_imported_only_to_ask() -> None:
    code = """
import sys
from tapehead.jobs.search.choose import searcher_of
from tapehead.model.spec import RunSpec
searcher_of(RunSpec("Mine", {}, "1h", grid={"x": (1, 2)}, search="halving", budget=2), 3)
assert not {"optuna", "sqlalchemy"} & sys.modules.keys()
searcher_of(RunSpec("Mine", {}, "1h", grid={"x": (1, 2)}, search="bayes", budget=2), 3).next()
assert "optuna" in sys.modules and "scipy" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
