"""Making the demo's market: every synthetic instrument and its universe as one commit, once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from tapehead.jobs.gather import Progress
from tapehead.jobs.merge import FIRST_US, LAST_US, flagged, overlaid, split_periods
from tapehead.layout.columns import Column
from tapehead.model.calendar import calendar
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import Commit, Coverage, Draft, Universe
from tapehead.ports.bars import BarStore

UNIVERSE = "demo"


class Market(Protocol):
    """A made-up market; facts are cheap, bars come one instrument at a time."""

    def instruments(self) -> Sequence[Instrument]:
        """Return every instrument."""
        ...

    def coverage(self) -> Sequence[Coverage]:
        """Return the one series of each instrument, in the same order."""
        ...

    def __iter__(self) -> Iterator[tuple[Instrument, Mapping[Column, NDArray[Any]]]]:
        """Yield each instrument with its bar columns."""
        ...


def make_market(
    store: BarStore,
    market: Callable[[], Market],
    *,
    instruments: int,
    years: int,
    seed: int,
    progress: Progress | None = None,
) -> Commit | None:
    """Write a synthetic market and its universe `demo`, all or nothing.

    Parameters
    ----------
    store : BarStore
    market : callable
        Makes the market.
    instruments, years, seed : int
        Of that market, for the commit's note.
    progress : callable, optional
        Told how many bars are made.

    Returns
    -------
    Commit or None
        None when the store holds this very market: the universe, each instrument's facts, and of each series the first
        and last bar and their number.
    """
    note = f"synthetic market: {instruments} instruments, {years} years, seed {seed}"
    # Whole in itself: drafts are made once each, so after an outage the market is made anew.
    return store.outlast(lambda: _make(store, market(), note, progress))


def _make(store: BarStore, made: Market, note: str, progress: Progress | None) -> Commit | None:
    """Write a market, unless it is held."""
    facts, spans = made.instruments(), made.coverage()
    universe = Universe(UNIVERSE, tuple(instrument.name for instrument in facts))
    if _is_held(store, universe, facts, spans):
        return None
    series = {instrument.name: span.series for instrument, span in zip(facts, spans, strict=True)}
    stale = store.manifest(list(series.values()), FIRST_US, LAST_US).refs
    held = {(one, ref.period) for one, refs in stale.items() for ref in refs}
    drafts = _iter_drafts(made, series, held, progress)
    return store.commit(drafts, note=note, instruments=facts, universes=(universe,), kind="market")


def _is_held(store: BarStore, universe: Universe, facts: Sequence[Instrument], spans: Sequence[Coverage]) -> bool:
    """Whether the store holds a market with these facts."""
    stored = next((tuple(one.symbols) for one in store.universes() if one.name == universe.name), None)
    if stored is None or sorted(stored) != sorted(universe.symbols):
        return False
    known = {instrument.name: instrument for instrument in store.instruments()}
    if any(known.get(instrument.name) != instrument for instrument in facts):
        return False
    held = {one.series: (one.first, one.last, one.rows) for one in store.coverage([span.series for span in spans])}
    return all(held.get(span.series) == (span.first, span.last, span.rows) for span in spans)


def _iter_drafts(
    market: Market, series: Mapping[str, Series], held: set[tuple[Series, int]], progress: Progress | None
) -> Iterator[Draft]:
    """Yield the drafts of each instrument as it is made, then an empty one for each period of an earlier market."""
    bars = 0
    for instrument, columns in market:
        one = series[instrument.name]
        flags = flagged(columns, one.interval, calendar(instrument.calendar))
        for period, part in split_periods({**columns, "flags": flags}, one.interval):
            held.discard((one, period))
            yield Draft(one, period, part)
        bars += len(columns["ts"])
        if progress is not None:
            progress("making the synthetic market", bars)
    for one, period in sorted(held):
        yield Draft(one, period, overlaid(()))
