"""Bar by bar: ask a strategy at every close while its orders fill, in machine code where Numba can make it."""

import threading
import traceback
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import StrategyError
from tapehead.kernels import bar_by_bar as kernels
from tapehead.kernels.account import (
    BARRED,
    LINE_LIMIT,
    LINE_PART,
    LINE_SIZE,
    LINE_STOP,
    LINE_STOP_AT,
    LINE_TARGET_AT,
    LINE_TRAIL_AT,
    LINES,
    Records,
)
from tapehead.kernels.jit import readonly
from tapehead.model.bar_signals import BarSignals
from tapehead.model.bars import U8, Bars
from tapehead.model.rules import Rules
from tapehead.simulation.said import check_said

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

_MOST_KEPT = 32
_CALLS = {
    kernels.BUY: "buy",
    kernels.SELL: "sell",
    kernels.CLOSE: "close",
    kernels.TARGET: "target",
    kernels.CANCEL: "cancel",
}
_SAID_WORDS = {
    "weight": kernels.WEIGHT,
    "stop_loss": kernels.STOP_LOSS,
    "take_profit": kernels.TAKE_PROFIT,
    "trail": kernels.TRAIL,
    "valid": kernels.VALID,
    "tag": kernels.TAG,
}
_LINE_WORDS = {
    "size": LINE_SIZE,
    "part": LINE_PART,
    "limit": LINE_LIMIT,
    "stop": LINE_STOP,
    "stop_loss_at": LINE_STOP_AT,
    "take_profit_at": LINE_TARGET_AT,
    "trail_at": LINE_TRAIL_AT,
}
_RATES = ("stop_loss", "take_profit", "trail")
_KINDS = {bool: "?", int: "i8", float: "f8"}


@dataclass(frozen=True, slots=True, eq=False)
class BarLog:
    """What a strategy said: rows of `kernels.bar_by_bar` and of the lines, shape (·, n_bars), NaN where nothing.

    `slow` is the reason why `on_bar` ran as Python, empty where it ran as machine code.
    """

    said: F64
    lines: F64
    slow: str

    def tags(self, decided: I32) -> I32:
        """Return the tag of the order of each bar, counted from the first one read; 0 where none was given."""
        tags: I32 = np.nan_to_num(self.said[kernels.TAG, decided]).astype(np.int32)
        return tags

    def order_at(self, t: int) -> dict[str, Any] | None:
        """Return the order of bar t, counted from the first one read: `call` and the words it named; None for none."""
        kind = self.said[kernels.KIND, t]
        if kind != kind:
            return None
        rows = {word: self.said[row, t] for word, row in _SAID_WORDS.items()}
        rows |= {word: self.lines[row, t] for word, row in _LINE_WORDS.items()}
        named = {word: float(value) for word, value in rows.items() if value == value}
        counts = {word: int(named.pop(word, 0.0)) for word in ("valid", "tag")}
        return {"call": _CALLS[int(kind)], **named, **{word: count for word, count in counts.items() if count}}

    def ignores(self, rules: Rules) -> bool:
        """Say whether an order was of a side that is not traded."""
        kinds, weights = self.said[kernels.KIND], self.said[kernels.WEIGHT]
        long = bool((kinds == kernels.BUY).any() or (weights > 0.0).any())
        short = bool((kinds == kernels.SELL).any() or (weights < 0.0).any())
        return (rules.side == "short" and long) or (rules.side == "long" and short)


class Rows(NamedTuple):
    """What a step writes, as `kernels.bar` takes it."""

    money: F64
    marks: I32
    ledger: F64
    orders: F64


class _Machine(NamedTuple):
    """A strategy's function with what shows it a bar, compiled; `slow` says why it is not."""

    on_bar: Any
    show: Any
    slow: str


_kept: OrderedDict[Any, _Machine] = OrderedDict()
_making = threading.Lock()


def step_through(
    bars: Bars,
    signals: BarSignals,
    a: Records,
    r: Records,
    b: Records,
    says: U8,
    step: I64,
    fees: F64,
    rows: Rows,
) -> BarLog:
    """Step over every bar and ask; `a` and the rows are written as `kernels.walk` writes them.

    Raises
    ------
    StrategyError
        `on_bar` raises, or must be compiled and cannot be.
    SignalsError
        An order has a value that no rule allows.
    """
    names, strategy = tuple(signals.lines), signals.strategy
    shown = np.array([signals.lines[name] for name in names], np.float64).reshape(len(names), len(bars))
    said, lines = np.full((kernels.SAID, len(bars)), np.nan), np.full((LINES, len(bars)), np.nan)
    columns = [readonly(getattr(bars, name)) for name in ("open", "high", "low", "close", "volume", "flags")]
    own = (bars.warm, np.array([r[name][0] for name in _RATES]), int(r["valid_bars"][0]))
    if signals.allowed is not None:
        barred = np.where(signals.allowed, 0, BARRED).astype(np.uint8)
        says = readonly(says | barred if says.size else barred)
    rest = (*own, *columns, says, readonly(bars.ts), step, readonly(shown), lines, said, fees, *rows)
    me, slow = (None, "the strategy asks for Python") if signals.compiled is False else _record(strategy)
    made = _Machine(None, None, slow) if slow else _machine(strategy, names, (me, a, r, b, *rest))
    if made.slow and signals.compiled:
        cause = f"it must be compiled and cannot be: {made.slow}"
        raise StrategyError(strategy=strategy.name, instrument=bars.series.instrument, place="on_bar", cause=cause)
    try:
        with np.errstate(all="ignore"):
            if made.slow:
                _restart(strategy)
                show = kernels.shower(_bar_of(names), names, compiled=False)
                kernels.python_drive()(_function(strategy), show, strategy, a, r, b, *rest)
            else:
                kernels.drive(made.on_bar, made.show, me, a, r, b, *rest)
    except Exception as error:
        raise _failure(strategy, bars, error) from error
    check_said(said, lines, float(r["leverage"][0]), strategy.name, bars.series.instrument)
    return BarLog(said, lines, made.slow)


def _function(strategy: Any) -> Callable[..., Any]:
    """Return the method `on_bar` as a function of four."""
    function: Callable[..., Any] = type(strategy).on_bar
    return function


def _bar_of(names: tuple[str, ...]) -> Any:
    """Return the tuple that a bar is shown as."""
    return namedtuple("Bar", (*kernels.COLUMNS, *names))  # noqa: PYI024 - its fields are known only now


def _record(strategy: Any) -> tuple[Any, str]:
    """Return parameters and state as one record, or why they do not fit into one."""
    states = type(strategy).states
    values = {each.name: getattr(strategy, each.name) for each in type(strategy).params} | states
    for name, value in values.items():
        if type(value) not in _KINDS:
            return None, f"{name} is a word, and machine code keeps numbers"
    if not values:
        values = {"nothing": 0}
    made = np.zeros(1, np.dtype([(name, _KINDS[type(value)]) for name, value in values.items()]))
    for name, value in values.items():
        made[name] = value
    return made.view(np.recarray)[0], ""


def _restart(strategy: Any) -> None:
    """Give a strategy the state it starts with."""
    for name, value in type(strategy).states.items():
        setattr(strategy, name, value)


def _machine(strategy: Any, names: tuple[str, ...], arguments: tuple[Any, ...]) -> _Machine:
    """Return a strategy's function compiled for these arguments, once a process."""
    function = _function(strategy)
    key = (function, names, arguments[0].dtype)
    with _making:
        made = _kept.get(key)
        if made is None:
            on_bar = kernels.compiled_strategy(function)
            show = kernels.shower(_bar_of(names), names, compiled=True)
            made = _Machine(on_bar, show, kernels.compile_drive(on_bar, show, *arguments))
            _kept[key] = made
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
    return made


def _failure(strategy: Any, bars: Bars, error: Exception) -> StrategyError:
    """Return the error of an `on_bar` that raised, with its line where Python knows it."""
    file = _function(strategy).__code__.co_filename
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    place = f"on_bar, line {lines[-1]}" if lines else "on_bar"
    cause = f"{type(error).__name__}: {error}"
    return StrategyError(strategy=strategy.name, instrument=bars.series.instrument, place=place, cause=cause)
