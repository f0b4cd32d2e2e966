"""time_tiers: how long each tier of bars takes to give one segment of the store."""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, Final, NamedTuple

import numpy as np

from tapehead.jobs.measure_csv import ALWAYS
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.ports.bars import ChunkCache, TierStats
from tapehead.wiring.assemble import House

_TIMES: Final = 5
_LEASE_S: Final = 60.0


class TierTime(NamedTuple):
    """A tier's figures, and how long it took to give the columns of a segment (ms, median); None where it could not."""

    stats: TierStats
    read_ms: float | None


def time_tiers(house: House) -> tuple[int, list[TierTime]]:
    """Read one segment out of each tier, which is given it where it does not have it, and out of the store.

    Returns
    -------
    tuple
        Bars of the segment, 0 where the store holds none; the tiers, fastest first, and last the store itself.
    """
    head = house.bars.head()
    with house.bars.lease(head, _LEASE_S):
        ref = _some_segment(house, head)
        if ref is None:
            return 0, [TierTime(stats, None) for stats in house.tiers()]
        columns: dict[Column, Any] = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        store_ms = _time(lambda: house.direct.tiers.read(ref, BAR_COLUMNS, columns))
    took = {tier.stats().name: _time_tier(tier, ref, columns) for tier in house.kept}
    if house.settings.memory_tier_bytes and house.shelf.memory is not None:
        memory, key = house.shelf.memory, (ref.data,)
        memory.put(key, columns)
        took["memory"] = _time(lambda: memory.get(key)) if memory.has(key) else None
    found = [TierTime(stats, took.get(stats.name)) for stats in house.tiers()]
    return ref.rows, [*found, TierTime(TierStats("store"), store_ms)]


def _some_segment(house: House, head: int) -> SegmentRef | None:
    """Return the longest segment that tiers keep of the first series that has one."""
    for cover in house.bars.coverage():
        for refs in house.bars.manifest([cover.series], *ALWAYS, snapshot=head).refs.values():
            kept = [ref for ref in refs if ref.layer != TAIL]
            if kept:
                return max(kept, key=lambda ref: ref.rows)
    return None


def _time(read: Callable[[], object]) -> float:
    """Return the median of a few reads (ms)."""
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        read()
        took.append(time.perf_counter() - began)
    return median(took) * 1e3


def _time_tier(tier: ChunkCache, ref: SegmentRef, columns: Mapping[Column, Any]) -> float | None:
    """Return how long a hit takes (ms)."""
    if not tier.has(ref, BAR_COLUMNS):
        tier.write(ref, columns)
    into = {name: np.empty_like(values) for name, values in columns.items()}
    return _time(lambda: tier.read(ref, BAR_COLUMNS, into)) if tier.read(ref, BAR_COLUMNS, into) else None
