"""Signals: what a strategy wants, as conditions over bars; Crossing: a condition that is only compared when needed."""

import math
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

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


CONDITIONS: Final = ("enter", "leave", "enter_short", "leave_short")
LINES: Final = ("target", "limit", "stop", "size", "part", "stop_loss_at", "take_profit_at", "trail_at", "rank")
PRICES: Final = ("limit", "stop", "stop_loss_at", "take_profit_at", "trail_at")


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Conditions and lines of one strategy on one series, each of shape (n_bars,) or None.

    Attributes
    ----------
    enter, leave, enter_short, leave_short : Condition
        Wishes for long and for short positions.
    target : float64
        Signed share of equity wanted from here on; NaN keeps what is held. Instead of the conditions.
    limit, stop : float64
        A finite price beside a wish to enter makes that entry rest there; both make a stop-limit order.
    size : float64
        Replaces the number of the run's `size`, not its kind; NaN leaves it.
    part : float64
        Share of the position, in (0, 1], that a wish to leave sells; NaN is all of it.
    stop_loss_at, take_profit_at, trail_at : float64
        Prices read at the bar of the decision to enter, for either side; NaN leaves the run's fraction.
    rank : float64
        By which a portfolio chooses among instruments that wish to enter at one time, greatest first, NaN last; a run
        of each instrument by itself does not read it.
    """

    enter: Condition | None = None
    leave: Condition | None = None
    enter_short: Condition | None = None
    leave_short: Condition | None = None
    target: F64 | None = None
    limit: F64 | None = None
    stop: F64 | None = None
    size: F64 | None = None
    part: F64 | None = None
    stop_loss_at: F64 | None = None
    take_profit_at: F64 | None = None
    trail_at: F64 | None = None
    rank: F64 | None = None

    def entering_while(self, allowed: BoolArray) -> "Signals":
        """Return signals whose wishes to enter count only on bars where `allowed` (n_bars,) is true.

        A `target` counts as 0 where it is not allowed.
        """
        enter, short, target = self.enter, self.enter_short, self.target
        return replace(
            self,
            enter=None if enter is None else np.asarray(enter) & allowed,
            enter_short=None if short is None else np.asarray(short) & allowed,
            target=None if target is None else np.where(allowed, target, 0.0),
        )

    def at(self, chosen: NDArray[Any]) -> "Signals":
        """Return the signals of chosen bars: a bool array of shape (n_bars,), or a slice."""
        kept = {name: getattr(self, name) for name in (*CONDITIONS, *LINES)}
        return Signals(**{name: None if one is None else np.asarray(one)[chosen] for name, one in kept.items()})

    def check(self, n_bars: int, strategy: str, instrument: str) -> None:
        """Raise SignalsError unless every condition and line fits `n_bars` bars; the sentence names the bar."""
        for name in CONDITIONS:
            if getattr(self, name) is not None:
                _raise(strategy, instrument, _fault(name, getattr(self, name), n_bars))
        for name in LINES:
            if getattr(self, name) is not None:
                _raise(strategy, instrument, _line_fault(name, getattr(self, name), n_bars))
        for name in PRICES:
            if getattr(self, name) is not None:
                _raise(strategy, instrument, self._price_fault(name))
        if self.target is not None:
            other = next((name for name in (*CONDITIONS, "limit", "stop") if getattr(self, name) is not None), None)
            if other is not None:
                _raise(strategy, instrument, f"signals gave target= and {other}=; a weight replaces wishes, give one")

    def _price_fault(self, name: str) -> str | None:
        """Return what is wrong with a line of prices on bars that wish to enter, or None; elsewhere none reads it."""
        line = getattr(self, name)
        below = line <= 0.0
        if not below.any():
            return None
        wished = np.zeros(line.shape, bool) if self.target is None else (self.target != 0.0) & ~np.isnan(self.target)
        for wish in (self.enter, self.enter_short):
            wished = wished if wish is None else wished | np.asarray(wish)
        at = np.flatnonzero(below & wished)
        return (
            f"{name} is {line[at[0]]:g} at bar {at[0]}; it must be a price above 0, or NaN for none"
            if at.size
            else None
        )


def _raise(strategy: str, instrument: str, cause: str | None) -> None:
    """Raise SignalsError where there is a cause."""
    if cause is not None:
        raise SignalsError(strategy=strategy, instrument=instrument, cause=cause)


def _fault(name: str, condition: Any, n_bars: int) -> str | None:
    """Return what is wrong with a condition, or None."""
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
        unknown = np.flatnonzero(np.isnan(condition)).tolist() if condition.dtype.kind == "f" else []
        at = f" and is NaN at bar {unknown[0]}" if unknown else ""
        return f"{name} has dtype {condition.dtype}{at}; it must be bool, for instance (array > 0)"
    if condition.shape != (n_bars,):
        return f"{name} has shape {condition.shape}; there are {n_bars} bars, so it must be ({n_bars},)"
    return None


_BOUNDS: Final[dict[str, tuple[float, float, str]]] = {
    "size": (0.0, math.inf, "above 0, or NaN for the run's own"),
    "part": (0.0, 1.0, "in (0, 1], or NaN for all"),
}


def _line_fault(name: str, line: Any, n_bars: int) -> str | None:
    """Return what is wrong with a line of numbers, or None."""
    if not isinstance(line, np.ndarray) or line.dtype != np.float64:
        held = line.dtype if isinstance(line, np.ndarray) else type(line).__name__
        return f"{name} is {held}; it must be a float64 array of {n_bars} values, NaN where it says nothing"
    if line.shape != (n_bars,):
        return f"{name} has shape {line.shape}; there are {n_bars} bars, so it must be ({n_bars},)"
    infinite = np.flatnonzero(np.isinf(line))
    if infinite.size:
        return f"{name} is {line[infinite[0]]} at bar {infinite[0]}; it must be finite, or NaN where it says nothing"
    low, high, bound = _BOUNDS.get(name, (-math.inf, math.inf, ""))
    outside = np.flatnonzero((line <= low) | (line > high))
    return f"{name} is {line[outside[0]]:g} at bar {outside[0]}; it must be {bound}" if outside.size else None
