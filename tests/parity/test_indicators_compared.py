"""What the catalogue says of other tools' figures is so: the largest difference there is, and no more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tapehead.indicators.catalogue import INDICATORS
from tests.parity import figures

NOBODY = {"chande_kroll"}
"""Of which no other tool at hand has figures by the same definition."""
TALIB = "TA-Lib 0.8.2"
SAID = {(row.name, one.tool): one.difference for row in INDICATORS for one in row.compared}
ROUNDING = 1e-13


@pytest.mark.parametrize("source", figures.SOURCES, ids=lambda source: source.__name__.removeprefix("from_"))
def test_the_largest_difference_is_the_one_that_is_told(
    source: Callable[[figures.Find], Iterator[figures.Figure]], shared_data: Callable[[str], Path]
) -> None:
    if source is figures.from_talib:
        pytest.importorskip("talib", reason="TA-Lib's wheel is absent: pip install 'tapehead[ta-lib]'")
    found = {(one.name, one.tool): one.difference() for one in source(shared_data)}
    tools = {tool for _, tool in found}
    assert set(found) == {key for key in SAID if key[1] in tools}
    for key, difference in found.items():
        assert difference <= SAID[key], key
        # Another processor may round otherwise; a figure that is far too large would hide a fault.
        assert SAID[key] <= max(4 * difference, ROUNDING), key


def test_every_indicator_is_held_against_somebody() -> None:
    assert {row.name for row in INDICATORS if not row.compared} <= NOBODY
    assert sum(one.tool == TALIB for row in INDICATORS for one in row.compared) >= 60
    assert all(one.difference < 1e-11 for row in INDICATORS for one in row.compared if one.tool == TALIB)
