"""A service that is used for long holds no more than before; the short form of `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import MIB, Weight, growth, soak


def test_a_service_holds_no_more_after_many_rounds(tmp_path: Path) -> None:
    before, after = soak(tmp_path / "home", rounds=16, clients=4)
    assert growth(before, after) == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (Weight(133 * MIB, 20, 50, {}), "memory grew by 33.0 MiB"),
        (Weight(100 * MIB, 66, 50, {}), "threads grew from 20 to 66"),
        (Weight(100 * MIB, 20, 151, {}), "open files grew from 50 to 151"),
    ],
)
def test_what_grows_is_told(after: Weight, told: str) -> None:
    assert growth(Weight(100 * MIB, 20, 50, {}), after) == [told]
