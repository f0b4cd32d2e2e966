"""Wall clocks and UTC: where a zone's offset changes, and the hour it repeats."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError

I64 = NDArray[np.int64]
_SECOND_US = 1_000_000
# Every change of offset since 1900 falls on a multiple of a quarter hour.
_BLOCK_US = 900 * _SECOND_US
_DAY_US = 86_400 * _SECOND_US
_BLOCKS_A_DAY = 96


class WallClock:
    """Turns local times without an offset into UTC, batch after batch of one file.

    Parameters
    ----------
    zone : str
        IANA name, such as `Asia/Kolkata`; raises ParameterError when there is none.

    Notes
    -----
    In the hour that a zone repeats in autumn the first bar of a (symbol, time) in the file is taken as the earlier, the
    second as the later; `repeated` counts them. Local times that a zone skips in spring are not valid.
    """

    def __init__(self, zone: str) -> None:
        try:
            self._zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
            bound = "a zone of the IANA list, such as UTC, Asia/Kolkata or America/New_York"
            raise ParameterError(name="tz", value=zone, bound=bound) from cause
        self.repeated = 0
        self._seen: dict[tuple[int, int], int] = {}

    def to_utc(self, wall: I64, codes: NDArray[np.int32]) -> tuple[I64, NDArray[np.bool_]]:
        """Return UTC times (us) of wall times (us as if UTC), and which of them exist; arrays of shape (n,)."""
        early, late, place = self._offsets(wall)
        offset = early[place]
        # A skipped hour has the smaller offset first, a repeated one the larger.
        exists = ~(early < late)[place]
        for row in np.flatnonzero((early > late)[place]):
            key = (int(codes[row]), int(wall[row]))
            turn = self._seen.get(key, 0)
            self._seen[key] = turn + 1
            self.repeated += 1
            if turn % 2:
                offset[row] = late[place[row]]
        return wall - offset, exists

    def _offsets(self, wall: I64) -> tuple[I64, I64, I64]:
        """Return the offsets (us) of both readings of stretches of wall time, and the stretch of each row."""
        days, of_day = np.unique(wall // _DAY_US, return_inverse=True)
        here, there = (
            np.array([self._offset_us(int(day + more) * _BLOCKS_A_DAY, 0) for day in days], np.int64) for more in (0, 1)
        )
        if np.array_equal(here, there):
            return here, here, of_day
        # Only where a day begins and ends with another offset does it matter which quarter of an hour it is.
        changing = np.isin(of_day, np.flatnonzero(here != there))
        blocks, of_block = np.unique(np.where(changing, wall // _BLOCK_US, 0), return_inverse=True)
        early, late = (np.array([self._offset_us(int(block), fold) for block in blocks], np.int64) for fold in (0, 1))
        place = np.where(changing, len(days) + of_block, of_day)
        return np.concatenate([here, early]), np.concatenate([here, late]), place

    def _offset_us(self, block: int, fold: int) -> int:
        """Return the offset of a quarter hour of wall time."""
        from datetime import UTC, datetime, timedelta

        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=block * _BLOCK_US)
        except OverflowError:
            return 0
        offset = moment.replace(tzinfo=self._zone, fold=fold).utcoffset()
        return 0 if offset is None else round(offset.total_seconds()) * _SECOND_US


def from_utc(ts: I64, zone: str) -> I64:
    """Return the wall times (us as if UTC) that UTC times show in a zone; a zone that is not known leaves them."""
    from datetime import UTC, datetime, timedelta

    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ts
    blocks, place = np.unique(ts // _BLOCK_US, return_inverse=True)
    offsets = np.zeros(len(blocks), np.int64)
    for row, block in enumerate(blocks):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(block) * _BLOCK_US)
        offset = moment.astimezone(there).utcoffset()
        offsets[row] = 0 if offset is None else round(offset.total_seconds()) * _SECOND_US
    return ts + offsets[place]


def is_midnight(wall: I64) -> bool:
    """Whether every wall time is a midnight: the times are dates."""
    return bool(len(wall)) and not np.any(wall % _DAY_US)
