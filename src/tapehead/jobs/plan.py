"""plan: what a run will read and do, from one look at the manifest for the whole universe."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tapehead.errors import EmptyRangeError, NoBarsError, NoReferenceError, ParameterError
from tapehead.jobs.adjust import Adjustment, adjust_each
from tapehead.jobs.membership import check_some, memberships
from tapehead.jobs.read import Shelf
from tapehead.jobs.references import check_coarser, find_reference, wanted_of
from tapehead.jobs.stamps import stamps_of
from tapehead.jobs.universes import choose
from tapehead.model.calendar import calendar
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.membership import Membership
from tapehead.model.need import Need
from tapehead.model.rules import Rules
from tapehead.model.segment import Coverage, Manifest, SegmentRef
from tapehead.model.spec import RunKey, RunSpec, canonical, iso
from tapehead.ports.bars import BarStore

OPEN_START, OPEN_END = -(2**62), 2**62
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """One instrument of a run: what to read, and by which rules it trades.

    `wider` holds refs with twice the warm-up for the one instrument of a run that is asked a second time with it.
    `adjustment` makes the prices that signals see, None where they are those stored; `fault` says why they cannot be
    made. `member` says when the instrument belongs to the universe, None where that is always.
    """

    instrument: Instrument
    series: Series
    refs: tuple[SegmentRef, ...]
    rules: Rules
    wider: tuple[SegmentRef, ...] = ()
    adjustment: Adjustment | None = None
    fault: str = ""
    member: Membership | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A series that a strategy reads beside the one it is asked about; `asked` and `interval` are as its need says."""

    asked: str
    interval: str
    item: Item


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it begins.

    `items` stand in the order they will run, hot ones first; `first` and `last` are the asked range as far as bars
    are held (us UTC, half-open); `absent` names instruments without a bar in it; `warm` bars are read before `start`.
    `references` are series that the strategy reads beside each.
    `where` is the filter of the universe, empty for a list; `stamps` say what to keep in mind of the run as a whole.
    """

    spec: RunSpec
    key: RunKey
    snapshot: int
    items: tuple[Item, ...]
    absent: tuple[str, ...]
    first: int
    last: int
    warm: int
    where: str = ""
    stamps: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()

    def reference(self, need: Need) -> Reference:
        """Return the series that a strategy reads beside each instrument; raise NoReferenceError where it is not there.

        A search that proposes sets as it goes may propose one that names an instrument nobody foresaw.
        """
        for one in self.references:
            if (one.asked, one.interval) == (need.instrument, need.interval):
                return one
        words = need.interval or self.spec.interval
        raise NoReferenceError(strategy=self.spec.strategy, asked=need.instrument, interval=words, hint="")


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
    bound = f"named, since the store holds {', '.join(map(str, held))} of {name}: --interval {held[0]}"
    raise ParameterError(name="interval", value="not given", bound=bound)


def make_plan(
    store: BarStore,
    shelf: Shelf,
    spec: RunSpec,
    code: Code,
    *,
    warm: int,
    snapshot: int | None,
    needs: Sequence[Need] = (),
    where: str | None = None,
    progress: Callable[..., None] | None = None,
) -> Plan:
    """Look once at the manifest and lay out the run.

    `needs` are the other series that its strategy reads. `where` names the filter of the universe anew, for a run whose
    instruments are given by name; `progress` is told how many instruments are filtered.

    Raises
    ------
    NoBarsError
        No instrument has a bar in the range.
    UniverseError
        None of them belongs to the universe in it.
    AdjustError
        None of them can be adjusted.
    NoReferenceError
        The store does not hold what the strategy reads beside them.
    """
    check_range(spec.start, spec.end, Interval.parse(spec.interval).us)
    # One snapshot for every look at the store, whatever is committed meanwhile.
    number = store.manifest([], OPEN_START, OPEN_END, snapshot=snapshot).snapshot
    instruments, filtered = choose(store, spec.universe, spec.symbols, number)
    where = filtered if where is None else where
    interval = Interval.parse(spec.interval)
    start = OPEN_START if spec.start is None else spec.start
    end = OPEN_END if spec.end is None else spec.end
    wanted = [Series(each.venue, each.symbol, interval) for each in instruments]
    lead = max([warm, *(need.lead(interval) for need in needs)]) if spec.start is not None else 0
    manifest = store.manifest(wanted, start, end, warm=lead, snapshot=number)
    refs = {each: _touching(manifest, each, start, end) for each in wanted}
    _check_held(store, spec, wanted, refs)
    here = [(each, name) for each, name in zip(instruments, wanted, strict=True) if refs[name]]
    spans = {name: _span(refs[name], start, end) for _, name in here}
    belongs: Mapping[str, Membership] = {}
    if where:
        able = [each for each, _ in here]
        belongs = memberships(store, shelf, where, able, number, interval=interval, progress=progress)
        here = _ever_members(spec, here, belongs, spans)
    first = min(spans[name][0] for _, name in here) if spec.start is None else spec.start
    last = max(spans[name][1] for _, name in here) if spec.end is None else spec.end
    rules = _rules(spec.rules, [each for each, _ in here], last)
    items = [Item(each, name, manifest.refs[name], own) for (each, name), own in zip(here, rules, strict=True)]
    if where:
        items = [replace(item, member=belongs[item.instrument.name].within(first, last)) for item in items]
    whole = _whole(store, spec, manifest, wanted)
    if spec.adjust != "none":
        items = _adjusted(store, spec, items, whole)
    items.sort(key=lambda item: not shelf.is_hot(item.refs))
    if lead:
        items[-1] = replace(items[-1], wider=_wider(store, items[-1].series, start, end, lead, number))
    references = _references(store, spec, needs, number, (start, end, lead))
    data = _data_digest([*items, *(one.item for one in references)])
    key = RunKey(hashlib.sha256(canonical(spec.to_json())).digest(), code.strategy, code.engine, data)
    absent = () if where else tuple(each.name for each, name in zip(instruments, wanted, strict=True) if not refs[name])
    stamps = stamps_of(instruments, whole.refs, interval) if spec.universe is not None else ()
    return Plan(spec, key, number, tuple(items), absent, first, last, lead, where, stamps, references)


def _references(
    store: BarStore, spec: RunSpec, needs: Sequence[Need], number: int, reach: tuple[int, int, int]
) -> tuple[Reference, ...]:
    """Return what is read beside the instruments, with refs for twice the warm-up, which one of them is tried with."""
    interval = Interval.parse(spec.interval)
    check_coarser(needs, interval)
    wanted = wanted_of(needs)
    if not wanted:
        return ()
    held, (start, end, lead) = store.instruments(number), reach
    found: list[Item] = []
    for asked, every in wanted:
        one, series = find_reference(store, held, asked, every, interval, spec.strategy, number)
        refs = store.manifest([series], start, end, warm=2 * lead, snapshot=number).refs.get(series, ())
        if not refs:
            raise NoReferenceError(strategy=spec.strategy, asked=asked, interval=series.interval.text, hint="")
        found.append(Item(one, series, refs, replace(spec.rules, calendar=one.calendar)))
    if spec.adjust != "none":
        series_of = [item.series for item in found]
        found = _adjusted(store, spec, found, store.manifest(series_of, OPEN_START, OPEN_END, snapshot=number))
    return tuple(Reference(*names, item) for names, item in zip(wanted, found, strict=True))


def _ever_members(
    spec: RunSpec,
    here: Sequence[tuple[Instrument, Series]],
    belongs: Mapping[str, Membership],
    spans: Mapping[Series, tuple[int, int]],
) -> list[tuple[Instrument, Series]]:
    """Return those that are members on some day of their bars; raise UniverseError where there is none."""
    found = [(each, name) for each, name in here if each.name in belongs and belongs[each.name].within(*spans[name])]
    start, end = _bounds(spec)
    check_some([each.name for each, _ in found], spec.universe or "it", f"[{start}, {end})")
    return found


def _whole(store: BarStore, spec: RunSpec, manifest: Manifest, wanted: Sequence[Series]) -> Manifest:
    """Return the manifest without the bounds of the range, where the run asks for it; else the one at hand."""
    if (spec.start is None and spec.end is None) or (spec.universe is None and spec.adjust == "none"):
        return manifest
    return store.manifest(wanted, OPEN_START, OPEN_END, snapshot=manifest.snapshot)


def _adjusted(store: BarStore, spec: RunSpec, items: Sequence[Item], whole: Manifest) -> list[Item]:
    """Return the items with what adjusts their prices, or why it cannot be done."""
    factors = store.factors([item.instrument.name for item in items], whole.snapshot)
    firsts = {item.instrument.name: min(ref.first for ref in whole.refs[item.series]) for item in items}
    made = adjust_each([item.instrument for item in items], factors, spec.adjust, firsts)
    return [
        replace(item, adjustment=adjustment, fault=fault) for item, (adjustment, fault) in zip(items, made, strict=True)
    ]


def check_range(start_us: int | None, end_us: int | None, step_us: int = _DAY_US) -> None:
    """Raise EmptyRangeError unless start lies before end; where they are one, a range of one step is its example."""
    if start_us is None or end_us is None or start_us < end_us:
        return
    start, end = iso(start_us), iso(end_us)
    if start_us > end_us:
        raise EmptyRangeError(start=start, end=end)
    later = iso(end_us + step_us)
    text = f"The range [{start}, {end}) is empty: the end is not included. For instance: --start {start} --end {later}"
    raise EmptyRangeError(text, start=start, end=end)


def _touching(manifest: Manifest, series: Series, start: int, end: int) -> tuple[SegmentRef, ...]:
    """Return the refs of a series that may hold a bar of the range itself, warm-up apart."""
    return tuple(ref for ref in manifest.refs.get(series, ()) if ref.last >= start and ref.first < end)


def _wider(store: BarStore, series: Series, start: int, end: int, lead: int, snapshot: int) -> tuple[SegmentRef, ...]:
    """Return the refs of one series with twice the warm-up."""
    return store.manifest([series], start, end, warm=2 * lead, snapshot=snapshot).refs[series]


def _span(refs: Sequence[SegmentRef], start: int, end: int) -> tuple[int, int]:
    """Return bounds of the bars inside the range, half-open."""
    last = min(max(ref.last for ref in refs), end - 1)
    return max(min(ref.first for ref in refs), start), last + refs[0].series.interval.us


def _rules(rules: Rules, instruments: Sequence[Instrument], last: int) -> Iterator[Rules]:
    """Yield the rules with the facts of each instrument, shared by those of equal facts; the range ends at `last`."""
    # Rules check themselves when they are made, which was most of a plan's time.
    made: dict[tuple[str, bool, float, float, float], Rules] = {}
    for each in instruments:
        known = each.delisted_at is not None and each.delisted_at <= last
        lot, tick = rules.lot or each.lot, rules.tick or each.tick
        facts = (each.calendar, known, each.multiplier, lot, tick)
        if facts not in made:
            made[facts] = replace(
                rules, calendar=each.calendar, delisted=known, multiplier=each.multiplier, lot=lot, tick=tick
            )
        yield made[facts]


def _data_digest(items: Sequence[Item]) -> bytes:
    """Return SHA-256 over the facts of each instrument and its ordered data hashes, by name.

    What adjusts its prices and when it is a member count where the run asks for them.
    """
    digest = hashlib.sha256()
    for item in sorted(items, key=lambda each: each.instrument.name):
        digest.update(repr(item.instrument).encode() + b"\n")
        digest.update(b"".join(ref.data for ref in item.refs))
        if item.adjustment is not None:
            digest.update(b"adjust" + item.adjustment.digest)
        if item.member is not None:
            digest.update(b"member" + item.member.digest())
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
    start, end = _bounds(spec)
    facts = {"interval": spec.interval, "start": start, "end": end, "held": held}
    if spec.symbols is not None and missing:
        return NoBarsError(symbol=missing[0].symbol, **facts)
    name = f"universe {spec.universe}" if spec.symbols is None else ", ".join(spec.symbols)
    where = f"No bars for {name} {spec.interval} in [{start}, {end}); the store holds {held}."
    return NoBarsError(f"{where} See what is there: tapehead instruments", symbol=name, **facts)


def _bounds(spec: RunSpec) -> tuple[str, str]:
    """Return start and end in words."""
    start = "the first bar" if spec.start is None else iso(spec.start)
    return start, "the last bar" if spec.end is None else iso(spec.end)


def held_range(coverage: Sequence[Coverage]) -> str:
    """Say from when to when bars are held."""
    if not coverage:
        return "none of it"
    ends = max(c.last + c.series.interval.us for c in coverage)
    return f"[{iso(min(c.first for c in coverage))}, {iso(ends)})"


def missing_steps(rules: Rules, interval: Interval, first: int, before: int) -> int:
    """Return how many grid steps lie in [first, before)."""
    return max(calendar(rules.calendar).step_count(first, before, interval) - 1, 0)
