"""from_bytes: what `to_bytes` wrote; nothing is imported and no class is made that the caller did not name."""

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from tapehead.layout.to_bytes import HEAD, KINDS, MAGIC


class UnreadableError(Exception):
    """The bytes are not what was written, or name a class that is not known here."""


def from_bytes(data: bytes, classes: Mapping[str, type] | None = None) -> Any:
    """Return a new value for the bytes of `to_bytes`.

    Parameters
    ----------
    data : bytes
        May come from anybody: at worst they are refused.
    classes : mapping of str to type, optional
        Dataclasses, enums and named tuples by the names they were written by. An instance of a dataclass gets its
        fields as they were; its `__init__` is not called again.

    Raises
    ------
    UnreadableError
        Cut short, changed, of another format, or with a class that is not among `classes`.
    """
    try:
        magic, checksum, length = HEAD.unpack_from(data)
        body = memoryview(data)[HEAD.size :]
        if magic != MAGIC or zlib.crc32(body) != checksum:
            raise UnreadableError("other bytes than were written")
        tree, sizes = json.loads(bytes(body[:length]))
        parts, at = [], length
        for size in sizes:
            parts.append(body[at : at + size])
            at += size
        return _Reader(parts, classes or {}).value(tree)
    except UnreadableError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, struct.error, TypeError, ValueError) as error:
        # Whoever can compute a checksum can write any tree; what no value has is not read.
        raise UnreadableError(str(error)) from error


class _Reader:
    """Reads one value."""

    def __init__(self, parts: list[memoryview], classes: Mapping[str, type]) -> None:
        self.parts = parts
        self._classes = classes

    def value(self, node: Any) -> Any:
        """Return the value of a node."""
        if isinstance(node, list):
            return [self.value(one) for one in node]
        if not isinstance(node, dict):
            return node
        ((kind, held),) = node.items()
        read = _READERS.get(kind)
        if read is None:
            raise UnreadableError(f"kind {kind!r}")
        return read(self, held)

    def part(self, where: int | str) -> bytearray:
        """Return bytes that stand behind the JSON by their number, or in it."""
        return bytearray.fromhex(where) if isinstance(where, str) else bytearray(self.parts[where])

    def named(self, name: str) -> type:
        """Return a class that the caller knows."""
        kind = self._classes.get(name)
        if kind is None:
            raise UnreadableError(f"class {name!r}")
        return kind


def _dataclass(reader: _Reader, held: Any) -> Any:
    """Return an instance with its fields as they were."""
    kind = reader.named(held[0])
    made: Any = object.__new__(kind)
    for name, node in held[1].items():
        if name not in getattr(kind, "__dataclass_fields__", {}):
            raise UnreadableError(f"{held[0]} has no field {name!r}")
        object.__setattr__(made, name, reader.value(node))
    if held[1].keys() != kind.__dataclass_fields__.keys():  # type: ignore[attr-defined]  # shown by the loop above
        raise UnreadableError(f"{held[0]} has other fields")
    return made


def _member(reader: _Reader, held: Any) -> Any:
    """Return the member of an enum."""
    kind = reader.named(held[0])
    if not issubclass(kind, Enum):
        raise UnreadableError(f"{held[0]} is no enum")
    return kind[held[1]]


def _named_tuple(reader: _Reader, held: Any) -> Any:
    """Return a named tuple."""
    kind = reader.named(held[0])
    if not issubclass(kind, tuple):
        raise UnreadableError(f"{held[0]} is no tuple")
    return kind._make(reader.value(held[1]))  # type: ignore[attr-defined]  # of every named tuple


def _array(reader: _Reader, held: Any) -> Any:
    """Return an array of its own memory."""
    import numpy as np

    name, shape, order, writeable, part = held
    array = np.frombuffer(reader.part(part), _dtype(name)).reshape(shape, order=order)
    array.flags.writeable = writeable
    return array


def _number(reader: _Reader, held: Any) -> Any:
    """Return a number of NumPy."""
    import numpy as np

    return np.frombuffer(reader.part(held[1]), _dtype(held[0]))[0]


def _dtype(name: str) -> Any:
    """Return a type whose bytes are its values; objects would be addresses."""
    import numpy as np

    dtype = np.dtype(name)
    if dtype.kind not in KINDS:
        raise UnreadableError(f"arrays of {name}")
    return dtype


def _table(reader: _Reader, held: Any) -> Any:
    """Return an Arrow table."""
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(reader.part(held))) as stream:
        return stream.read_all()


def _datetime(_reader: _Reader, held: Any) -> datetime:
    """Return a date with its time, its zone and its pass of an hour that comes twice."""
    text, fold, key = held
    zoned = datetime.fromisoformat(text)
    return zoned.replace(fold=fold) if key is None else zoned.replace(fold=fold, tzinfo=ZoneInfo(key))


def _time(_reader: _Reader, held: Any) -> time:
    """Return a time of day."""
    text, fold, key = held
    zoned = time.fromisoformat(text)
    return zoned.replace(fold=fold) if key is None else zoned.replace(fold=fold, tzinfo=ZoneInfo(key))


_READERS: Final[Mapping[str, Callable[[_Reader, Any], Any]]] = {
    "i": lambda _reader, held: int(held, 16),
    "f": lambda _reader, held: float(held),
    "t": lambda reader, held: tuple(reader.value(one) for one in held),
    "o": lambda reader, held: {name: reader.value(one) for name, one in held.items()},
    "d": lambda reader, held: {reader.value(name): reader.value(one) for name, one in held},
    "s": lambda reader, held: {reader.value(one) for one in held},
    "z": lambda reader, held: frozenset(reader.value(one) for one in held),
    "b": lambda reader, held: bytes(reader.part(held)),
    "y": lambda reader, held: reader.part(held),
    "c": lambda reader, held: complex(reader.value(held[0]), reader.value(held[1])),
    "D": lambda _reader, held: Decimal(held),
    "u": lambda _reader, held: UUID(held),
    "dt": _datetime,
    "ti": _time,
    "da": lambda _reader, held: date.fromisoformat(held),
    "td": lambda _reader, held: timedelta(*held),
    "n": _array,
    "m": _number,
    "A": _table,
    "k": _dataclass,
    "e": _member,
    "q": _named_tuple,
}
