"""stamps_of: what to keep in mind of a run as a whole, because of who takes part in it."""

from collections.abc import Mapping, Sequence

from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import SegmentRef

ENDED_AFTER_US = 30 * 86_400_000_000
"""A series whose last bar ends longer than this before the newest one counts as ended."""
SURVIVORSHIP = "survivorship: unknown"


def stamps_of(
    instruments: Sequence[Instrument], refs: Mapping[Series, Sequence[SegmentRef]], interval: Interval
) -> tuple[str, ...]:
    """Return the stamps of a universe.

    `survivorship: unknown` where none of its instruments ever ends, by a known date or by its bars: then those that
    failed may have been left out, and results look better than they were for anybody at the time.
    """
    if any(each.delisted_at is not None for each in instruments):
        return ()
    series = (Series(each.venue, each.symbol, interval) for each in instruments)
    lasts = [max(ref.last for ref in refs[each]) for each in series if each in refs]
    if lasts and max(lasts) - min(lasts) > ENDED_AFTER_US:
        return ()
    return (SURVIVORSHIP,)
