"""SpillingPile: the exact median of more numbers than memory shall hold."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tapehead.sources.spill import SpillFile

F64 = NDArray[np.float64]
U64 = NDArray[np.uint64]

_SIGN = np.uint64(1 << 63)
_DIGIT_BITS = 16


class SpillingPile:
    """`ports.buckets.Pile`: in memory up to a bound, in a spill file beyond it.

    Notes
    -----
    The median of what was spilled is selected by counting, 16 bits of the sorted order of doubles at a time: at most
    four passes, exact, memory of one block and 65,536 counts. Sorting outside memory would write it all again.
    """

    def __init__(self, spill: SpillFile, limit: int) -> None:
        self._spill = spill
        self._limit = max(limit, 1)
        self._parts: list[F64] = []
        self._held = 0
        self._blocks: list[tuple[int, int]] = []
        self._spilled = 0

    def __len__(self) -> int:
        """Return how many values there are."""
        return self._held + self._spilled

    def add(self, values: F64) -> None:
        """Add values; they are copied."""
        if not len(values):
            return
        self._parts.append(np.array(values, np.float64))
        self._held += len(values)
        if self._held > self._limit:
            block = np.concatenate(self._parts)
            self._blocks.append((self._spill.write(block), len(block)))
            self._spilled += len(block)
            self._parts, self._held = [], 0

    def median(self) -> float:
        """Return the exact median."""
        if not self._blocks:
            return float(np.median(np.concatenate(self._parts)))
        count = len(self)
        low = self._ranked((count - 1) // 2)
        return low if count % 2 else float(np.mean([low, self._ranked(count // 2)]))

    def _ranked(self, rank: int) -> float:
        """Return the value of a rank, from 0."""
        prefix, bits = 0, 0
        while bits < 64:
            counts = np.zeros(1 << _DIGIT_BITS, np.int64)
            shift = np.uint64(64 - bits - _DIGIT_BITS)
            for keys in self._keys():
                within = keys if not bits else keys[keys >> np.uint64(64 - bits) == np.uint64(prefix)]
                digits = (within >> shift) & np.uint64((1 << _DIGIT_BITS) - 1)
                counts += np.bincount(digits.astype(np.int64), minlength=1 << _DIGIT_BITS)
            upto = np.cumsum(counts)
            digit = int(np.searchsorted(upto, rank, side="right"))
            rank -= int(upto[digit - 1]) if digit else 0
            prefix, bits = (prefix << _DIGIT_BITS) | digit, bits + _DIGIT_BITS
        key = np.array([prefix], np.uint64)
        return float(np.where(key & _SIGN, key ^ _SIGN, ~key).view(np.float64)[0])

    def _keys(self) -> Iterator[U64]:
        """Yield the values block by block, as integers of the same order."""
        for offset, count in self._blocks:
            block = np.empty(count, np.float64)
            self._spill.read(offset, block)
            yield _ordered(block)
        for part in self._parts:
            yield _ordered(part)


def _ordered(values: F64) -> U64:
    """Return the bits of doubles such that unsigned integers sort as the doubles do."""
    bits = values.view(np.uint64)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)
