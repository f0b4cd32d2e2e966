"""The newest bar of a series, kept with the block that holds it and beside the coverage."""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from numpy.typing import NDArray

from tapehead.errors import DamagedSegmentError
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.model.instrument import Series
from tapehead.model.segment import TAIL, BarRow, SegmentRef
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.layers import Layers
from tapehead.stores.tables.versions import series_of

_BAR: Final = struct.Struct("<5dB")
_TIME: Final = struct.Struct("<q")
_SUM: Final = struct.Struct("<I")


def pack_newest(columns: Mapping[Column, NDArray[Any]]) -> bytes:
    """Return the last of some bars as it is kept: open, high, low, close, volume, flags, then a CRC-32.

    The time stands beside it; the sum is of it too, so that a value that rotted in the database is not believed.
    """
    ts, *rest = (columns[name][-1:].tobytes() for name in BAR_COLUMNS)
    return _sealed(ts, b"".join(rest))


def read_newest(database: Database, series: Sequence[Series], snapshot: int) -> dict[Series, BarRow | None]:
    """Return the newest bar of each series that has some, by one statement.

    None stands for one that is not kept, as of a block of an older Tapehead, or not whole; nothing is returned where
    the snapshot is not the head.
    """
    names = json.dumps([(one.venue, one.symbol, one.interval.us) for one in series])
    found: dict[Series, BarRow | None] = {}
    for place, ts, packed, head in database.execute("newest", {"series": names}).fetchall():
        if head != snapshot:
            return {}
        found[series[place]] = _unpacked(ts, packed)
    return found


def wrong_newest(database: Database, layers: Layers, *, lacking: bool) -> Iterator[tuple[SegmentRef, bytes]]:
    """Yield the blocks that hold the newest bar of a series and are kept beside another one, with what it must be.

    With `lacking` those too beside which none is kept, as of an older Tapehead.
    """
    for venue, symbol, us, *fields, kept in database.execute("top_blocks").fetchall():
        ref = SegmentRef(series_of(venue, symbol, us), *fields)
        if kept is None and not lacking:
            continue
        try:
            true = pack_newest(layers.columns(ref))
        except (DamagedSegmentError, ValueError, OSError):
            # It cannot be known; the check of segments tells of it.
            continue
        if kept is None or bytes(kept) != true:
            yield ref, true


def mend_newest(database: Database, layers: Layers) -> set[Series]:
    """Keep the right newest bars with the blocks; return of which series another one, or none, was kept."""
    mended: set[Series] = set()
    for ref, true in list(wrong_newest(database, layers, lacking=True)):
        name = "mend_newest_of_block" if ref.layer == TAIL else "mend_newest_of_segment"
        database.execute(name, (true, ref.data))
        mended.add(ref.series)
    return mended


def _unpacked(ts: int, packed: bytes | None) -> BarRow | None:
    """Return a kept bar, None where there is none, or where it is not what was written."""
    if packed is None or len(packed) != _BAR.size + _SUM.size or _sealed(_TIME.pack(ts), packed[: _BAR.size]) != packed:
        return None
    return BarRow(ts, *_BAR.unpack_from(packed))


def _sealed(ts: bytes, rest: bytes) -> bytes:
    """Return what is kept of a bar whose time and other values are these bytes."""
    return rest + _SUM.pack(zlib.crc32(rest, zlib.crc32(ts)))
