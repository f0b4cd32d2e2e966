"""Suspicions: bars that are kept, but look wrong; looked at a part of a series at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

# A wrong unit is a factor of 100 (pence for pounds); prices move meanwhile, so half and double count too.
_LEAST_JUMP = 50.0
_MOST_JUMP = 200.0
_BACK_BARS = 5
_BACK_RATIO = 2.0
_CONSTANT_BARS = 100
_MEDIAN_RATIO = 20.0
_SHOWN = 5
# A jump at bar t is decided by bars t to t + 6.
_LOOKED_AT = 2 + _BACK_BARS
_ODD = 0x9E3779B97F4A7C15


class Jumps:
    """Finds the steps of about 100 times, up or down, that come back within 5 bars.

    Notes
    -----
    A step from bar t to t+1 counts when the ratio lies in 50-200 (or its inverse) and one of the bars t+2 … t+6 is
    within half and double of bar t. The last bars of a part wait for those of the next.
    """

    def __init__(self) -> None:
        self._close: F64 = np.zeros(0)
        self._places: I64 = np.zeros((0, 2), np.int64)

    def take(self, close: F64, places: I64, ts: I64) -> tuple[I64, I64]:
        """Return the places and times of the bars after a jump that these bars decide.

        Parameters
        ----------
        close : float64 array, shape (n_bars,)
            Finite, later than those before.
        places, ts : int64 arrays, shape (n_bars,)
            Where each stands in its file, and its open time.
        """
        self._close = np.concatenate([self._close, close])
        self._places = np.concatenate([self._places, np.stack([places, ts], axis=1)])
        return self._found(len(self._close) - _LOOKED_AT + 1)

    def rest(self) -> tuple[I64, I64]:
        """Return those that the end of the series decides."""
        return self._found(len(self._close))

    def _found(self, upto: int) -> tuple[I64, I64]:
        """Decide the bars before `upto`, and forget them."""
        close, where = self._close, self._places
        found = [at + 1 for at in _wild(close).tolist() if at < upto and _comes_back(close, at)]
        if upto > 0:
            self._close, self._places = close[upto:], where[upto:]
        return where[found, 0], where[found, 1]


def _wild(close: F64) -> I64:
    """Return the bars before a step of about 100 times."""
    if len(close) < 2:
        return np.zeros(0, np.int64)
    size, least = np.abs(close[:-1]), np.abs(close[1:])
    size, least = np.maximum(size, least), np.minimum(size, least)
    # Prices near the largest double multiply to infinity, which compares as it should.
    with np.errstate(over="ignore"):
        return np.flatnonzero((least > 0) & (size >= _LEAST_JUMP * least) & (size <= _MOST_JUMP * least))


def _comes_back(close: F64, place: int) -> bool:
    """Whether one of the bars after a jump is near the bar before it."""
    with np.errstate(over="ignore", under="ignore"):
        back = close[place + 2 : place + 2 + _BACK_BARS] / close[place]
    return bool(np.any((back <= _BACK_RATIO) & (back >= 1 / _BACK_RATIO)))


class Stillness:
    """Measures the longest run of bars (in bars) whose four prices are all one and the same number."""

    def __init__(self) -> None:
        self.longest = 0
        self._running = 0
        self._close = np.nan

    @property
    def is_long(self) -> bool:
        """Whether the price stood still for 100 bars."""
        return self.longest >= _CONSTANT_BARS

    def take(self, columns: Mapping[Any, F64]) -> None:
        """Look at the bars that follow."""
        close = columns["close"]
        if not len(close):
            return
        flat = (columns["high"] == columns["low"]) & (columns["open"] == close) & (columns["high"] == close)
        if not flat.any():
            self._running = 0
            return
        goes_on = np.concatenate([[self._running > 0 and close[0] == self._close], close[1:] == close[:-1]])
        goes_on[1:] &= flat[:-1]
        # Lengths of the runs of flat bars of one price; the first may go on from before.
        breaks = np.flatnonzero(~(goes_on & flat))
        runs = np.diff(np.concatenate([breaks, [len(close)]])) * flat[breaks]
        lead = int(breaks[0]) if len(breaks) else len(close)
        before = self._running
        self.longest = max(self.longest, lead + before if lead else 0, int(runs.max()) if len(runs) else 0)
        self._running = int(runs[-1]) if len(runs) else before + len(close)
        self._close = float(close[-1])


class Fingerprint:
    """Tells whether two series have the very same bars, without keeping either.

    Notes
    -----
    For each column the sum over all bars of (its 64 bits x an odd number made of the bar's time), modulo 2^64: it does
    not depend on how the bars are split, and runs at the speed of memory. SHA-256 of a panel would take as long as a
    fifth of its import. Two series that differ agree by chance once in 2^64; nothing but a sentence hangs on it.
    """

    def __init__(self) -> None:
        self.first: int | None = None
        self.last = 0
        self.rows = 0
        self._sums: dict[Any, int] = {}

    @property
    def print(self) -> tuple[int, ...]:
        """What equal series have in common."""
        return (self.first or 0, self.last, self.rows, *self._sums.values())

    def take(self, columns: Mapping[Any, NDArray[Any]]) -> None:
        """Add bars."""
        ts = columns["ts"]
        if not len(ts):
            return
        if self.first is None:
            self.first = int(ts[0])
        self.last = int(ts[-1])
        self.rows += len(ts)
        # The time in seconds as an odd number: the product then loses no bit of the value.
        weights = ((ts // 1_000_000).view(np.uint64) * np.uint64(_ODD)) | np.uint64(1)
        for name, values in columns.items():
            bits = np.ascontiguousarray(values).view(np.uint64)
            self._sums[name] = (self._sums.get(name, 0) + int(np.sum(bits * weights))) % (1 << 64)


def is_off_scale(new: float, held: float) -> bool:
    """Whether a median close is 20 times above or below what the store holds."""
    if held <= 0 or new <= 0:
        return False
    return not 1 / _MEDIAN_RATIO < new / held < _MEDIAN_RATIO


def sentence(what: str, symbols: Sequence[str]) -> str:
    """Return one sentence for all symbols with the same trouble."""
    shown = ", ".join(symbols[:_SHOWN])
    more = f" and {len(symbols) - _SHOWN} more" if len(symbols) > _SHOWN else ""
    return f"{what}: {shown}{more}"
