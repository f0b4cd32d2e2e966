"""What a file's steps say of its interval, and a way out that parses where they say none."""

from __future__ import annotations

import numpy as np
import pytest

from tapehead.errors import AmbiguousFileError
from tapehead.jobs.describe import Steps, guess_interval
from tapehead.ports.bars import Hints
from tests.house.commands import fault_in, refusal

HOUR = 3_600_000_000


def asked(steps: list[int], **hints: str) -> str:
    """Return what is said of a file of such steps (us)."""
    found = Steps()
    found.add(np.array(steps))
    with pytest.raises(AmbiguousFileError) as caught:
        guess_interval("bars.csv", found, Hints(**hints), None)
    return str(caught.value)


@pytest.mark.parametrize(
    ("steps", "hints", "way"),
    [
        ([HOUR, HOUR, 2 * HOUR, 3 * HOUR, 5 * HOUR], {}, "--interval 1h"),
        ([3_600] * 9, {}, "--interval 1m"),
        ([3_600] * 9, {"unit": "us"}, "--unit s"),
        ([1_500_000] * 9, {"unit": "s"}, "--interval 1m"),
        ([1_234_567_000_000] * 9, {}, "--interval 1m"),
    ],
)
def test_the_way_out_is_a_command_that_parses(steps: list[int], hints: dict[str, str], way: str) -> None:
    text = asked(steps, **hints)
    command = text.partition("Decide it: tapehead ")[2]
    assert command == f"import bars.csv {way}"
    assert (fault_in(command), refusal(command)) == (None, None)
    assert ("the times are hardly us" in text) == (way == "--unit s")
