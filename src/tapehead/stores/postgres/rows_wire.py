"""Bars as PostgreSQL's binary formats have them: rows of COPY, and arrays of a column."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column

Columns = dict[Column, NDArray[Any]]

FIRST_US: Final = -62_135_596_800_000_000
"""0001-01-01 00:00 UTC; no row is before it."""
END_US: Final = 253_399_622_400_000_000
"""9999-12-01 00:00 UTC; every row is before it."""
_EPOCH_US: Final = 946_684_800_000_000
"""2000-01-01 00:00 UTC, from which PostgreSQL counts."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_ARRAY_HEAD: Final = 20
_SIZES: Final[dict[str, int]] = dict.fromkeys(("series", *BAR_COLUMNS), 8) | {"flags": 2}
_WIRE: Final = {name: ">i2" if name == "flags" else ">i8" if name in ("ts", "series") else ">f8" for name in _SIZES}
_ROW: Final = np.dtype(
    [("fields", ">i2")] + [part for name in _SIZES for part in ((f"{name}_size", ">i4"), (name, _WIRE[name]))]
)


def to_rows(parts: Sequence[tuple[int, Mapping[Column, NDArray[Any]]]]) -> NDArray[Any]:
    """Return the bars of some series as COPY takes them; all values have one size, so no row is walked."""
    rows = np.empty(sum(len(columns["ts"]) for _, columns in parts), _ROW)
    rows["fields"] = len(_SIZES)
    for name, size in _SIZES.items():
        rows[f"{name}_size"] = size
    at = 0
    for series, columns in parts:
        place = slice(at, at + len(columns["ts"]))
        rows["series"][place] = series
        for name in BAR_COLUMNS:
            rows[name][place] = columns[name] - _EPOCH_US if name == "ts" else columns[name]
        at = place.stop
    return rows


def to_copy(rows: NDArray[Any]) -> bytes:
    """Return the bytes of a COPY of such rows."""
    return b"".join((_HEAD, rows.tobytes(), _END))


def from_arrays(arrays: list[bytes | None]) -> Columns:
    """Return the bars of a row of `array_agg`, one array a column in the order of the layout; None for no bar."""
    columns: Columns = {}
    for name, array in zip(BAR_COLUMNS, arrays, strict=True):
        kind = np.dtype([("size", ">i4"), ("value", _WIRE[name])])
        values = np.frombuffer(array or b"", kind, offset=_ARRAY_HEAD if array else 0)["value"]
        columns[name] = (values + _EPOCH_US if name == "ts" else values).astype(BAR_DTYPES[name])
    return columns


def to_time(us: int) -> datetime:
    """Return a time (us UTC) as the driver takes it, the nearest one that a row may have."""
    return _EPOCH + timedelta(microseconds=min(max(us, FIRST_US), END_US))


def to_us(time: datetime) -> int:
    """Return a time of the driver as us UTC."""
    return (time - _EPOCH) // timedelta(microseconds=1)
