"""tile_tasks: a sweep is cut by what its tiles take, and goes on however it was cut before."""

from dataclasses import replace

import numpy as np
import pytest

from tapehead.jobs.plan import Item
from tapehead.jobs.tiles import AIM_US, BARS, FIRST_BARS, MOST_SETS, Pace, gaps, tile_tasks
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.rules import Rules
from tapehead.model.segment import SegmentRef
from tapehead.model.tile import no_cells


def item(rows: int) -> Item:
    series = Series("test", "A", Interval.parse("1h"))
    return Item(Instrument("test", "A"), series, (SegmentRef(series, 0, 0, b"", b"", 0, 0, rows, 1, None),), Rules())


@pytest.mark.parametrize(
    ("spans", "left"),
    [((), [(2, 9)]), (((0, 20),), []), (((5, 7), (0, 3)), [(3, 5), (7, 9)]), (((8, 12), (10, 11)), [(2, 8)])],
)
def test_what_is_left_is_what_nothing_covers(spans: tuple[tuple[int, int], ...], left: list[tuple[int, int]]) -> None:
    assert list(gaps(2, 9, spans)) == left


def test_a_sweep_goes_on_however_it_was_cut() -> None:
    points = np.arange(100, 110)
    tasks = list(tile_tasks("R", [item(1)], points, 50, {"test:A": [(53, 54), (57, 58)]}, Pace(sets=2)))
    assert [(task.lo, task.hi) for task in tasks] == [(50, 52), (52, 53), (54, 56), (56, 57), (58, 60)]
    assert [np.frombuffer(task.points, "<i8").tolist() for task in tasks] == [
        [100, 101], [102], [104, 105], [106], [108, 109],
    ]  # fmt: skip


def test_tiles_of_plain_python_are_as_large_as_their_time_allows() -> None:
    pace, tile = Pace(measured=True), no_cells("R", "test:A", "1h", 0, 4, 0)
    assert pace.sets(item(8_192)) == FIRST_BARS // 8_192 == 4
    pace.took(replace(tile, bars=8_192, elapsed_us=4 * int(AIM_US)))
    assert (pace.sets(item(8_192)), pace.sets(item(1_000)), pace.sets(item(10**6))) == (1, 8, 1)
    pace.took(tile)
    assert pace.sets(item(8_192)) == 1
    pace.took(replace(tile, bars=8_192, elapsed_us=1))
    assert (pace.sets(item(8_192)), pace.sets(item(10))) == (BARS // 8_192, MOST_SETS)


def test_tiles_of_what_is_compiled_do_not_depend_on_the_machine() -> None:
    pace = Pace()
    pace.took(replace(no_cells("R", "test:A", "1h", 0, 4, 0), bars=8_192, elapsed_us=10**9))
    assert pace.sets(item(8_000)) == 1_000
