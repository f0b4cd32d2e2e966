"""A BarStore in a dictionary: what importing asks of a store, and nothing of disks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.factors import Factors
from tapehead.model.history import CommitKind, EmptyRange
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.preset import Preset
from tapehead.model.rollup import RollUp
from tapehead.model.segment import BarRow, Commit, Coverage, Draft, Manifest, Moved, Quarantined, SegmentRef, Universe
from tapehead.ports.bars import Given
from tapehead.stores.codec import ParquetCodec


def same_factors(one: Factors, other: Factors) -> bool:
    """Whether two step functions are equal bit for bit."""
    return all(one.columns()[name].tobytes() == other.columns()[name].tobytes() for name in one.columns())


@dataclass
class MemoryStore:
    codec: ParquetCodec = field(default_factory=ParquetCodec)
    number: int = 0
    refs: dict[tuple[Series, int], SegmentRef] = field(default_factory=dict)
    bytes_of: dict[bytes, bytes] = field(default_factory=dict)
    known: dict[str, Instrument] = field(default_factory=dict)
    aside: list[Quarantined] = field(default_factory=list)
    sets: dict[str, Universe] = field(default_factory=dict)
    kept: dict[str, Preset] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    reports: dict[int, bytes] = field(default_factory=dict)
    steps: dict[str, Factors] = field(default_factory=dict)
    ranges: list[EmptyRange] = field(default_factory=list)
    rolled: dict[tuple[Series, Interval], RollUp] = field(default_factory=dict)

    def head(self) -> int:
        return self.number

    def outlast(self, body: Callable[[], Given]) -> Given:
        return body()

    def manifest(
        self, series: Sequence[Series], start: int, end: int, *, warm: int = 0, snapshot: int | None = None
    ) -> Manifest:
        assert warm == 0
        assert snapshot in (None, self.number)
        found: dict[Series, list[SegmentRef]] = {}
        for one, _ in sorted(self.refs):
            found.setdefault(one, [])
        for (one, _), ref in sorted(self.refs.items()):
            if one in series and ref.first < end and ref.last >= start:
                found[one].append(ref)
        return Manifest(self.number, {one: tuple(refs) for one, refs in found.items() if refs})

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        for ref in refs:
            yield ref, self.bytes_of[ref.data]

    def commit(
        self,
        drafts: Iterable[Draft],
        *,
        note: str,
        instruments: Sequence[Instrument] | Callable[[], Sequence[Instrument]] = (),
        quarantine: Iterable[Quarantined] = (),
        universes: Sequence[Universe] = (),
        factors: Iterable[Factors] = (),
        empties: Iterable[EmptyRange] = (),
        report: Callable[[int], bytes] | None = None,
        kind: CommitKind = "import",
    ) -> Commit:
        assert kind in {"import", "market"}
        staged, unchanged = self._staged(drafts)
        facts = list(instruments() if callable(instruments) else instruments)
        written, facts = len(staged), [one for one in facts if self.known.get(one.name) != one]
        changed = written + len(facts)
        for place, ref in staged.items():
            if ref is None:
                self.refs.pop(place, None)
            else:
                self.refs[place] = ref
        self.known.update({instrument.name: instrument for instrument in facts})
        aside = [one for one in quarantine if one not in self.aside]
        self.aside.extend(aside)
        self.sets.update({universe.name: universe for universe in universes})
        steps = {one.instrument: one for one in factors}
        fresh = [
            one for name, one in steps.items() if name not in self.steps or not same_factors(self.steps[name], one)
        ]
        self.steps.update({one.instrument: one for one in fresh})
        ranges = [one for one in empties if one not in self.ranges]
        self.ranges.extend(ranges)
        if changed or aside or fresh or ranges:
            self.number += 1
            self.notes.append(note)
            self.reports[self.number] = report(self.number) if report is not None else b""
        return Commit(self.number, written, unchanged)

    def _staged(self, drafts: Iterable[Draft]) -> tuple[dict[tuple[Series, int], SegmentRef | None], int]:
        staged: dict[tuple[Series, int], SegmentRef | None] = {}
        unchanged = 0
        for draft in drafts:
            place = (draft.series, draft.period)
            assert place not in staged
            if not len(draft.columns["ts"]):
                staged[place] = None
                continue
            data, identity, file = self.codec.encode(draft.columns)
            ts = draft.columns["ts"]
            assert {draft.series.interval.period_of(int(at)) for at in (ts[0], ts[-1])} == {draft.period}
            old = self.refs.get(place)
            if old is not None and old.data == identity:
                unchanged += 1
                continue
            self.bytes_of[identity] = data
            outer = int(ts[0]), int(ts[-1]), len(ts)
            staged[place] = SegmentRef(draft.series, draft.period, 0, identity, file, *outer, self.number + 1, None)
        return staged, unchanged

    def factors(self, instruments: Sequence[str], snapshot: int | None = None) -> Mapping[str, Factors]:
        assert snapshot is None
        return {name: self.steps[name] for name in instruments if name in self.steps}

    def append(self, bars: Sequence[Bars]) -> Commit:
        raise AssertionError(f"an import never appends, but {len(bars)} series came")

    def coverage(self, series: Sequence[Series] | None = None) -> Sequence[Coverage]:
        found: dict[Series, list[SegmentRef]] = {}
        for (one, _), ref in sorted(self.refs.items()):
            if series is None or one in series:
                found.setdefault(one, []).append(ref)
        return [
            Coverage(one, refs[0].first, refs[-1].last, sum(ref.rows for ref in refs), len(refs))
            for one, refs in found.items()
        ]

    def intervals(self, without: str = "") -> Sequence[Interval]:
        found = {one.interval for one, _ in self.refs if one.venue != without}
        return sorted(found, key=lambda one: one.us)

    def moved(self, before: int, snapshot: int) -> Moved | None:
        return Moved((), {}) if before == snapshot else None

    def stamp(self, snapshot: int) -> str:
        return self.notes[snapshot - 1] if 0 < snapshot <= self.number else ""

    def newest(self, series: Sequence[Series], snapshot: int) -> Mapping[Series, BarRow | None]:
        assert snapshot == self.number
        return dict.fromkeys(one.series for one in self.coverage(series))

    def roll_ups(self, series: Sequence[Series], interval: Interval) -> Mapping[Series, RollUp]:
        return {one: kept for (one, to), kept in self.rolled.items() if to == interval and one in series}

    def keep_roll_ups(self, roll_ups: Mapping[Series, RollUp], interval: Interval, snapshot: int) -> bool:
        assert snapshot == self.number
        self.rolled.update({(one, interval): kept for one, kept in roll_ups.items()})
        return True

    def lease(self, snapshot: int, ttl_s: float) -> AbstractContextManager[None]:
        assert snapshot <= self.number
        assert ttl_s > 0
        return nullcontext()

    def instruments(self, snapshot: int | None = None) -> Sequence[Instrument]:
        return [self.known[name] for name in sorted(self.known)]

    def presets(self) -> Sequence[Preset]:
        return sorted(self.kept.values(), key=lambda one: one.name)

    def save_preset(self, preset: Preset) -> None:
        self.kept[preset.name] = preset

    def delete_preset(self, name: str) -> bool:
        return self.kept.pop(name, None) is not None

    def universes(self) -> Sequence[Universe]:
        return [self.sets[name] for name in sorted(self.sets)]

    def save_universe(self, universe: Universe) -> None:
        self.sets[universe.name] = universe

    def delete_universe(self, name: str) -> bool:
        return self.sets.pop(name, None) is not None

    def bars(self, name: str) -> Bars:
        """Every bar of the one series of an instrument."""
        refs = [ref for (one, _), ref in sorted(self.refs.items()) if one.instrument == name]
        assert refs, f"{name} is not held; there is {sorted({one.instrument for one, _ in self.refs})}"
        assert len({ref.series for ref in refs}) == 1
        columns = {}
        parts = []
        for ref in refs:
            part = {column: np.empty(ref.rows, BAR_DTYPES[column]) for column in BAR_COLUMNS}
            self.codec.decode(self.bytes_of[ref.data], BAR_COLUMNS, part)
            parts.append(part)
        for column in BAR_COLUMNS:
            columns[column] = np.concatenate([part[column] for part in parts])
        return frozen_bars(refs[0].series, columns)
