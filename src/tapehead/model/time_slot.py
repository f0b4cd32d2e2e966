"""slot_at: the slot of time that a moment lies in, such as its minute or its day in a zone."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tapehead.errors import ParameterError
from tapehead.model.cache_policy import read_ttl

_DAY_S = 86_400


class TimeSlot(NamedTuple):
    """A slot: its `label`, by which values of it are known, and its end (s since 1970, UTC)."""

    label: str
    end_s: float


def slot_at(now_s: float, slot: str, zone: str = "UTC") -> TimeSlot:
    """Return the slot of a moment.

    Parameters
    ----------
    now_s : float
        Seconds since 1970, UTC.
    slot : str
        Length, `1d` or what divides a day: `30s`, `5m`, `1h`, `4h`. Slots are counted from midnight in the zone.
    zone : str
        Name of a time zone, such as `America/New_York`.

    Raises
    ------
    ParameterError

    Notes
    -----
    A slot is half-open and lies in one day; days have 23 to 25 hours where clocks are changed. An hour that comes twice
    is two slots.
    """
    length = check_slot(slot, zone)
    here = datetime.fromtimestamp(now_s, ZoneInfo(zone))
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    step = timedelta(seconds=length)
    start = midnight + (here.replace(tzinfo=None) - midnight) // step * step
    end = min(start + step, midnight + timedelta(days=1))
    # When the clock of the wall shows it, in the pass of the hour that we are in.
    end_s = end.replace(tzinfo=here.tzinfo, fold=here.fold).timestamp()
    offset = here.utcoffset() or timedelta(0)
    if length < _DAY_S:
        end_s = min(end_s, (end - offset).replace(tzinfo=UTC).timestamp())
    label = start.isoformat() if length == _DAY_S else f"{start.isoformat()}{offset.total_seconds():+.0f}"
    return TimeSlot(f"{label}/{length:g}/{zone}", end_s)


def check_slot(slot: str, zone: str) -> float:
    """Return the length of a slot in seconds; raise ParameterError for a length or a zone that there is not."""
    try:
        length = read_ttl(slot)
    except ParameterError:
        length = 0.0
    if not 0 < length <= _DAY_S or _DAY_S % length:
        bound = "1d, or a length that divides a day, such as 30s, 5m or 4h"
        raise ParameterError(name="slot", value=repr(slot), bound=bound)
    try:
        ZoneInfo(zone)
    except (LookupError, OSError, TypeError, ValueError):
        bound = "the name of a time zone, such as UTC or America/New_York"
        raise ParameterError(name="zone", value=repr(zone), bound=bound) from None
    return length
