"""trade_profits: profit and loss of trades that lie in arrays."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.errors import ParameterError
from tapehead.kernels.jit import readonly
from tapehead.kernels.profits import profits
from tapehead.model.rules import fraction

F64 = NDArray[np.float64]
I8 = NDArray[np.int8]

_SIDES = "1 (long) or -1 (short), or True (bought first) and False"


def trade_profits(
    entry: ArrayLike,
    exit: ArrayLike,  # noqa: A002 - the field's standard term
    quantity: ArrayLike,
    side: ArrayLike,
    *,
    fee: float | str = 0.0,
    multiplier: float = 1.0,
) -> F64:
    """Profit and loss of each trade, fees of both sides taken off.

    Parameters
    ----------
    entry, exit : arrays, shape (n_trades,)
        Prices, finite; a futures price may be negative.
    quantity : array, shape (n_trades,), or one number for all
        Units, finite, at least 0: the side says the direction.
    side : array, shape (n_trades,), or one for all
        1 long, -1 short; or bool, True for a long trade.
    fee : float or str
        Fraction of notional a side, in [0, 1), such as `"10bps"`.
    multiplier : float
        Money a point of price, above 0.

    Returns
    -------
    float64 array, shape (n_trades,)
        (exit - entry) · quantity · multiplier · side - fee · (abs(entry) + abs(exit)) · quantity · multiplier, in the
        currency of the prices. No trade gives an empty array.

    Raises
    ------
    ParameterError
        Names the argument, the index, the value and what it must be. Nothing is skipped or taken as 0.

    Notes
    -----
    One compiled pass, O(n), no array beside the result; releases the GIL. Columns of pandas, polars and Arrow are
    taken as they are; float64 (and int8 sides) without a copy.

    Examples
    --------
    >>> trade_profits([100.0, 50.0], [110.0, 55.0], [2.0, 1.0], [1, -1])
    array([20., -5.])
    """
    paid, got = _numbers("entry", entry), _numbers("exit", exit)
    n = paid.shape[0]
    _check_length("exit", got, n)
    units, sides = _spread("quantity", quantity, n), _sides(side, n)
    rate = fraction("fee", fee)
    if not 0 <= rate < 1:
        raise ParameterError(name="fee", value=fee, bound="a fraction in [0, 1), such as 10bps or 0.1%")
    money = float(multiplier)
    if not 0 < money < float("inf"):
        raise ParameterError(name="multiplier", value=multiplier, bound="above 0 and finite")
    out = np.empty(n)
    if not profits(paid, got, units, sides, rate, money, out):
        _refuse({"entry": paid, "exit": got}, units, sides, out)
    return out


def _numbers(name: str, values: Any) -> F64:
    """Return a line of numbers as float64, read-only; what a mask hides is NaN and is named later."""
    array = np.ma.filled(values.astype(np.float64), np.nan) if np.ma.isMaskedArray(values) else _array(name, values)
    if array.ndim != 1:
        raise ParameterError(name=name, value=f"array of shape {array.shape}", bound="of shape (n_trades,)")
    if array.dtype.kind not in "fiu" and array.size:
        raise ParameterError(name=name, value=_strange(array), bound=f"numbers, such as {name}.astype(float)")
    return readonly(array.astype(np.float64, copy=False))


def _array(name: str, values: Any) -> NDArray[Any]:
    """Return what NumPy makes of the values; rows of unequal length are none."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ParameterError(name=name, value=f"no array ({error})", bound="of shape (n_trades,)") from error


def _strange(array: NDArray[Any]) -> str:
    """Say what an array of no numbers holds."""
    first = next((i for i, one in enumerate(array.tolist()) if not isinstance(one, (int, float))), 0)
    return f"array of dtype {array.dtype} ({array[first]!r} at index {first})"


def _spread(name: str, values: Any, n: int) -> F64:
    """Return numbers of shape (n,); one number counts for all."""
    if np.ndim(values) == 0 and not isinstance(values, str):
        values = np.full(n, values)
    found = _numbers(name, values)
    _check_length(name, found, n)
    return found


def _sides(side: Any, n: int) -> I8:
    """Return sides as int8 of shape (n,), each 1 or -1."""
    array = _array("side", side)
    array = np.full(n, array) if array.ndim == 0 and array.dtype.kind in "biuf" else array
    if array.dtype.kind == "b":
        array = np.where(array, np.int8(1), np.int8(-1))
    if array.ndim != 1 or (array.dtype.kind not in "iuf" and array.size):
        held = _strange(array) if array.ndim == 1 else f"array of shape {array.shape}"
        raise ParameterError(name="side", value=held, bound=f"{_SIDES}, for instance side == 'long'")
    _check_length("side", array, n)
    if array.dtype != np.int8:
        _check_sides(array)
    return readonly(array.astype(np.int8, copy=False))


def _check_sides(array: NDArray[Any]) -> None:
    """Raise for the first side that is none."""
    wrong = np.flatnonzero((array != 1) & (array != -1))
    if wrong.size:
        raise ParameterError(name="side", value=f"{array[wrong[0]]} at index {wrong[0]}", bound=_SIDES)


def _check_length(name: str, values: NDArray[Any], n: int) -> None:
    """Raise unless there is one value a trade."""
    if values.shape[0] != n:
        raise ParameterError(name=name, value=f"array of {values.shape[0]}", bound=f"as long as entry, {n} trades")


def _refuse(prices: dict[str, F64], quantity: F64, side: I8, out: F64) -> None:
    """Raise for the first value that is out of bounds."""
    for name, values in prices.items():
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            bound = "a finite price; leave the trade out instead"
            raise ParameterError(name=name, value=f"{values[wrong[0]]} at index {wrong[0]}", bound=bound)
    wrong = np.flatnonzero(~(np.isfinite(quantity) & (quantity >= 0)))
    if wrong.size:
        bound = "finite and at least 0; a short trade has side -1"
        raise ParameterError(name="quantity", value=f"{quantity[wrong[0]]} at index {wrong[0]}", bound=bound)
    _check_sides(side)
    at = int(np.flatnonzero(~np.isfinite(out))[0])
    bound = "such that the profit is a finite number"
    raise ParameterError(name="quantity", value=f"{quantity[at]} at index {at}", bound=bound)
