"""talib: TA-Lib's functions as indicators, where its wheel is installed; candlestick patterns come from nowhere else.

`from tapehead.indicators.talib import CDLDOJI`, and by name as `talib.CDLDOJI`. Lines are shaped as ours: float64,
read-only, NaN while nothing is known, several as a tuple with names. Needs the extra: pip install 'tapehead[ta-lib]'
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import MissingPackageError, ParameterError
from tapehead.indicators.entry import Indicator, Parameter
from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, locked

F64 = NDArray[np.float64]
PREFIX = "talib."
_LARGEST = 3e37
"""TA-Lib's own bound of a number."""


def talib_indicators() -> tuple[Indicator, ...]:
    """Return an entry for each of its functions, by name.

    Raises
    ------
    MissingPackageError
        The wheel is not installed.
    """
    return tuple(_entry(name) for name in sorted(_package().get_functions()))


def __getattr__(name: str) -> Callable[..., Any]:
    """Return one of its functions: inputs as its entry names them, then parameters by place or name."""
    if name.startswith("_") or name not in _package().get_functions():
        raise AttributeError(f"TA-Lib has no function '{name}'")
    return _function(name)


@lru_cache(maxsize=1)
def _package() -> Any:
    """Return TA-Lib with its description of itself."""
    try:
        import_module("talib.abstract")
        return import_module("talib")
    except ModuleNotFoundError as error:
        raise MissingPackageError(call="tapehead.indicators.talib", package="ta-lib") from error


@cache
def _entry(name: str) -> Indicator:
    """Return what TA-Lib says of one function."""
    package = _package()
    told = package.abstract.Function(name)
    inputs: list[str] = []
    prices = [key for key, value in told.input_names.items() if isinstance(value, str)]
    for key, value in told.input_names.items():
        if isinstance(value, str):
            inputs.append(value if key == "periods" else "benchmark" if key in prices[1:] else "values")
        else:
            inputs.extend(value)
    outputs = tuple(told.output_names)
    return Indicator(
        PREFIX + name,
        f"{told.info['display_name']}, as TA-Lib computes it",
        tuple(inputs),
        tuple(_parameter(key, default) for key, default in told.parameters.items()),
        outputs if len(outputs) > 1 else (),
        f"{told.lookback} at the defaults, by TA-Lib",
        int(told.lookback),
        f"TA-Lib {package.__version__}, {told.info['group']}",
        module=__name__,
    )


def _parameter(name: str, default: float) -> Parameter:
    """Return a parameter; TA-Lib itself refuses what lies closer than these bounds."""
    if isinstance(default, int):
        return Parameter(name, default, 1 if name.endswith("period") else 0, 100_000)
    return Parameter(name, default, -_LARGEST, _LARGEST)


@cache
def _function(name: str) -> Callable[..., Any]:
    """Return the call of one function."""
    entry = _entry(name)
    known = [*entry.inputs, *(one.name for one in entry.parameters)]

    def call(*given: Any, **named: Any) -> Any:
        for place, value in zip(known, given, strict=False):
            if place in named:
                raise ParameterError(name=f"{entry.name}({place})", value=value, bound="given once")
            named[place] = value
        strange = [one for one in named if one not in known]
        missing = [one for one in entry.inputs if one not in named]
        if strange or missing or len(given) > len(known):
            held = f"{', '.join(map(str, strange))}" if strange else f"{len(given)} values"
            raise ParameterError(name=entry.name, value=held, bound=f"called as {entry.call}")
        lines = check_lines(entry.name, **{one: named.pop(one) for one in entry.inputs})
        values = {one.name: named.get(one.name, one.default) for one in entry.parameters}
        return remember((entry.name, *values.values()), lines, lambda: _made(name, entry, lines, values))

    call.__name__ = name
    call.__doc__ = f"{entry.summary}: {entry.call}."
    return call


def _made(name: str, entry: Indicator, lines: tuple[F64, ...], values: Mapping[str, Any]) -> Any:
    """Call the library; what it says of a bad parameter becomes a sentence."""
    package = _package()
    outputs = entry.outputs or (name,)
    unknown = max((int(np.isnan(line).cumprod().sum()) for line in lines), default=0)
    if unknown == lines[0].shape[0]:
        found: Any = [np.full(lines[0].shape[0], np.nan) for _ in outputs]
    else:
        try:
            found = getattr(package, name)(*lines, **values)
        except Exception as error:
            told = ", ".join(f"{key}={value}" for key, value in values.items())
            raise ParameterError(name=entry.name, value=told, bound=f"what TA-Lib takes; it says: {error}") from error
    parts = found if isinstance(found, (tuple, list)) else [found]
    made = tuple(_shaped(part, name, unknown, values) for part in parts)
    return namedtuple(name, outputs)(*made) if entry.outputs else made[0]  # noqa: PYI024 - named at run time


def _shaped(line: NDArray[Any], name: str, unknown: int, values: Mapping[str, Any]) -> F64:
    """Return a line as ours; where TA-Lib counts and has no NaN, what is before its look-back is not known."""
    out = np.array(line, np.float64)
    if line.dtype.kind == "i":
        function = _package().abstract.Function(name)
        function.parameters = dict(values)
        out[: unknown + function.lookback] = np.nan
    return locked(out)
