"""The memo: nothing computed twice, nothing kept beyond its bytes, nothing mixed up."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tapehead.indicators.crossed import crossed_above, event_bars
from tapehead.indicators.memo import Memo, remember
from tapehead.indicators.rsi import rsi
from tapehead.indicators.sma import sma


def locked(*values: float) -> np.ndarray:
    """A line as bars and indicators hand it out: nobody can write to it."""
    line = np.array(values)
    line.flags.writeable = False
    return line


def test_the_same_array_and_period_are_computed_once() -> None:
    close = locked(*np.arange(100.0))
    with Memo():
        assert sma(close, 5) is sma(close, 5)
        assert sma(close, 5) is not sma(close, 6)
        assert sma(close, 5) is not sma(close.copy(), 5)
        assert sma(close, 5) is not rsi(close, 5)
        assert sma(close[:50], 5).shape == (50,)
        assert sma(close[::2], 5).shape == (50,)
        assert sma(close[::2], 5)[-1] == 94.0
    assert sma(close, 5) is not sma(close, 5)


def test_the_least_recently_used_is_dropped() -> None:
    memo, line = Memo(limit_bytes=3 * 80), np.zeros(10)
    made: list[str] = []

    def get(key: str) -> None:
        memo.get(key, (line,), lambda: (made.append(key), np.zeros(10))[1])

    for key in ("a", "b", "c", "a", "d", "a", "b"):
        get(key)
    assert made == ["a", "b", "c", "d", "b"]
    assert memo.size_bytes == 3 * 80


def test_a_value_larger_than_the_memo_is_given_and_not_kept() -> None:
    memo = Memo(limit_bytes=8)
    assert memo.get("large", (), lambda: np.zeros(100)).shape == (100,)
    assert memo.size_bytes == 0


@pytest.mark.parametrize("writeable", [True, False])
def test_an_address_is_not_reused_while_its_key_lives(writeable: bool) -> None:
    """A freed array's place in memory is soon another's; the memo holds on to what its keys are about."""
    with Memo():
        for value in range(200):
            line = np.full(5_000, float(value))
            line.flags.writeable = writeable
            assert sma(line, 2)[-1] == value
            del line


def test_an_array_that_its_owner_changes_is_not_remembered() -> None:
    """A strategy may fill one array again and again; the second answer must be about the second content."""
    work = np.array([1.0, 2.0, 3.0, 4.0])
    with Memo():
        first, crossing = sma(work, 2), crossed_above(work, 2.5)
        work[:] = 7.0
        assert sma(work, 2)[-1] == 7.0
        assert first[-1] == 3.5
        assert event_bars(crossing).tolist() == [2], "as the line was when it was asked about"
        assert event_bars(crossed_above(work, 2.5)).tolist() == []


def test_a_memo_belongs_to_its_thread_and_comes_back() -> None:
    outer, inner = Memo(), Memo()
    line = np.zeros(3)
    seen: list[object] = []
    with outer:
        first = remember("key", (line,), object)
        with inner:
            assert remember("key", (line,), object) is not first
        assert remember("key", (line,), object) is first
        other = threading.Thread(target=lambda: seen.append(remember("key", (line,), object)))
        other.start()
        other.join()
    assert seen[0] is not first


def test_a_memo_is_left_even_through_an_error() -> None:
    memo, line = Memo(), np.zeros(3)
    with pytest.raises(KeyError), memo:
        raise KeyError
    assert remember("key", (line,), object) is not remember("key", (line,), object)
