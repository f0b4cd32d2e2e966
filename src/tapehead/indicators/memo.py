"""Memo: what was computed from an array once is not computed again while a task runs; bounded by bytes.

A strategy calls indicators as plain functions; they look up the memo that is in use in their thread. Keys hold the
parameters and the array's identity, or else its address and shape, since a view of the same values is another object;
the memo holds the array itself, so that neither is reused while its key lives.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
_in_use = threading.local()

DEFAULT_LIMIT_BYTES = 64 * 1024 * 1024


class Asked(NamedTuple):
    """One entry: its key, see `said_of`, its lines, and what they were made of."""

    key: tuple[Hashable, ...]
    lines: tuple[Any, ...]
    inputs: tuple[NDArray[Any], ...]


class Memo:
    """Values by key, the least recently used dropped first once `limit_bytes` are held.

    One memo belongs to one thread at a time. `with memo:` makes it the one that indicators use in this thread. What is
    dropped goes to `on_drop`, as `asked` yields it.
    """

    def __init__(self, limit_bytes: int = DEFAULT_LIMIT_BYTES, on_drop: Callable[[Asked], None] | None = None) -> None:
        self.limit_bytes = limit_bytes
        self.on_drop = on_drop
        self.size_bytes = 0
        self._held: OrderedDict[tuple[Hashable, ...], tuple[Any, Any, int, tuple[Hashable, ...]]] = OrderedDict()
        self._by_address: dict[tuple[Hashable, ...], tuple[Hashable, ...]] = {}
        self._before: list[Memo | None] = []

    def get(self, key: Hashable, arrays: tuple[NDArray[Any], ...], make: Callable[[], Value]) -> Value:
        """Return the value for `key` and the identity of `arrays`, making it when it is not held."""
        short = (key, *map(id, arrays))
        found = self._held.get(short)
        if found is None:
            # An address is read out of a dict that NumPy makes anew each time, which takes longer than all the rest.
            full = (key, *[(a.__array_interface__["data"][0], a.shape, a.strides) for a in arrays])
            known = self._by_address.get(full)
            if known is None:
                return self._keep(short, full, arrays, make())
            short, found = known, self._held[known]
        self._held.move_to_end(short)
        value: Value = found[0]
        return value

    def _keep(
        self, short: tuple[Hashable, ...], full: tuple[Hashable, ...], arrays: tuple[NDArray[Any], ...], value: Value
    ) -> Value:
        """Hold a value, and drop others until the bytes fit."""
        size = _size_bytes(value)
        self._held[short] = (value, arrays, size, full)
        self._by_address[full] = short
        self.size_bytes += size
        while self.size_bytes > self.limit_bytes and self._held:
            (dropped, *_), (old, of, gone, address) = self._held.popitem(last=False)
            del self._by_address[address]
            self.size_bytes -= gone
            if self.on_drop is not None and _has_numbers(dropped):
                self.on_drop(_asked(dropped, old, of))
        return value

    def values(self) -> Iterator[Any]:
        """Yield what is held: arrays, those of a tuple one by one."""
        for value, *_ in self._held.values():
            yield from value if isinstance(value, tuple) else (value,)

    def asked(self) -> Iterator[Asked]:
        """Yield what was asked for with numbers, `rsi(14)`."""
        for (key, *_), (value, inputs, *_) in self._held.items():
            if _has_numbers(key):
                yield _asked(key, value, inputs)

    def lines(self, n: int) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Yield the held lines of `n` values, each as it was asked for: `rsi(14)`; one of several `macd(12, 26)[1]`."""
        for (key, *_), (value, *_) in self._held.items():
            said = said_of(key if isinstance(key, tuple) else (key,))
            parts = value if isinstance(value, tuple) else (value,)
            for place, line in enumerate(parts):
                if isinstance(line, np.ndarray) and line.dtype == np.float64 and line.shape == (n,):
                    yield (f"{said}[{place}]" if len(parts) > 1 else said), line

    def __enter__(self) -> Self:
        """Put this memo to use in the calling thread."""
        self._before.append(getattr(_in_use, "memo", None))
        _in_use.memo = self
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Bring back the memo that was in use before."""
        _in_use.memo = self._before.pop()


def in_use() -> bool:
    """Say whether a memo is in use in this thread."""
    return getattr(_in_use, "memo", None) is not None


def remember(key: Hashable, arrays: tuple[NDArray[Any], ...], make: Callable[[], Value]) -> Value:
    """Look `key` up in the memo of this thread; without one, just make the value."""
    memo: Memo | None = getattr(_in_use, "memo", None)
    return make() if memo is None else memo.get(key, arrays, make)


def _has_numbers(key: Hashable) -> bool:
    """Say whether a key holds more than a name."""
    return isinstance(key, tuple) and len(key) > 1


def _asked(key: Any, value: Any, inputs: tuple[NDArray[Any], ...]) -> Asked:
    """Return an entry as others see it."""
    return Asked(key, value if isinstance(value, tuple) else (value,), inputs)


def said_of(key: tuple[Hashable, ...]) -> str:
    """Return a key as a call: `bollinger(20, 2, 0)`."""
    name, *parameters = key
    return f"{name}({', '.join(f'{one:g}' if isinstance(one, float) else str(one) for one in parameters)})"


def _size_bytes(value: Any) -> int:
    """Return the bytes of an array or of the arrays in a tuple."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    return sum(_size_bytes(v) for v in value) if isinstance(value, tuple) else 64
