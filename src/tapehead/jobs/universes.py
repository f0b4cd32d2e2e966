"""select: which instruments a name or a list of symbols means."""

from collections.abc import Sequence
from difflib import get_close_matches

from tapehead.errors import AmbiguousSymbolError, UnknownSymbolError, UnknownUniverseError
from tapehead.jobs.membership import candidates
from tapehead.model.instrument import KINDS, Instrument
from tapehead.model.segment import Universe
from tapehead.ports.bars import BarStore

BUILT_IN = ("all", *KINDS)
SYNTHETIC_VENUE = "demo"
"""Instruments of this venue are made up; universes by kind never hold them."""


def universes(store: BarStore, snapshot: int | None = None) -> list[Universe]:
    """Return every universe, sorted by name: the stored ones, `all`, and one for each kind that has instruments.

    `all` and the kinds leave out the synthetic venue, and hold what is there at a snapshot, by default the head.
    """
    stored = {each.name: each for each in store.universes()}
    return [every for _, every in sorted({**stored, **_built_in(store, snapshot)}.items())]


def _built_in(store: BarStore, snapshot: int | None) -> dict[str, Universe]:
    """Return `all`, and one for each kind that has instruments."""
    real = [each for each in store.instruments(snapshot) if each.venue != SYNTHETIC_VENUE]
    built = {"all": Universe("all", tuple(each.name for each in real), built_in=True)}
    for kind in KINDS:
        names = tuple(each.name for each in real if each.kind == kind)
        if names:
            built[kind] = Universe(kind, names, built_in=True)
    return built


def universe(store: BarStore, name: str, snapshot: int | None = None) -> Universe:
    """Return one universe; raise UnknownUniverseError with what is near."""
    if name in BUILT_IN:
        built = _built_in(store, snapshot).get(name)
        if built is not None:
            return built
    held = {each.name: each for each in universes(store, snapshot)}
    if name not in held:
        close = get_close_matches(name, held, 1)
        hint = f" Did you mean '{close[0]}'?" if close else f" There are: {', '.join(held)}."
        raise UnknownUniverseError(name=name, hint=hint)
    return held[name]


def find_instrument(instruments: Sequence[Instrument], symbol: str) -> Instrument:
    """Return the instrument that `symbol` or `venue:symbol` names; raise when none or several do."""
    found = [each for each in instruments if symbol in (each.name, each.symbol)]
    exact = [each for each in found if each.name == symbol]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    if found:
        held = ", ".join(each.name for each in found)
        raise AmbiguousSymbolError(symbol=symbol, count=len(found), held=held, first=found[0].name)
    every = [name for each in instruments for name in (each.symbol, each.name)]
    close = get_close_matches(symbol.upper(), every, 1)
    raise UnknownSymbolError(symbol=symbol, hint=f" Did you mean '{close[0]}'?" if close else "")


def select(
    store: BarStore, name: str | None, symbols: Sequence[str] | None, snapshot: int | None = None
) -> list[Instrument]:
    """Return the instruments that a universe can hold, or those that `symbols` name, sorted by name, each once.

    Of a filter these are the ones that its facts allow; who is a member when, `jobs.membership` says.
    """
    return choose(store, name, symbols, snapshot)[0]


def choose(
    store: BarStore, name: str | None, symbols: Sequence[str] | None, snapshot: int | None = None
) -> tuple[list[Instrument], str]:
    """Return what `select` does, as of a snapshot, and the filter of the universe, empty where it is a list.

    Where nothing is named and only the synthetic market is held, it is meant.
    """
    held = store.instruments(snapshot)
    if symbols is None and name is None and all(each.venue == SYNTHETIC_VENUE for each in held):
        return sorted(held, key=lambda each: each.name), ""
    if symbols is not None:
        return sorted({find_instrument(held, symbol) for symbol in symbols}, key=lambda each: each.name), ""
    one = universe(store, name or "all", snapshot)
    if one.where:
        return candidates(held, one.where, SYNTHETIC_VENUE), one.where
    by_name = {each.name: each for each in held}
    return [by_name[each] for each in sorted(one.symbols) if each in by_name], ""
