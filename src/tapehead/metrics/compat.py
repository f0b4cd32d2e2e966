"""compat: the metrics of one result as another tool would print them, under its names and by its definitions."""

import math
from collections.abc import Callable, Mapping

from tapehead.errors import ParameterError
from tapehead.metrics.account import Account
from tapehead.metrics.compat_backtesting_py import backtesting_py
from tapehead.metrics.compat_empyrical import empyrical
from tapehead.metrics.compat_quantstats import quantstats
from tapehead.metrics.compat_vectorbt import vectorbt
from tapehead.metrics.foreign import Cell, Table

_TABLES: Mapping[str, Callable[[Account], Table]] = {
    "backtesting.py": backtesting_py,
    "vectorbt": vectorbt,
    "quantstats": quantstats,
    "empyrical": empyrical,
}


def compat(tool: str, account: Account) -> Table:
    """Return what `tool` would print of an account, by its names.

    Returns
    -------
    dict of str to float, int, str or None
        In that tool's order and units; None where it prints nan, infinity or nothing.

    Raises
    ------
    ParameterError
        No such tool.
    """
    if tool not in _TABLES:
        raise ParameterError(name="compat", value=tool, bound=f"one of {', '.join(_TABLES)}")
    return {name: _shown(value) for name, value in _TABLES[tool](account).items()}


def _shown(value: Cell) -> Cell:
    """Return None for what no JSON can say."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
