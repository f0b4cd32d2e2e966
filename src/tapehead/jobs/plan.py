"""plan: what a run will read and do, from one look at the manifest for the whole universe."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tapehead.errors import EmptyRangeError, NoBarsError, ParameterError
from tapehead.jobs.read import Shelf
from tapehead.jobs.universes import select
from tapehead.model.calendar import calendar
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.rules import Rules
from tapehead.model.segment import Coverage, Manifest, SegmentRef
from tapehead.model.spec import RunKey, RunSpec, canonical, iso
from tapehead.ports.bars import BarStore

OPEN_START, OPEN_END = -(2**62), 2**62


@dataclass(frozen=True, slots=True)
class Item:
    """One instrument of a run: what to read, and by which rules it trades.

    `wider` holds refs with twice the warm-up for the one instrument of a run that is asked a second time with it.
    """

    instrument: Instrument
    series: Series
    refs: tuple[SegmentRef, ...]
    rules: Rules
    wider: tuple[SegmentRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it begins.

    `items` stand in the order they will run, hot ones first; `first` and `last` are the asked range as far as bars
    are held (us UTC, half-open); `absent` names instruments without a bar in it; `warm` bars are read before `start`.
    """

    spec: RunSpec
    key: RunKey
    snapshot: int
    items: tuple[Item, ...]
    absent: tuple[str, ...]
    first: int
    last: int
    warm: int


@dataclass(frozen=True, slots=True)
class Code:
    """Digests of what computes: the strategy's source and the engine's."""

    strategy: bytes
    engine: bytes


def choose_interval(store: BarStore, instruments: Sequence[Instrument], asked: str | None, name: str) -> Interval:
    """Return the interval asked for, or the only one that the instruments have."""
    if asked is not None:
        return Interval.parse(asked)
    names = {each.name for each in instruments}
    held = sorted({c.series.interval for c in store.coverage() if c.series.instrument in names})
    if len(held) == 1:
        return held[0]
    if not held:
        text = f"No bars for {name}. Import files that hold them, or make a synthetic market: tapehead demo"
        raise NoBarsError(text, symbol=name, held="none")
    bound = f"named, since {name} has bars of {', '.join(str(every) for every in held)}: --interval {held[0]}"
    raise ParameterError(name="interval", value="not given", bound=bound)


def make_plan(store: BarStore, shelf: Shelf, spec: RunSpec, code: Code, *, warm: int, snapshot: int | None) -> Plan:
    """Look once at the manifest and lay out the run; raise NoBarsError when no instrument has a bar in the range."""
    _check_range(spec)
    instruments = select(store, spec.universe, spec.symbols)
    interval = Interval.parse(spec.interval)
    start = OPEN_START if spec.start is None else spec.start
    end = OPEN_END if spec.end is None else spec.end
    wanted = [Series(each.venue, each.symbol, interval) for each in instruments]
    lead = warm if spec.start is not None else 0
    manifest = store.manifest(wanted, start, end, warm=lead, snapshot=snapshot)
    refs = {each: _touching(manifest, each, start, end) for each in wanted}
    _check_held(store, spec, wanted, refs)
    here = [(each, name) for each, name in zip(instruments, wanted, strict=True) if refs[name]]
    firsts = [_outer(refs[name], start, end)[0] for _, name in here]
    lasts = [_outer(refs[name], start, end)[1] + interval.us for _, name in here]
    first = min(firsts) if spec.start is None else spec.start
    last = max(lasts) if spec.end is None else spec.end
    items = [Item(each, name, manifest.refs[name], _rules(spec.rules, each, last)) for each, name in here]
    items.sort(key=lambda item: not shelf.is_hot(item.refs))
    if lead:
        items[-1] = replace(items[-1], wider=_wider(store, items[-1].series, start, end, lead, manifest.snapshot))
    key = RunKey(hashlib.sha256(canonical(spec.to_json())).digest(), code.strategy, code.engine, _data_digest(items))
    absent = tuple(each.name for each, name in zip(instruments, wanted, strict=True) if not refs[name])
    return Plan(spec, key, manifest.snapshot, tuple(items), absent, first, last, lead)


def _check_range(spec: RunSpec) -> None:
    """Raise EmptyRangeError unless start lies before end."""
    if spec.start is None or spec.end is None or spec.start < spec.end:
        return
    start, end = iso(spec.start), iso(spec.end)
    if spec.start > spec.end:
        raise EmptyRangeError(start=start, end=end)
    later = iso(spec.end + Interval.parse(spec.interval).us)
    text = f"The range [{start}, {end}) is empty: the end is not included. For instance: --start {start} --end {later}"
    raise EmptyRangeError(text, start=start, end=end)


def _touching(manifest: Manifest, series: Series, start: int, end: int) -> tuple[SegmentRef, ...]:
    """Return the refs of a series that may hold a bar of the range itself, warm-up apart."""
    return tuple(ref for ref in manifest.refs.get(series, ()) if ref.last >= start and ref.first < end)


def _wider(store: BarStore, series: Series, start: int, end: int, lead: int, snapshot: int) -> tuple[SegmentRef, ...]:
    """Return the refs of one series with twice the warm-up."""
    return store.manifest([series], start, end, warm=2 * lead, snapshot=snapshot).refs[series]


def _outer(refs: Sequence[SegmentRef], start: int, end: int) -> tuple[int, int]:
    """Return bounds of the first and last open time inside the range."""
    return max(min(ref.first for ref in refs), start), min(max(ref.last for ref in refs), end - 1)


def _rules(rules: Rules, instrument: Instrument, last: int) -> Rules:
    """Return the rules with the facts of one instrument; the range ends at `last`."""
    known = instrument.delisted_at is not None and instrument.delisted_at <= last
    return replace(rules, calendar=instrument.calendar, delisted=known)


def _data_digest(items: Sequence[Item]) -> bytes:
    """Return SHA-256 over the facts of each instrument and its ordered data hashes, by name."""
    digest = hashlib.sha256()
    for item in sorted(items, key=lambda each: each.instrument.name):
        digest.update(repr(item.instrument).encode() + b"\n")
        digest.update(b"".join(ref.data for ref in item.refs))
    return digest.digest()


def _check_held(
    store: BarStore, spec: RunSpec, wanted: Sequence[Series], refs: Mapping[Series, tuple[SegmentRef, ...]]
) -> None:
    """Raise NoBarsError when nothing is there, or when an instrument asked for by name has no bar in the range."""
    missing = [each for each in wanted if not refs[each]]
    if wanted and len(missing) < len(wanted) and (spec.symbols is None or not missing):
        return
    raise no_bars(store, spec, missing)


def no_bars(store: BarStore, spec: RunSpec, missing: Sequence[Series]) -> NoBarsError:
    """Return the error for series without a bar in the asked range."""
    held = held_range(store.coverage(missing)) if missing else "none of it"
    start = "the first bar" if spec.start is None else iso(spec.start)
    end = "the last bar" if spec.end is None else iso(spec.end)
    facts = {"interval": spec.interval, "start": start, "end": end, "held": held}
    if spec.symbols is not None and missing:
        return NoBarsError(symbol=missing[0].symbol, **facts)
    name = f"universe {spec.universe}" if spec.symbols is None else ", ".join(spec.symbols)
    where = f"No bars for {name} {spec.interval} in [{start}, {end}); the store holds {held}."
    return NoBarsError(f"{where} See what is there: tapehead instruments", symbol=name, **facts)


def held_range(coverage: Sequence[Coverage]) -> str:
    """Say from when to when bars are held."""
    if not coverage:
        return "none of it"
    ends = max(c.last + c.series.interval.us for c in coverage)
    return f"[{iso(min(c.first for c in coverage))}, {iso(ends)})"


def missing_steps(rules: Rules, interval: Interval, first: int, before: int) -> int:
    """Return how many grid steps lie in [first, before)."""
    return max(calendar(rules.calendar).step_count(first, before, interval) - 1, 0)
