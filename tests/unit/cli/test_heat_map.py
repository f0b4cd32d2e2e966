"""heat_map: two axes in the cells of a terminal, whatever its width, its colours and its letters."""

import numpy as np
import pytest

from tapehead.cli.heat_map import SHADES, heat_map
from tapehead.cli.ink import Ink
from tapehead.metrics.surface import Rows, Surface, surface
from tapehead.model.axis import Axis
from tapehead.model.grid import Grid
from tapehead.model.space import Space

PLAIN = Ink(False)


def made(axes: dict[str, int], weights: dict[str, float], where: str = "") -> tuple[Grid, Surface]:
    """A grid over 0, 1, 2 … of each axis, worth the weighted sum of its places."""
    space = Space([("SmaCross", [Axis(name, tuple(range(n))) for name, n in axes.items()], {})], where)
    grid = Grid.every(space)
    names = [axis.name for axis in space.axes]
    medians = sum((weights.get(name, 0.0) * grid.places[:, k] for k, name in enumerate(names)), np.zeros(len(grid)))
    one = np.ones(len(grid), np.int64)
    rows = Rows(medians, medians, medians, medians, medians, one, one)
    indptr, indices = np.zeros(len(grid) + 1, np.int64), np.empty(0, np.int64)
    return grid, surface([rows], indptr, indices)


def test_two_axes_are_drawn_with_their_values_and_the_best_robust_set() -> None:
    grid, found = made({"fast": 3, "slow": 5}, {"fast": 1.0, "slow": 1.0})
    assert heat_map(grid, found, "sharpe", 80, PLAIN, shades=False) == [
        "  median sharpe, fast down, slow across",
        "     0 0 2 3 4 6",
        "     1 2 3 4 6 8",
        "     2 3 4 6 8 *",
        "       0       4",
        "       0 0.00 to 9 +6.00   * best robust",
    ]
    shaded = heat_map(grid, found, "sharpe", 80, PLAIN, shades=True)
    assert shaded[1].endswith("··░░░░▒▒▓▓")
    assert set("".join(shaded[1:4])) <= set(f"{SHADES}* 012")


def test_of_more_axes_the_two_that_matter_most_are_drawn() -> None:
    grid, found = made({"a": 4, "b": 4, "c": 4}, {"a": 0.1, "b": 2.0, "c": 1.0})
    lines = heat_map(grid, found, "cagr", 80, PLAIN, shades=False)
    assert lines[0] == "  median cagr, b down, c across at a=3"
    assert lines[4].rstrip().endswith("*")


@pytest.mark.parametrize("width", [40, 80])
def test_many_values_share_cells(width: int) -> None:
    grid, found = made({"fast": 90, "slow": 300}, {"fast": 1.0, "slow": 1.0})
    lines = heat_map(grid, found, "sharpe", width, PLAIN, shades=True)
    assert all(len(line) <= width for line in lines)
    assert len(lines) <= 27
    assert sum(line.count("*") for line in lines[:-1]) == 1


def test_sets_that_are_not_there_stay_blank() -> None:
    grid, found = made({"fast": 4, "slow": 4}, {"fast": 1.0, "slow": 1.0}, where="fast < slow")
    lines = heat_map(grid, found, "sharpe", 80, PLAIN, shades=False)
    assert [line[7:] for line in lines[1:5]] == ["  0 2 4", "    4 7", "      *", ""]


def test_one_axis_is_no_map() -> None:
    for axes in ({"fast": 9}, {"fast": 9, "slow": 1}):
        grid, found = made(axes, {"fast": 1.0})
        assert heat_map(grid, found, "sharpe", 80, PLAIN, shades=True) == []


def test_color_tells_gain_from_loss() -> None:
    grid, found = made({"fast": 2, "slow": 3}, {"fast": 1.0, "slow": -1.0})
    drawn = "\n".join(heat_map(grid, found, "sharpe", 80, Ink(True), shades=True))
    assert "\x1b[31m" in drawn
    assert "\x1b[1m*" in drawn
