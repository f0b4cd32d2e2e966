"""ask: what a strategy wants of bars and says of them; its errors come with instrument and line."""

import traceback
from typing import Any

import numpy as np

from tapehead.errors import ParameterError, SignalsError, StrategyError, TapeheadError
from tapehead.indicators.memo import Memo
from tapehead.model.bars import Bars
from tapehead.model.need import Need
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import Strategy


def ask_warm_up(strategy: Strategy, origin: str = "") -> int:
    """Ask a strategy how many bars it wants before the start; raise StrategyError or ParameterError."""
    try:
        warm: Any = strategy.warm()
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        where = _place(error, origin) or f"{origin or strategy.name}, warm()"
        cause = f"{type(error).__name__}: {error}"
        raise StrategyError(strategy=strategy.name, instrument="every instrument", place=where, cause=cause) from error
    if not isinstance(warm, (int, np.integer)) or isinstance(warm, bool) or warm < 0:
        raise ParameterError(name="warm()", value=repr(warm), bound="a number of bars, an integer of at least 0")
    return int(warm)


def ask_needs(strategy: Strategy, origin: str = "") -> tuple[Need, ...]:
    """Ask a strategy which other series it reads; raise StrategyError or ParameterError."""
    try:
        needs = tuple(strategy.needs())
    except (MemoryError, ParameterError):
        raise
    except (Exception, SystemExit) as error:
        where = _place(error, origin) or f"{origin or strategy.name}, needs()"
        cause = f"{type(error).__name__}: {error}"
        raise StrategyError(strategy=strategy.name, instrument="every instrument", place=where, cause=cause) from error
    wrong = next((one for one in needs if not isinstance(one, Need)), None)
    if wrong is not None:
        raise ParameterError(name="needs()", value=repr(wrong), bound="Needs, such as [Need('daily', interval='1d')]")
    if len({one.name for one in needs}) < len(needs):
        named = ", ".join(one.name for one in needs)
        raise ParameterError(name="needs()", value=named, bound="a name for each that no other has")
    return needs


def ask(strategy: Strategy, bars: Bars, memo: Memo, origin: str = "") -> Signals:
    """Ask a strategy for its signals; raise StrategyError or SignalsError with instrument and line."""
    name, instrument = strategy.name, bars.series.instrument
    place = place_of(type(strategy), origin)
    try:
        with memo:
            signals = strategy.signals(bars)
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        where = _place(error, origin) or place
        raise StrategyError(strategy=name, instrument=instrument, place=where, cause=_cause(error)) from error
    if not isinstance(signals, Signals):
        cause = f"signals(), {place}, gave a {type(signals).__name__}; it must return Signals(enter=…, leave=…)"
        raise SignalsError(strategy=name, instrument=instrument, cause=cause)
    try:
        signals.check(len(bars), name, instrument)
    except SignalsError as error:
        cause = f"{error.facts['cause']} ({place})"
        raise SignalsError(strategy=name, instrument=instrument, cause=cause) from None
    return signals


def place_of(made: Any, origin: str) -> str:
    """Return the file, or the name of a built-in strategy, and the line of its signals()."""
    line = getattr(getattr(getattr(made, "signals", None), "__code__", None), "co_firstlineno", 0)
    return f"{origin or made.name}, line {line}"


def _cause(error: BaseException) -> str:
    """Return what an error of a strategy says; NumPy's words for writing to a line of another come with the way out."""
    if isinstance(error, TapeheadError):
        return str(error).rstrip(".")
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, ValueError) and ("read-only" in said or "WRITEABLE" in said):
        return (
            f"it writes to its bars, or to a line of an indicator, which are not its own ({said}); work on a copy, "
            "such as bars.close.copy()"
        )
    return said


def _place(error: BaseException, origin: str) -> str:
    """Return file and line of the innermost frame inside the strategy's own file."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if origin and f.filename == origin]
    return f"{origin}, line {frames[-1].lineno}" if frames else ""
