"""The decorator that makes a class a strategy asked bar by bar, and the state such a class may keep."""

import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, Final, TypeVar, overload

from tapehead.errors import ParameterError, StrategyFileError
from tapehead.model.bar_signals import BarSignals
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import strategy

Class = TypeVar("Class", bound=type)
StateValue = bool | int | float
BAR_WORDS: Final = ("index", "ts", "open", "high", "low", "close", "volume")
"""What every bar shows; lines of a strategy have other names."""


@dataclass(frozen=True, slots=True)
class _State:
    """What `state` leaves in the class body."""

    value: StateValue


def state(value: StateValue) -> Any:
    """Declare an attribute that `on_bar` may change; it has `value` again at the start of each instrument.

    Parameters
    ----------
    value : bool, int or float
        Its type stays.

    Raises
    ------
    ParameterError
        Another type: what a strategy remembers must fit a compiled record.

    Examples
    --------
    >>> waited: int = state(0)
    """
    if not isinstance(value, (bool, int, float)):
        raise ParameterError(name="state()", value=repr(value), bound="a bool, an int or a float, such as state(0)")
    return _State(value)


@overload
def bar_strategy(cls: Class) -> Class: ...


@overload
def bar_strategy(*, compiled: bool | None = None) -> Callable[[Class], Class]: ...


def bar_strategy(cls: Any = None, *, compiled: bool | None = None) -> Any:
    """Make a class a strategy that is asked at the close of every bar.

    Its method `on_bar(self, bar, position, orders)` is called once a bar, from the start on, after the fills of that
    bar. `bar.close[-1]` is this bar's close, `bar.close[-2]` the one before; `bar.open high low volume ts` likewise,
    and `bar.index` counts from the first bar read. `position` says `side units price bars equity cash`. `orders` takes
    `buy sell close target cancel`, one of them a bar. A method `lines(self, bars)` may return arrays by name, which
    every bar shows as far as itself: `bar.fast[-1]`. Attributes made by `state` may be changed.

    Parameters
    ----------
    compiled : bool, optional
        True: Numba must compile `on_bar`, else the run fails with the reason. False: it stays Python. By default it is
        compiled where it can be, and a warning says why not.

    Raises
    ------
    StrategyFileError
        There is no `on_bar` of that signature.

    Examples
    --------
    >>> @bar_strategy
    ... class Dip:
    ...     drop: float = param(0.05, low=0.001, high=0.5)
    ...
    ...     def on_bar(self, bar, position, orders):
    ...         if position.side == 0 and bar.index > 0 and bar.close[-1] < bar.close[-2] * (1 - self.drop):
    ...             orders.buy(stop_loss=0.1, take_profit=0.1)
    """
    if cls is None:
        return lambda made: bar_strategy_of(made, compiled)
    return bar_strategy_of(cls, compiled)


def bar_strategy_of(cls: Class, compiled: bool | None) -> Class:
    """Make the class one, its states taken out of the class body."""
    on_bar = getattr(cls, "on_bar", None)
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    if not callable(on_bar) or [p.kind in kinds for p in signature(on_bar).parameters.values()] != [True] * 4:
        cause = f"class {cls.__name__} has no method on_bar(self, bar, position, orders)"
        raise StrategyFileError(path=cls.__module__, cause=cause)
    made: Any = cls
    kept = {name: one.value for name, one in vars(cls).items() if isinstance(one, _State)}
    made.states = {**getattr(cls, "states", {}), **kept}
    for name, value in kept.items():
        setattr(cls, name, value)
    made.compiled = compiled
    made.signals = _signals
    return strategy(cls)


def _signals(self: Any, bars: Bars) -> Signals:
    """Return the wish to be asked, with the lines of the strategy."""
    lines = self.lines(bars) if hasattr(self, "lines") else {}
    if not isinstance(lines, Mapping):
        raise TypeError(f"lines() gave a {type(lines).__name__}; it must give arrays by name: {{'fast': sma(...)}}")
    for name in lines:
        if not str(name).isidentifier() or keyword.iskeyword(name) or name in BAR_WORDS or name.startswith("_"):
            raise ValueError(f"lines() names a line '{name}'; a name is a word beside {', '.join(BAR_WORDS)}")
    return BarSignals(strategy=self, lines=dict(lines), compiled=type(self).compiled)
