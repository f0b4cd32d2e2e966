"""Crossings: one comparison a pair of lines, then only the bars where it changes.

A comparison makes two bits a bar, above and below, 64 bars to a word: the loop over a word stands alone in its
function, since only there LLVM turns it into SIMD. A bar that crosses is then a bit of one word and the bit before it
of another, so that bars on which nothing changes cost nothing one by one.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.addresses import address_of, floats_at, trailing_zeros
from tapehead.kernels.jit import kernel, part
from tapehead.kernels.lanes import WORD, compared_word

F64 = NDArray[np.float64]
U64 = NDArray[np.uint64]
I32 = NDArray[np.int32]

_NONE, _ONE, _ALL = np.uint64(0), np.uint64(1), np.uint64(2**64 - 1)
_LAST = np.uint64(WORD - 1)


def words_of(n: int) -> int:
    """Return the words that hold n bars."""
    return (n + WORD - 1) // WORD


@part
def _compared(a: F64, b: F64, at: int, b_at: int, count: int) -> tuple[Any, Any]:
    """Return the bits of bars above and of bars below, from bar `at` of `a` and place `b_at` of `b` on."""
    above = below = _NONE
    for j in range(count):
        k = np.uint64(j)
        x, y = a[np.uint64(at) + k], b[np.uint64(b_at) + k]
        bit = _ONE << k
        above |= bit if x > y else _NONE
        below |= bit if x < y else _NONE
    return above, below


@part
def _equal(a: F64, b: F64, at: int, b_at: int, count: int) -> Any:
    """Return the bits of bars that are equal; beside a NaN nothing is."""
    found = _NONE
    for j in range(count):
        k = np.uint64(j)
        found |= _ONE << k if a[np.uint64(at) + k] == b[np.uint64(b_at) + k] else _NONE
    return found


@part
def mark_crossings(a: F64, b: F64, step: int, first: int, until: int, carried: U64, ups: U64, downs: U64) -> None:
    """Mark the bars at which `a` crosses above and below `b`, for words [first, until).

    Up at t: above at t, below or equal at t-1. `step` is 1 for a line, 0 for a level, which is a line of one word;
    `carried` holds what the bar before was, and is 0 before the first one.
    """
    n = a.shape[0]
    not_above, not_below = carried[0], carried[1]
    for w in range(first, until):
        at = w * WORD
        count = min(WORD, n - at)
        if count == WORD:
            above, below = compared_word(a, b, at, at * step)
        else:
            above, below = _compared(a, b, at, at * step, count)
        level = ~(above | below)
        if level != _NONE:
            level = _equal(a, b, at, at * step, count)
        under, over = below | level, above | level
        ups[w] = above & (under << _ONE | not_above)
        downs[w] = below & (over << _ONE | not_below)
        not_above, not_below = under >> _LAST, over >> _LAST
    carried[0], carried[1] = not_above, not_below


@part
def write_bars(words: U64, first: int, bars: I32) -> int:
    """Write the marked bars from bar `first` on; return how many."""
    n = 0
    began = first // WORD
    for w in range(began, words.shape[0]):
        word = words[w]
        if w == began:
            word &= _ALL << np.uint64(first % WORD)
        while word != _NONE:
            bars[n] = w * WORD + trailing_zeros(word)
            n += 1
            word &= word - _ONE
    return n


@part
def level_line(level: float, room: F64) -> None:
    """Make a level a line of one word."""
    for j in range(WORD):
        room[j] = level


@kernel
def cross(a_at: int, b_at: int, level: float, n: int, marks: U64, ups: I32, downs: I32) -> tuple[int, int]:
    """Write the bars at which one line crosses above and below another, or a level; return how many of each.

    Parameters
    ----------
    a_at, b_at : int
        Addresses of `n` values each; without a second line 0, and `level` counts.
    marks : uint64 array, shape (2, words_of(n))
        Room.
    ups, downs : int32 arrays, shape (n // 2 + 1,)
    """
    a = floats_at(a_at, n)
    b = floats_at(b_at, n) if b_at != 0 else np.full(WORD, level)
    carried = np.zeros(2, np.uint64)
    mark_crossings(a, b, int(b_at != 0), 0, marks.shape[1], carried, marks[0], marks[1])
    return write_bars(marks[0], 0, ups), write_bars(marks[1], 0, downs)


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    n = values.shape[0]
    ups, downs = np.empty(n, np.int32), np.empty(n, np.int32)
    cross(address_of(values), 0, 1.5, n, np.empty((2, words_of(n)), np.uint64), ups, downs)
