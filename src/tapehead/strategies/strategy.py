"""The decorator that makes a class a strategy: parameters with bounds, a name, and signals."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, Protocol, TypeVar, cast

from tapehead.errors import ParameterError, StrategyFileError, UnknownParameterError
from tapehead.model.bars import Bars
from tapehead.model.need import Need
from tapehead.model.signals import Signals

ParameterValue = float | int | str
WARM_FACTOR = 5
"""Warm-up is this many times the largest integer parameter, unless the strategy says otherwise."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its default decides its kind (int, float or str); bounds are inclusive, None where open."""

    name: str
    default: ParameterValue
    low: float | None = None
    high: float | None = None

    @property
    def kind(self) -> type[int] | type[float] | type[str]:
        """Type of the values."""
        return type(self.default)

    @property
    def bound(self) -> str:
        """What is allowed, in words."""
        if self.kind is str:
            return "a word"
        words = "an integer" if self.kind is int else "a number"
        if self.low is not None and self.high is not None:
            return f"{words} from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{words} of at least {self.low:g}"
        return f"{words} of at most {self.high:g}" if self.high is not None else words

    def read(self, value: Any) -> ParameterValue:
        """Return a value of this parameter's kind, from text or number; raise ParameterError with the bound."""
        if self.kind is str:
            return str(value)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        good = math.isfinite(number) and not isinstance(value, bool) and (self.kind is float or number == int(number))
        if not good or not (self.low is None or number >= self.low) or not (self.high is None or number <= self.high):
            raise ParameterError(name=self.name, value=value, bound=self.bound)
        return int(number) if self.kind is int else number


class Strategy(Protocol):
    """Parameters and signals; pure: the same bars give the same signals, and no bar looks ahead."""

    name: ClassVar[str]
    params: ClassVar[tuple[Param, ...]]
    source: ClassVar[bytes]

    def warm(self) -> int:
        """Return how many bars before the asked start are wanted."""
        ...

    def needs(self) -> Sequence[Need]:
        """Return other series the strategy reads: a coarser interval, another instrument."""
        ...

    def signals(self, bars: Bars) -> Signals:
        """Return what is wanted at each bar; called once a (instrument, parameter set)."""
        ...


@dataclass(frozen=True, slots=True)
class _Default:
    """What `param` leaves in the class body."""

    default: ParameterValue
    low: float | None
    high: float | None


def param(default: ParameterValue, *, low: float | None = None, high: float | None = None) -> Any:
    """Declare a parameter in the body of a strategy.

    Parameters
    ----------
    default : int, float or str
        Its type is the parameter's type.
    low, high : float, optional
        Inclusive bounds.

    Raises
    ------
    ParameterError
        The default lies outside the bounds.

    Examples
    --------
    >>> period: int = param(14, low=2, high=200)
    """
    Param("default", default, low, high).read(default)
    return _Default(default, low, high)


Class = TypeVar("Class", bound=type)


def strategy(cls: Class) -> Class:
    """Make a class a strategy.

    Its annotated attributes set by `param` become parameters, and its method `signals(self, bars)` what it wants.
    `warm()` may be given; by default it is 5 times the largest integer parameter. `needs()` may name other series,
    which `signals` finds as `bars.other(name)`. What a class inherits from another strategy stays.

    Raises
    ------
    StrategyFileError
        The class has no method `signals`.

    Examples
    --------
    >>> @strategy
    ... class Dip:
    ...     period: int = param(14, low=2, high=200)
    ...
    ...     def signals(self, bars):
    ...         return Signals(enter=crossed_above(rsi(bars.close, self.period), 30))
    """
    if not callable(getattr(cls, "signals", None)):
        cause = f"class {cls.__name__} has no method signals(self, bars)"
        raise StrategyFileError(path=cls.__module__, cause=cause)
    known = {each.name: each for each in getattr(cls, "params", ())}
    marks = {name: value for name, value in vars(cls).items() if isinstance(value, _Default)}
    known |= {name: Param(name, m.default, m.low, m.high) for name, m in marks.items()}
    params = tuple(known.values())
    for each in params:
        setattr(cls, each.name, each.default)
    made: Any = cls
    made.name = cls.__name__
    made.params = params
    made.source = getattr(cls, "source", b"")
    made.__init__ = _init
    if not hasattr(cls, "warm"):
        made.warm = _warm
    if not hasattr(cls, "needs"):
        made.needs = _needs
    return cls


def _init(self: Any, **values: ParameterValue) -> None:
    """Take parameters by name, each checked against its bounds."""
    for name, value in read_parameters(type(self), values).items():
        object.__setattr__(self, name, value)


def _warm(self: Any) -> int:
    """Return 5 times the largest integer parameter."""
    sizes = [getattr(self, p.name) for p in type(self).params if p.kind is int]
    return WARM_FACTOR * max(sizes, default=0)


def has_own_warm_up(made: Any) -> bool:
    """Say whether a strategy says itself how many bars it wants, rather than 5 times its largest integer parameter."""
    return made.warm is not _warm


def has_own_needs(made: Any) -> bool:
    """Say whether a strategy may read other series beside its bars."""
    return made.needs is not _needs


def _needs(_self: Any) -> Sequence[Need]:
    """Return no other series."""
    return ()


def read_parameters(made: Any, values: Mapping[str, Any]) -> dict[str, ParameterValue]:
    """Return every parameter of a strategy, defaults filled in; raise for unknown names and values out of bounds."""
    known = {p.name: p for p in made.params}
    for name in values:
        if name not in known:
            close = get_close_matches(str(name), known, 1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            held = ", ".join(known) or "none"
            raise UnknownParameterError(strategy=made.name, name=name, hint=hint, held=held)
    return {name: p.read(values[name]) if name in values else p.default for name, p in known.items()}


def label(made: Any, parameters: Mapping[str, ParameterValue]) -> str:
    """Return a strategy with its parameters in short: `RsiReversion 14/30/70`."""
    words = [re.sub(r"\.0$", "", str(value)) for value in parameters.values()]
    return f"{made.name} {'/'.join(words)}".strip()


def is_strategy(value: Any) -> bool:
    """Say whether a value is a class that `strategy` has made one."""
    return isinstance(value, type) and isinstance(getattr(value, "params", None), tuple) and hasattr(value, "signals")


def instance_of(made: Any, values: Mapping[str, ParameterValue]) -> Strategy:
    """Make the strategy with every parameter, each as `Param.read` gave it; none is looked at again."""
    new = made.__new__(made)
    for name, value in values.items():
        object.__setattr__(new, name, value)
    return cast("Strategy", new)


def instance(made: Any, parameters: Mapping[str, ParameterValue]) -> Strategy:
    """Make the strategy with its parameters."""
    return cast(Callable[..., Strategy], made)(**parameters)


def prepared(made: Any, parameters: Mapping[str, ParameterValue]) -> Strategy:
    """Make the strategy with parameters that `read_parameters` gave; they are not read once more."""
    one = object.__new__(made)
    for name, value in parameters.items():
        object.__setattr__(one, name, value)
    return cast(Strategy, one)
