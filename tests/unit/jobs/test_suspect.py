"""What looks wrong: jumps that come back, prices that stand still, another price level."""

import numpy as np
import pytest

from tapehead.jobs.suspect import count_jumps, is_off_scale, longest_constant, sentence


@pytest.mark.parametrize(
    ("closes", "jumps"),
    [
        ([10, 0.1, 10], 1),
        ([10, 1000, 10], 1),
        ([10, 10, 0.1, 0.1, 0.1, 0.1, 0.1, 11], 1),
        ([10, 10, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 11], 0),
        ([10, 1000, 10, 0.1, 10], 2),
        ([10, 0.1, 0.1, 0.1], 0),
        ([10, 0.3, 10], 0),
        ([10, 0.01, 10], 0),
        ([10, 0.15, 19], 1),
        ([10, 0.15, 21], 0),
        ([0, 10, 0], 0),
        ([10, 0.1], 0),
        ([], 0),
    ],
)
def test_jumps(closes: list[float], jumps: int) -> None:
    assert count_jumps(np.array(closes, np.float64)) == jumps


def test_a_constant_price_is_measured_in_bars() -> None:
    close = np.array([1.0, 2.0, 2.0, 2.0, 3.0, 3.0])
    flat = dict.fromkeys(("open", "high", "low", "close"), close)
    assert longest_constant(flat) == 3
    assert longest_constant({**flat, "high": close + 1}) == 0
    assert longest_constant({name: np.zeros(0) for name in flat}) == 0


@pytest.mark.parametrize(
    ("new", "held", "off"), [(10, 10, False), (199, 10, False), (200, 10, True), (0.5, 10, True), (0, 10, False)]
)
def test_a_price_level_20_times_off(new: float, held: float, off: bool) -> None:
    assert is_off_scale(np.full(3, float(new)), np.full(3, float(held))) is off


def test_a_sentence_names_five_and_counts_the_rest() -> None:
    assert sentence("odd", list("ab")) == "odd: a, b"
    assert sentence("odd", list("abcdefg")) == "odd: a, b, c, d, e and 2 more"
