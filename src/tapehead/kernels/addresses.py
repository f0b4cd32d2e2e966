"""Arrays by their addresses: a kernel that takes many sets is handed numbers, not a list of arrays.

With Numba's compiler switched off the same functions are plain Python.
"""

import ctypes
from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from tapehead.kernels.jit import config

numba_arrays: Any = arrayobj


def address_of(array: NDArray[Any]) -> int:
    """Return where the values of an array lie, and stay as long as it lives."""
    address: int = array.__array_interface__["data"][0]
    return address


def _at_address(kind: Any, dtype: Any) -> Any:
    """Return a function that makes the contiguous array of `n` values at an address; it owns nothing."""
    if config.DISABLE_JIT:
        return lambda address, n: _taken(address, int(n), dtype)
    array = types.Array(kind, 1, "C")

    def at(_context: Any, _address: Any, _n: Any) -> Any:
        def generate(target: Any, builder: Any, _signature: Any, given: Any) -> Any:
            made = numba_arrays.make_array(array)(target, builder)
            size = target.get_constant(types.intp, dtype.itemsize)
            place = builder.inttoptr(given[0], made.data.type)
            numba_arrays.populate_array(made, data=place, shape=[given[1]], strides=[size], itemsize=size, meminfo=None)
            return made._getvalue()  # noqa: SLF001 - how Numba's own array makers return one

        return array(types.int64, types.int64), generate

    return intrinsic(at)


def _taken(address: int, n: int, dtype: Any) -> NDArray[Any]:
    """Return the array at an address, in Python."""
    if n == 0:
        return np.empty(0, dtype)
    return np.frombuffer((ctypes.c_char * (n * dtype.itemsize)).from_address(int(address)), dtype)


def _zeros() -> Any:
    """Return a function that counts the zero bits below the lowest one of a word, which is not 0."""
    if config.DISABLE_JIT:
        return lambda word: (int(word) & -int(word)).bit_length() - 1

    def count(_context: Any, _word: Any) -> Any:
        def generate(_target: Any, builder: Any, _signature: Any, given: Any) -> Any:
            return builder.cttz(given[0], cgutils.true_bit)

        return types.int64(types.uint64), generate

    return intrinsic(count)


floats_at = _at_address(types.float64, np.dtype(np.float64))
ints_at = _at_address(types.int32, np.dtype(np.int32))
longs_at = _at_address(types.int64, np.dtype(np.int64))
bytes_at = _at_address(types.uint8, np.dtype(np.uint8))
trailing_zeros = _zeros()
