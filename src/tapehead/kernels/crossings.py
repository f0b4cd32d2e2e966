"""Crossings: one comparison a pair of lines, then only the bars where it changes.

The comparison stands alone in its function, since only there LLVM turns it into SIMD; edges are found eight bars at a
time by XOR against the last code, so that bars on which nothing changes cost a byte read.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]

EQUAL = 0
ABOVE = 1
BELOW = 2
UNKNOWN = 4
PADDING = 8


@kernel
def compare_pair(a: F64, b: F64, codes: U8) -> None:
    """Write 0 equal, 1 above, 2 below, 4 unknown (a NaN) for each bar."""
    for t in range(a.shape[0]):
        x = a[t]
        y = b[t]
        codes[t] = np.uint8(x > y) | (np.uint8(x < y) << 1) | (np.uint8(not (x == x and y == y)) << 2)


@kernel
def compare_level(a: F64, level: float, codes: U8) -> None:
    """Write 0 equal, 1 above, 2 below, 4 unknown (a NaN) for each bar."""
    for t in range(a.shape[0]):
        x = a[t]
        codes[t] = np.uint8(x > level) | (np.uint8(x < level) << 1) | (np.uint8(not (x == x)) << 2)


@kernel
def edges(codes: U8, n: int, ups: I32, downs: I32) -> tuple[int, int]:
    """Write the bars at which the code turns to above and to below; return how many of each.

    `codes` is padded to a multiple of 8 bytes; only the first `n` count. Up at t: above at t, below or equal at t-1.
    """
    words = codes.view(np.uint64)
    n_up = 0
    n_down = 0
    last = codes[0]
    spread = np.uint64(last) * np.uint64(0x0101010101010101)
    for w in range(words.shape[0]):
        if words[w] == spread:
            continue
        for t in range(w * 8, min(w * 8 + 8, n)):
            code = codes[t]
            if code != last:
                if code == ABOVE and last != UNKNOWN:
                    ups[n_up] = t
                    n_up += 1
                elif code == BELOW and last != UNKNOWN:
                    downs[n_down] = t
                    n_down += 1
                last = code
        spread = np.uint64(last) * np.uint64(0x0101010101010101)
    return n_up, n_down


@kernel
def cross_pair(a: F64, b: F64, codes: U8, ups: I32, downs: I32) -> tuple[int, int]:
    """Compare two lines and find the edges; `codes` is room for the bars, padded."""
    compare_pair(a, b, codes)
    codes[a.shape[0] :] = 0
    return edges(codes, a.shape[0], ups, downs)


@kernel
def cross_level(a: F64, level: float, codes: U8, ups: I32, downs: I32) -> tuple[int, int]:
    """Compare a line with a level and find the edges; `codes` is room for the bars, padded."""
    compare_level(a, level, codes)
    codes[a.shape[0] :] = 0
    return edges(codes, a.shape[0], ups, downs)


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    n = values.shape[0]
    codes = np.zeros((n + 7) // PADDING * PADDING, np.uint8)
    ups, downs = np.empty(n, np.int32), np.empty(n, np.int32)
    cross_pair(values, values, codes, ups, downs)
    cross_level(values, 1.5, codes, ups, downs)
