"""Signals: what a strategy wants, as conditions over bars; Crossing: a condition that is only compared when needed."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import SignalsError

F64 = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class Crossing(NamedTuple):
    """`a` crosses `b` at bar t: above is `a[t] > b[t] and a[t-1] <= b[t-1]`, below mirrored; all four known (not NaN).

    Lazy: the engine compares two crossings of the same pair once; NumPy sees a bool array, shape (n_bars,).
    """

    a: F64
    b: F64 | float
    up: bool

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the condition as a bool array."""
        out = np.zeros(self.a.shape[0], dtype=bool)
        a, b = self.a, np.broadcast_to(np.asarray(self.b, dtype=np.float64), self.a.shape)
        if self.up:
            out[1:] = (a[1:] > b[1:]) & (a[:-1] <= b[:-1])
        else:
            out[1:] = (a[1:] < b[1:]) & (a[:-1] >= b[:-1])
        return out if dtype is None else out.astype(dtype)

    def __and__(self, other: Any) -> BoolArray:
        """Combine with another condition, as bool arrays."""
        return _combined(np.asarray(self), np.asarray(other), np.logical_and)

    def __or__(self, other: Any) -> BoolArray:
        """Combine with another condition, as bool arrays."""
        return _combined(np.asarray(self), np.asarray(other), np.logical_or)

    def __rand__(self, other: Any) -> BoolArray:
        """Combine with another condition, as bool arrays."""
        return _combined(np.asarray(other), np.asarray(self), np.logical_and)

    def __ror__(self, other: Any) -> BoolArray:
        """Combine with another condition, as bool arrays."""
        return _combined(np.asarray(other), np.asarray(self), np.logical_or)

    def __invert__(self) -> BoolArray:
        """Return where it does not cross."""
        crossed: BoolArray = np.asarray(self)
        return ~crossed


def _combined(a: NDArray[Any], b: NDArray[Any], how: np.ufunc) -> BoolArray:
    """Return two conditions as one bool array."""
    both: BoolArray = how(a, b)
    return both


Condition = BoolArray | Crossing


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Conditions and levels of one strategy on one series, each of shape (n_bars,) or None.

    `enter` and `leave` speak of long positions, `enter_short` and `leave_short` of short ones. The engine of this
    version trades long only, by market orders: a short signal is no decision and sets the flag `side_ignored`.
    """

    enter: Condition | None = None
    leave: Condition | None = None
    enter_short: Condition | None = None
    leave_short: Condition | None = None
    target: F64 | None = None
    limit: F64 | None = None
    stop: F64 | None = None
    size: F64 | None = None

    def entering_while(self, allowed: BoolArray) -> "Signals":
        """Return signals whose wishes to enter count only on bars where `allowed` (n_bars,) is true."""
        enter, short = self.enter, self.enter_short
        return replace(
            self,
            enter=None if enter is None else np.asarray(enter) & allowed,
            enter_short=None if short is None else np.asarray(short) & allowed,
        )

    def check(self, n_bars: int, strategy: str, instrument: str) -> None:
        """Raise SignalsError unless every condition is a bool array (or crossing) of `n_bars` values."""
        for name in ("enter", "leave", "enter_short", "leave_short"):
            cause = _fault(name, getattr(self, name), n_bars)
            if cause is not None:
                raise SignalsError(strategy=strategy, instrument=instrument, cause=cause)
        for name in ("target", "limit", "stop", "size"):
            if getattr(self, name) is not None:
                cause = f"signals gave {name}=; this version fills market orders from enter and leave only"
                raise SignalsError(strategy=strategy, instrument=instrument, cause=cause)


def _fault(name: str, condition: Any, n_bars: int) -> str | None:
    """Return what is wrong with a condition, or None."""
    if condition is None:
        return None
    if isinstance(condition, Crossing):
        length = condition.a.shape[0] if isinstance(condition.a, np.ndarray) else None
        other = condition.b.shape[0] if isinstance(condition.b, np.ndarray) and condition.b.ndim == 1 else length
        if length == n_bars and other == n_bars:
            return None
        wrong = length if length != n_bars else other
        return f"{name} crosses arrays of {wrong} values; there are {n_bars} bars"
    if not isinstance(condition, np.ndarray):
        return f"{name} is a {type(condition).__name__}; it must be a bool array of {n_bars} values"
    if condition.dtype != np.bool_:
        return f"{name} has dtype {condition.dtype}; it must be bool, for instance (array > 0)"
    if condition.shape != (n_bars,):
        return f"{name} has shape {condition.shape}; there are {n_bars} bars, so it must be ({n_bars},)"
    return None
