"""read_where: the constraint of a sweep, and what it keeps."""

import random
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.model.where import BoolArray, read_where

NAMES = ("fast", "slow", "signal")
FAST, SLOW = (np.array(side, np.float64) for side in zip(*product(range(0, 13, 2), range(0, 31, 3)), strict=True))


def kept(text: str) -> BoolArray:
    where = read_where(text, NAMES)
    assert where is not None
    return where.keeps({"fast": FAST, "slow": SLOW, "signal": np.array([9.0])}, FAST.shape[0])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fast < slow", FAST < SLOW),
        ("slow >= 2 * fast and fast != 4", (SLOW >= 2 * FAST) & (FAST != 4)),
        ("not (fast < slow or slow == 30)", ~((FAST < SLOW) | (SLOW == 30))),
        ("2 < fast < slow <= 20", (FAST > 2) & (FAST < SLOW) & (SLOW <= 20)),
        ("slow - fast > (fast + 1) / 2 * 3", SLOW - FAST > (FAST + 1) / 2 * 3),
        ("-fast < -6", -FAST < -6),
        ("+fast > signal", FAST > 9),
        ("1 < 2", np.ones(FAST.shape, np.bool_)),
        ("slow / fast < 2", (FAST > 0) & (SLOW < 2 * FAST)),
        ("not slow / fast < 2", (FAST > 0) & (SLOW >= 2 * FAST)),
        ("slow / fast != 2", (FAST > 0) & (SLOW != 2 * FAST)),
        ("fast == 0 or slow / fast < 2", (FAST == 0) | (SLOW < 2 * FAST)),
        ("slow / fast < 2 or fast == 0", (FAST == 0) | (SLOW < 2 * FAST)),
        ("not (fast > 0 and slow / fast < 2)", (FAST == 0) | (SLOW >= 2 * FAST)),
    ],
)
def test_a_set_is_kept_where_it_holds(text: str, wanted: BoolArray) -> None:
    assert np.array_equal(kept(text), wanted)


def test_random_constraints_mean_what_python_says() -> None:
    made = random.Random(7)

    def number(depth: int) -> str:
        leaf = made.choice(["fast", "slow", "signal", str(made.randint(0, 9)), "2.5"])
        if depth == 0 or made.random() < 0.4:
            return leaf
        return f"({number(depth - 1)} {made.choice('+-*')} {number(depth - 1)})"

    def condition(depth: int) -> str:
        if depth == 0 or made.random() < 0.3:
            return f"{number(2)} {made.choice(['<', '<=', '>', '>=', '==', '!='])} {number(2)}"
        if made.random() < 0.2:
            return f"not ({condition(depth - 1)})"
        return f"({condition(depth - 1)} {made.choice(['and', 'or'])} {condition(depth - 1)})"

    for _ in range(60):
        text = condition(3)
        code = compile(text, "constraint", "eval")
        pairs = zip(FAST, SLOW, strict=True)
        said = [bool(eval(code, {"fast": Fraction(f), "slow": Fraction(s), "signal": 9})) for f, s in pairs]  # noqa: S307 - Python is the truth here
        assert kept(text).tolist() == said, text


def test_nothing_asked_keeps_everything() -> None:
    assert read_where("  ", NAMES) is None


def test_of_several_strategies_each_meets_what_it_has() -> None:
    where = read_where("fast < slow and signal < 5", NAMES)
    assert where is not None
    both = {"fast": FAST, "slow": SLOW}
    assert np.array_equal(where.keeps(both, FAST.shape[0]), FAST < SLOW)
    assert not where.keeps({**both, "signal": np.array([9.0])}, FAST.shape[0]).any()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fst < slow", "where 'fst < slow': at character 1: no parameter is called 'fst'; did you mean 'fast'?"),
        ("fast < other.slow", "at character 8: no parameter is called 'other.slow'"),
        ("fast <", "For instance: --where 'fast < signal'"),
        ("fast = 3", "equal is written =="),
        ("fast < slow & 3", "at character 8"),
        ("fast < slow && 3", "join comparisons by and, or, not"),
        ("fast", "a comparison is wanted"),
        ("fast < 'a'", "a number, the name of a parameter"),
        ("fast == True", "a number, the name of a parameter"),
        ("fast < 1e999", "a number, the name of a parameter"),
        ("fast < 2j", "a number, the name of a parameter"),
        ("fast ** 2 < slow", "at character 1"),
        ("fast < __import__('os')", "at character 8"),
        ("fast.real.imag < 3", "at character 1"),
        ("fast in (1, 2)", "compare by < <= > >= == !="),
        ("lambda: 1", "a comparison is wanted"),
        ("1or fast < 2", "does not read as a comparison"),
        ("not " * 30 + "fast < 1", "more than 20 levels deep"),
        ("-" * 400 + "1 < 2", "more than 20 levels deep"),
        ("(" * 300 + "fast < 1" + ")" * 300, "does not read"),
        ("fast < slow and " * 100, "1,000 are allowed"),
    ],
)
def test_what_is_no_constraint_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read_where(text, NAMES)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 400
