"""Values come back from bytes as they were, type by type; what else there is, is refused in a sentence."""

import math
import pickle
import random
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapehead.errors import UncacheableError
from tapehead.layout.from_bytes import UnreadableError, from_bytes
from tapehead.layout.to_bytes import to_bytes


class Side(Enum):
    BUY = 1
    SELL = -1


class Level(NamedTuple):
    price: float
    size: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    symbol: str
    at: datetime
    side: Side
    levels: tuple[Level, ...]


NAMES = {kind: f"{kind.__module__}:{kind.__qualname__}" for kind in (Side, Level, Quote)}
CLASSES = {name: kind for kind, name in NAMES.items()}
BERLIN = ZoneInfo("Europe/Berlin")
QUOTE = Quote(
    "BTCUSDT", datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN), Side.SELL, (Level(1.5, Decimal("0.10")),)
)


def written(value: object) -> str:
    """As `repr`, whatever order this process happens to walk a set in: workers collect the same names of tests."""
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({sorted(value, key=repr)!r})"
    return repr(value)


def again(value: object) -> Any:
    return from_bytes(to_bytes(value, NAMES), CLASSES)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(10**400),
        2**63,
        0.1,
        -0.0,
        math.inf,
        "",
        "\ud800 é 😀",
        b"\x00\xff",
        bytearray(b"a"),
        1 + 2j,
        Decimal("1.10"),
        UUID(int=7),
        date(2024, 2, 29),
        time(1, 2, 3, 4),
        time(1, tzinfo=UTC),
        timedelta(days=-1, microseconds=1),
        datetime(2024, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001 - one without a zone stays one
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        QUOTE.at,
        [],
        [1, [2.0, (3, "x")]],
        {"a": 1, "b": None},
        {},
        {1: "a", (1, 2): b"b", None: {"f": 1}},
        {"n": [1], "t": (2,)},
        {1, 2, 3},
        frozenset({("a", b"b"), ("c", b"d")}),
        Side.BUY,
        Level(2.0, Decimal("NaN")),
        QUOTE,
        {"quotes": [QUOTE, QUOTE]},
    ],
    ids=written,
)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    got = again(value)
    assert type(got) is type(value)
    assert written(got) == written(value)
    assert getattr(got, "fold", 0) == getattr(value, "fold", 0)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype="<i4").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(10.0)[::2],
        np.array([], dtype=np.float64),
        np.array(3.5),
        np.array([True, False]),
        np.array(["a", "bc"]),
        np.array([b"a", b"bc"]),
        np.array(["2024-01-01", "NaT"], dtype="M8[us]"),
        np.array([1.0, np.nan, -0.0, np.inf]),
        np.arange(3, dtype=">f8"),
        np.zeros((0, 4), np.int8),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_comes_back_bit_for_bit(array: Any) -> None:
    got = again(array)
    assert (got.dtype, got.shape, got.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert got.flags.writeable
    array.flags.writeable = False
    assert not again(array).flags.writeable


def test_a_number_of_numpy_and_an_arrow_table_come_back() -> None:
    assert repr(again(np.float32(0.1))) == repr(np.float32(0.1))
    assert again({np.int64(3)}) == {3}
    table = pa.table({"ts": [1, 2], "close": [1.5, None]})
    assert again(table).equals(table)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(JSON)
def test_whatever_is_nested_comes_back(value: object) -> None:
    assert again(value) == value


def test_equal_sets_give_equal_bytes() -> None:
    names = [f"{number}".encode() for number in range(50)]
    shuffled = random.Random(1).sample(names, 50)
    assert to_bytes(set(names)) == to_bytes(set(shuffled))


def _holding_itself() -> list[object]:
    held: list[object] = []
    held.append(held)
    return held


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "it is an object, .* Keep what it is made of"),
        ({"a": [defaultdict(int)]}, r"it\['a'\]\[0\] is a collections.defaultdict"),
        (OrderedDict(), "collections.OrderedDict"),
        (np.array([object()]), "it is a NumPy array of object"),
        (np.zeros(2, [("a", "i4")]), "an array for each of its fields"),
        (np.ma.array([1]), "numpy.ma"),
        (lambda: 1, "is a function"),
        (_holding_itself(), "in itself"),
        (datetime(2024, 1, 1, tzinfo=type("Own", (type(UTC).__bases__[0],), {})()), "the zone of it"),
    ],
)
def test_what_is_not_kept_is_named_with_its_place(value: object, said: str) -> None:
    with pytest.raises(UncacheableError, match=said):
        to_bytes(value)


def test_a_class_that_nobody_named_is_neither_written_nor_read() -> None:
    with pytest.raises(UncacheableError, match=r"types=\(Quote,\)"):
        to_bytes(QUOTE)
    with pytest.raises(UnreadableError, match="Quote"):
        from_bytes(to_bytes(QUOTE, NAMES))


def test_other_bytes_are_refused_wherever_they_were_changed() -> None:
    data = to_bytes({"a": np.arange(3), "b": QUOTE}, NAMES)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(UnreadableError):
            from_bytes(bytes(changed), CLASSES)
    for other in (b"", data[:-1], pickle.dumps({"a": 1})):
        with pytest.raises(UnreadableError):
            from_bytes(other, CLASSES)
