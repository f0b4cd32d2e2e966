"""ranking_of: an indicator as text becomes what ranks instruments, and the bars that it wants before a start."""

from collections.abc import Callable
from importlib import import_module

import numpy as np

from tapehead.errors import ParameterError
from tapehead.library.asked_indicator import Asked, read_asked
from tapehead.model.bars import F64, Bars
from tapehead.model.pooling import Pooling
from tapehead.strategies.strategy import WARM_FACTOR

_COLUMNS = ("open", "high", "low", "close", "volume")


def ranking_of(pooling: Pooling | None) -> Callable[[Bars], F64] | None:
    """Return what ranks instruments by its settings; None where the strategy does it.

    A minus before the indicator lets the least go first.

    Raises
    ------
    ParameterError, UnknownIndicatorError
        The text names no indicator, or a column that bars have not.
    """
    if pooling is None or not pooling.rank:
        return None
    sign, asked = _read(pooling.rank)
    function = getattr(import_module(asked.indicator.home), asked.indicator.name)
    values = [_column(asked, name) for name in asked.indicator.inputs]

    def rank(bars: Bars) -> F64:
        told = function(*(getattr(bars, name) for name in values), **asked.parameters)
        line: F64 = np.asarray(told[0] if asked.indicator.outputs else told, np.float64)
        return sign * line

    return rank


def warm_up_of_rank(pooling: Pooling | None) -> int:
    """Return how many bars a ranking wants before the start: 5 times its largest whole parameter."""
    if pooling is None or not pooling.rank:
        return 0
    _, asked = _read(pooling.rank)
    return WARM_FACTOR * max((value for value in asked.parameters.values() if isinstance(value, int)), default=1)


def _read(text: str) -> tuple[float, Asked]:
    """Return the sign and the indicator."""
    plain = text.strip()
    try:
        return (-1.0, read_asked(plain[1:])) if plain.startswith("-") else (1.0, read_asked(plain))
    except ParameterError as error:
        raise ParameterError(name="rank", value=repr(text), bound=error.facts["bound"]) from None


def _column(asked: Asked, name: str) -> str:
    """Return the column of bars that an input is."""
    column = asked.inputs[name]
    if column in _COLUMNS:
        return column
    if column == name and len(asked.indicator.inputs) == 1:
        return "close"
    raise ParameterError(name="rank", value=column, bound=f"made of {', '.join(_COLUMNS)}")
