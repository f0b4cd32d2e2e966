"""to_bytes: a Python value as bytes that name every type, so that reading them runs no code of anybody's choice."""

import json
import math
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal
from uuid import UUID

from tapehead.errors import UncacheableError

MAGIC: Final = b"TPV1"
HEAD: Final = struct.Struct("<4sII")
"""Magic, CRC-32 of what follows, length of the JSON."""
_JSON: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
DEEPEST: Final = 100
KINDS: Final = "biufcSUMm"
"""Kinds of NumPy's types whose bytes are their values."""
KEPT: Final = (
    "None, bool, int, float, complex, str, bytes, Decimal, UUID, dates and times, NumPy arrays and numbers, Arrow "
    "tables, lists, tuples, sets, dicts, and dataclasses, enums and named tuples that types= names"
)


def to_bytes(
    value: object, classes: Mapping[type, str] | None = None, *, place: str = "it", ordered: bool = True
) -> bytes:
    """Write a value; equal values of equal types give equal bytes, whatever the order of sets.

    Parameters
    ----------
    value : object
        See `KEPT`; of exactly those types, for a subclass would come back as something else.
    classes : mapping of type to str, optional
        Dataclasses, enums and named tuples that may stand in it, with the names they are written by.
    place : str
        What the sentence of an error calls the value.
    ordered : bool
        False: dicts of texts are equal whatever their order, too.

    Returns
    -------
    bytes
        Magic, checksum, a JSON of the structure, then the bytes of arrays.

    Raises
    ------
    UncacheableError
        The value, or something in it, is of another type, or it holds itself; the place stands in the sentence.
    """
    writer = _Writer(classes or {}, ordered)
    tree = writer.node(value, place, 0)
    text = _JSON.encode([tree, [len(one) for one in writer.parts]]).encode()
    body = b"".join([text, *writer.parts])
    return HEAD.pack(MAGIC, zlib.crc32(body), len(text)) + body


def refused(value: object, place: str) -> UncacheableError:
    """Return the error of a value that is not kept."""
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return UncacheableError(place=place, kind=with_article(name), kept=KEPT, step=_step(kind))


def with_article(name: str) -> str:
    """Return the name of a type as one says it: `an object`, `a function`."""
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def _step(kind: type) -> str:
    """Return what to do about a type."""
    root = kind.__module__.partition(".")[0]
    if root == "pandas":
        return "Keep pyarrow.Table.from_pandas(frame), and make the frame of it by .to_pandas()"
    if root == "polars":
        return "Keep frame.to_arrow(), and make the frame of it by polars.from_arrow(table)"
    if is_dataclass(kind) or issubclass(kind, (Enum, tuple)):
        return f"Name its class: types=({kind.__name__},)"
    return "Keep what it is made of"


class _Writer:
    """Writes one value: nodes of JSON, and the parts that stand behind it as they are."""

    def __init__(self, classes: Mapping[type, str], ordered: bool) -> None:
        self.parts: list[bytes] = []
        self.ordered = ordered
        self._classes = classes
        self._sets = 0

    def node(self, value: Any, place: str, depth: int) -> Any:
        """Return the node of a value; what is no JSON by itself is an object of one key, its kind."""
        if depth > DEEPEST:
            raise UncacheableError(
                place=place, kind="a value in more than 100 others, or in itself", kept=KEPT, step="Keep less"
            )
        kind = type(value)
        if kind in (bool, str) or value is None:
            return value
        if kind is int:
            return value if -(2**63) <= value < 2**64 else {"i": hex(value)}
        if kind is float:
            return value if math.isfinite(value) else {"f": str(value)}
        if kind is list:
            return [self.node(one, f"{place}[{at}]", depth + 1) for at, one in enumerate(value)]
        write = _WRITERS.get(kind)
        if write is not None:
            return write(self, value, place, depth + 1)
        if kind in self._classes:
            return self._made(value, place, depth + 1)
        return self._foreign(value, place)

    def part(self, data: bytes) -> int | str:
        """Keep bytes behind the JSON; return their number. Those in a set, which has no order, stand in the JSON."""
        if self._sets:
            return data.hex()
        self.parts.append(data)
        return len(self.parts) - 1

    def members(self, value: Any, place: str, depth: int) -> list[Any]:
        """Write the members of a set, in one order."""
        self._sets += 1
        nodes = [self.node(one, f"{place}{{}}", depth) for one in value]
        self._sets -= 1
        return sorted(nodes, key=json.dumps)

    def _made(self, value: Any, place: str, depth: int) -> Any:
        """Write an instance of a class that was named."""
        name = self._classes[type(value)]
        if isinstance(value, Enum):
            return {"e": [name, value.name]}
        if isinstance(value, tuple):
            return {"q": [name, [self.node(one, f"{place}[{at}]", depth) for at, one in enumerate(value)]]}
        held = {
            field.name: self.node(getattr(value, field.name), f"{place}.{field.name}", depth) for field in fields(value)
        }
        return {"k": [name, held]}

    def _foreign(self, value: Any, place: str) -> Any:
        """Write what belongs to a package; nothing is imported for a value that is of none."""
        kind = type(value)
        root = kind.__module__.partition(".")[0]
        if root == "numpy":
            return self._numpy(value, place)
        if root == "pyarrow" and kind.__name__ == "Table":
            import pyarrow as pa

            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, value.schema) as stream:
                stream.write_table(value)
            return {"A": self.part(sink.getvalue().to_pybytes())}
        raise refused(value, place)

    def _numpy(self, value: Any, place: str) -> Any:
        """Write an array, or one number of NumPy."""
        import numpy as np

        if isinstance(value, np.generic) and value.dtype.kind in KINDS:
            return {"m": [value.dtype.str, self.part(value.tobytes())]}
        if type(value) is not np.ndarray:
            raise refused(value, place)
        if value.dtype.names or value.dtype.subdtype or value.dtype.kind not in KINDS:
            raise UncacheableError(
                place=place,
                kind=f"a NumPy array of {value.dtype}",
                kept=KEPT,
                step="Keep an array for each of its fields",
            )
        order: Literal["C", "F"] = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        whole = self.part(value.tobytes(order))
        return {"n": [value.dtype.str, list(value.shape), order, bool(value.flags.writeable), whole]}


def _mapping(writer: _Writer, value: dict[Any, Any], place: str, depth: int) -> Any:
    """Write a dict in its order."""
    if all(type(name) is str for name in value):
        items = value.items() if writer.ordered else sorted(value.items(), key=lambda item: item[0])
        return {"o": {name: writer.node(one, f"{place}[{name!r}]", depth) for name, one in items}}
    pairs = [
        [writer.node(name, f"a key of {place}", depth), writer.node(one, f"{place}[{name!r}]", depth)]
        for name, one in value.items()
    ]
    return {"d": pairs}


def _moment(_writer: _Writer, value: datetime | time, place: str, _depth: int) -> Any:
    """Write a date with a time, or a time, with its zone by its name or its distance from UTC."""
    zone = value.tzinfo
    key = getattr(zone, "key", None)
    if zone is not None and not isinstance(zone, timezone) and not isinstance(key, str):
        raise refused(zone, f"the zone of {place}")
    kind = "dt" if isinstance(value, datetime) else "ti"
    plain = value if key is None else value.replace(tzinfo=None)
    return {kind: [plain.isoformat(), value.fold, key]}


def _plain(kind: str, text: Callable[[Any], Any]) -> Callable[[_Writer, Any, str, int], Any]:
    """Return a writer of what one text or list of numbers says."""
    return lambda _writer, value, _place, _depth: {kind: text(value)}


_WRITERS: Final[Mapping[type, Callable[[_Writer, Any, str, int], Any]]] = {
    tuple: lambda writer, value, place, depth: {
        "t": [writer.node(one, f"{place}[{at}]", depth) for at, one in enumerate(value)]
    },
    dict: _mapping,
    set: lambda writer, value, place, depth: {"s": writer.members(value, place, depth)},
    frozenset: lambda writer, value, place, depth: {"z": writer.members(value, place, depth)},
    bytes: lambda writer, value, _place, _depth: {"b": writer.part(value)},
    bytearray: lambda writer, value, _place, _depth: {"y": writer.part(bytes(value))},
    complex: lambda writer, value, place, depth: {
        "c": [writer.node(value.real, place, depth), writer.node(value.imag, place, depth)]
    },
    Decimal: _plain("D", str),
    UUID: _plain("u", lambda value: value.hex),
    datetime: _moment,
    time: _moment,
    date: _plain("da", date.isoformat),
    timedelta: _plain("td", lambda value: [value.days, value.seconds, value.microseconds]),
}
