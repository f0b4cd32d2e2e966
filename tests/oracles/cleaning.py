"""Cleaning the slow, obvious way: one row after the other, in dictionaries, without NumPy.

Written from contract.md 5: the last row of a time wins, rows equal in all values are duplicates, others conflict; a row
without time or with a null or non-finite price is no bar; a high or low on the wrong side of another price is kept.
"""

import math
from dataclasses import dataclass, field

Row = tuple[int | None, float, float, float, float, float]


@dataclass
class Expected:
    bars: dict[int, tuple[float, ...]] = field(default_factory=dict)
    suspect: set[int] = field(default_factory=set)
    duplicates: int = 0
    conflicting: int = 0
    out_of_order: int = 0
    no_time: list[int] = field(default_factory=list)
    no_price: list[int] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    won: set[int] = field(default_factory=set)


def clean_rows(rows: list[Row]) -> Expected:
    """Return what becomes of each row; places count from 0."""
    found = Expected()
    by_time: dict[int, list[int]] = {}
    before: int | None = None
    for place, row in enumerate(rows):
        ts, *values = row
        if ts is None:
            found.no_time.append(place)
            continue
        if before is not None and ts < before:
            found.out_of_order += 1
        before = ts
        if not all(math.isfinite(price) for price in values[:4]):
            found.no_price.append(place)
            continue
        by_time.setdefault(ts, []).append(place)
    for ts in sorted(by_time):
        places = by_time[ts]
        kept = rows[places[-1]]
        distinct: list[Row] = []
        for place in places:
            if not any(_same(rows[place], other) for other in distinct):
                distinct.append(rows[place])
        found.duplicates += len(places) - len(distinct)
        found.conflicting += len(distinct) - 1
        if len(distinct) > 1:
            found.won.add(places[-1])
        # Of equal rows that lose, the last one stands for all.
        for row in distinct:
            if not _same(row, kept):
                found.lost.add(max(place for place in places if _same(rows[place], row)))
        _, opened, high, low, close, volume = kept
        found.bars[ts] = (opened, high, low, close, volume if math.isfinite(volume) else 0.0)
        if high < opened or high < close or high < low or low > opened or low > close:
            found.suspect.add(ts)
    return found


def _same(one: Row, other: Row) -> bool:
    """Equal in every value; null equals null."""
    return all(a == b or (a != a and b != b) for a, b in zip(one[1:], other[1:], strict=True))
