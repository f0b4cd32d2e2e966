"""border_bars: the first bars of periods whose flag tells of a neighbour that is no longer, or only now, there."""

from collections.abc import Collection, Sequence
from itertools import groupby

import numpy as np

from tapehead.errors import DamagedSegmentError
from tapehead.jobs.merge import Columns, hole_sizes
from tapehead.jobs.read_period import read_layers
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.calendar import Calendar
from tapehead.model.instrument import Series
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import ChunkCache


def border_bars(
    tiers: ChunkCache,
    series: Series,
    refs: Sequence[SegmentRef],
    touched: Collection[int],
    calendar: Calendar,
) -> Bars | None:
    """Return the first bar of each period that has the wrong flag `after_hole`, with the right one.

    Parameters
    ----------
    tiers : ChunkCache
        A chain that always answers, or raises DamagedSegmentError.
    series : Series
    refs : sequence of SegmentRef
        All of the series, by period, then layer.
    touched : collection of int
        Periods that changed; these and those that follow one of them are looked at.
    calendar : Calendar
        Of the instrument, for holes.

    Returns
    -------
    Bars or None
        None where every flag is right. A period that is damaged is left as it is.
    """
    wrong: list[Columns] = []
    earlier: SegmentRef | None = None
    before: int | None = None
    for period, group in groupby(refs, key=lambda ref: ref.period):
        held = list(group)
        # A touched period that lost all its bars stood before the next one that has some.
        if any(one <= period and (earlier is None or one >= earlier.period) for one in touched):
            first = _first_bar(tiers, held)
            if first is not None and _is_wrong(first, before, series, calendar):
                wrong.append({**first, "flags": first["flags"] ^ np.uint8(AFTER_HOLE)})
        earlier, before = held[-1], max(ref.last for ref in held)
    if not wrong:
        return None
    return frozen_bars(series, {name: np.concatenate([one[name] for one in wrong]) for name in BAR_COLUMNS})


def _first_bar(tiers: ChunkCache, refs: Sequence[SegmentRef]) -> Columns | None:
    """Return the first bar of a period, None where it cannot be read."""
    try:
        whole = read_layers(tiers, refs)
    except DamagedSegmentError:
        return None
    return {name: whole[name][:1] for name in BAR_COLUMNS}


def _is_wrong(bar: Columns, before: int | None, series: Series, calendar: Calendar) -> bool:
    """Say whether the flag of a bar does not fit the bar that stands before it."""
    sizes = hole_sizes(bar["ts"], series.interval, calendar, before)
    return bool(len(sizes) and sizes[0] > 0) != bool(bar["flags"][0] & AFTER_HOLE)
