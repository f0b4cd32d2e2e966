"""judge: what is wrong with a store after it was tortured, by a plain model of what was acknowledged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tapehead.errors import ParameterError
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES
from tapehead.model.segment import SegmentRef
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.manifest import EmbeddedBars
from tests.torture.market import EMPTY, SERIES, Market, Row, Step, make_plan, to_drafts
from tests.torture.writer import FOREVER, open_store

ALWAYS = (-(2**62), 2**62)


class Expected(NamedTuple):
    """What a store may hold: markets by snapshot, snapshots that may be refused, universes and reports."""

    markets: Mapping[int, Market]
    swept: frozenset[int]
    universes: Sequence[Mapping[str, tuple[str, ...]]]
    reports: Mapping[int, bytes]


def expect(plan: Sequence[Step], heads: Sequence[int], head: int) -> Expected:
    """Return what a store of this head holds, when `heads` were acknowledged and one more step may have been begun."""
    markets, swept, reports = {0: EMPTY}, set[int](), dict[int, bytes]()
    tried = list(heads)
    if len(heads) < len(plan):
        tried.append(head)
    for at, number in enumerate(tried):
        if number not in markets and plan[at].does == "commit":
            reports[number] = plan[at].report
        if number not in markets or at < len(heads):
            markets[number] = plan[at].after
        if plan[at].does == "sweep":
            swept.update(set(range(number)) - {heads[one] for one in plan[at].keeps})
    last = plan[len(heads) - 1].after if heads else EMPTY
    universes = [last.universes]
    if len(heads) < len(plan):
        universes.append(plan[len(heads)].after.universes)
    return Expected(markets, frozenset(swept), universes, reports)


class Reader:
    """Reads snapshots bar by bar into dicts; each block is decoded once, by its hash."""

    def __init__(self, store: EmbeddedBars) -> None:
        self.store = store
        self.decoded: dict[tuple[bytes, bytes], list[Row]] = {}

    def rows(self, place: int, snapshot: int | None) -> list[Row]:
        """Return the bars of a series in order of time, later blocks over earlier ones."""
        series = SERIES[place]
        bars: dict[tuple[int, int], Row] = {}
        for ref in self.store.manifest([series], *ALWAYS, snapshot=snapshot).refs.get(series, ()):
            bars.update({(ref.period, row[0]): row for row in self.block(ref)})
        return sorted(bars.values())

    def block(self, ref: SegmentRef) -> list[Row]:
        """Return the bars of one block."""
        key = ref.data, ref.file
        if key not in self.decoded:
            ((_, content),) = self.store.read([ref])
            columns = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
            ParquetCodec().decode(content, BAR_COLUMNS, columns)
            self.decoded[key] = list(zip(*(columns[name].tolist() for name in BAR_COLUMNS), strict=True))
        return self.decoded[key]


def judge(home: Path, plan: Sequence[Step], heads: Sequence[int]) -> list[str]:
    """Open a store that was killed or cut off, and return everything that is not as it was acknowledged.

    A store that goes on is part of it: the next commit and append must work, and what nobody names must go.
    """
    store = open_store(home)
    try:
        head, last = store.head(), heads[-1] if heads else 0
        if head != last and (head != last + 1 or len(heads) == len(plan)):
            return [f"the head is {head}; {last} was acknowledged last"]
        expected = expect(plan, heads, head)
        faults = list(differences(store, expected))
        faults += [f"check: {one.text}" for one in store.check(rows=True) if one.what != "orphan"]
        return faults or list(_goes_on(store, expected)) + list(_integrity(home))
    finally:
        store.close()


def differences(store: EmbeddedBars, expected: Expected) -> Iterator[str]:
    """Yield each snapshot, instrument, universe, report and coverage that is not what it should be."""
    reader = Reader(store)
    head = store.head()
    for number, market in sorted(expected.markets.items()):
        try:
            for place, series in enumerate(SERIES):
                if reader.rows(place, number) != market.rows(place):
                    yield f"snapshot {number} holds other bars of {series.symbol} {series.interval}"
            if {one.name: one for one in store.instruments(number)} != market.instruments:
                yield f"snapshot {number} holds other instruments"
        except ParameterError:
            if number not in expected.swept:
                yield f"snapshot {number} is refused, and was kept"
    for number, report in expected.reports.items():
        if number not in expected.swept and store.report(number) != report:
            yield f"the report of {number} is another"
    if {one.name: tuple(one.symbols) for one in store.universes()} not in expected.universes:
        yield "the universes are others"
    yield from _coverage(store, expected.markets[head])


def _coverage(store: EmbeddedBars, market: Market) -> Iterator[str]:
    """Yield each series whose coverage is not that of its bars."""
    found = {one.series: (one.first, one.last, one.rows) for one in store.coverage()}
    wanted = {}
    for place, series in enumerate(SERIES):
        rows = market.rows(place)
        if rows:
            wanted[series] = (rows[0][0], rows[-1][0], len(rows))
    if found != wanted:
        yield f"coverage is {found}, not {wanted}"


def _goes_on(store: EmbeddedBars, expected: Expected) -> Iterator[str]:
    """Commit, sweep what nobody names, and look again."""
    head = store.head()
    blocks = make_plan("one more", 1)[0].blocks
    number = store.commit(to_drafts(blocks), note="one more").number
    # Equal to what is held already, it drops out.
    if number not in {head, head + 1}:
        yield f"the next commit is {number}, after {head}"
    market = Market({**expected.markets[head].bars, **blocks}, expected.markets[head].instruments, {})
    markets = {**expected.markets, number: market}
    kept = [one for one in markets if one not in expected.swept]
    store.sweep(lambda: kept, FOREVER)
    again = expected._replace(markets=markets, swept=frozenset(set(markets) - set(kept)))
    yield from (f"after the next commit: {fault}" for fault in differences(store, again))
    yield from (f"after a sweep: {one.what}: {one.text}" for one in store.check(rows=True))


def _integrity(home: Path) -> Iterator[str]:
    """Ask SQLite whether its file is whole."""
    connection = sqlite3.connect(home / "bars.db")
    try:
        told = connection.execute("PRAGMA integrity_check").fetchall()
    finally:
        connection.close()
    if told != [("ok",)]:
        yield f"bars.db: {told[:3]}"
