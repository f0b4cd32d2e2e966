"""coverage: layers and the tail count as they are read, and a look at everything is no reason to keep anything."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tapehead.jobs.coverage import Axis, Months, coverage
from tapehead.layout.columns import AFTER_HOLE, SUSPECT
from tapehead.library.store import open as open_store
from tapehead.model.bars import frozen_bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.ledger import Ledger
from tapehead.testing.samples import HOUR, YEAR_2021
from tapehead.wiring.assemble import House
from tests.unit.library.market import HOUR_US, columns_of, house_of, put

ONE = Series("test", "ONE", HOUR)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_store(tmp_path / "home") as store:
        yield house_of(store)


def ledger(house: House) -> Ledger:
    (one,) = coverage(house.bars, house.codec, house.shelf, [ONE], axis=Axis(YEAR_2021, YEAR_2021 + 10, 1), runs=True)
    return one


def test_the_tail_supersedes_and_adds(house: House) -> None:
    put(house, [(Instrument("test", "ONE"), columns_of(100))])
    late = columns_of(5, first=90, seed=3)
    late["flags"][0] = SUSPECT
    house.bars.append([frozen_bars(ONE, {name: values.copy() for name, values in late.items()})])
    after = columns_of(2, first=104, seed=4)
    after["flags"][0] |= AFTER_HOLE
    house.bars.append([frozen_bars(ONE, {name: values.copy() for name, values in after.items()})])
    found = ledger(house)
    assert (found.bars, found.missing, found.gaps, found.suspect, found.untraded) == (102, 4, 1, 1, 1)
    assert (found.first, found.last) == (YEAR_2021, YEAR_2021 + 105 * HOUR_US)
    assert [run[:3] for run in found.runs] == [(YEAR_2021 + 100 * HOUR_US, YEAR_2021 + 104 * HOUR_US, 4)]


def test_nothing_is_kept_in_the_tiers(house: House) -> None:
    put(house, [(Instrument("test", "ONE"), columns_of(9_000))])
    before = [tier.size_bytes for tier in house.tiers()]
    assert ledger(house).bars == 9_000
    assert [tier.size_bytes for tier in house.tiers()] == before


def test_series_without_a_bar_are_left_out_and_progress_is_told(house: House) -> None:
    put(house, [(Instrument("test", name), columns_of(30)) for name in ("ONE", "TWO")])
    told: list[tuple[str, int, int]] = []
    series = [ONE, Series("test", "NIL", HOUR), Series("test", "TWO", HOUR)]
    found = coverage(house.bars, house.codec, house.shelf, series, progress=lambda *words: told.append(words))
    assert [one.series.symbol for one in found] == ["ONE", "TWO"]
    assert [counts for _, *counts in told] == [[0, 2], [1, 2]]


def test_a_cell_of_months_is_a_calendar_month(house: House) -> None:
    # Of 2021: all of January but its last day, no bar of February, the first ten days of March.
    hours = [*range(30 * 24), *range((31 + 28) * 24, (31 + 28 + 10) * 24)]
    columns = columns_of(len(hours))
    columns["ts"] = YEAR_2021 + HOUR_US * np.array(hours, np.int64)
    put(house, [(Instrument("test", "ONE"), columns)])
    end = YEAR_2021 + HOUR_US * (31 + 28 + 10) * 24
    for axis in (Months(YEAR_2021, end), Months(YEAR_2021 + 5, end + 20 * 24 * HOUR_US)):
        (one,) = coverage(house.bars, house.codec, house.shelf, [ONE], axis=axis)
        assert one.strip == "+-#"
    (one,) = coverage(house.bars, house.codec, house.shelf, [ONE], axis=Months(YEAR_2021 - 1, end + 365 * 24 * HOUR_US))
    assert one.strip == " +-#" + 12 * " "


def test_an_older_state_of_the_store_is_told_as_it_was(house: House) -> None:
    put(house, [(Instrument("test", "ONE"), columns_of(10))])
    before = house.bars.head()
    later = columns_of(30)
    later["ts"] = YEAR_2021 + HOUR_US * np.array([*range(10), *range(30, 50)], np.int64)
    put(house, [(Instrument("test", "ONE"), later)])
    found = [coverage(house.bars, house.codec, house.shelf, [ONE], snapshot=at, runs=True)[0] for at in (None, before)]
    assert [(one.bars, one.missing, len(one.runs)) for one in found] == [(30, 20, 1), (10, 0, 0)]
