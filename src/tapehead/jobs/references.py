"""find_reference: what a run reads beside its own instruments, because its strategy asks for it."""

from collections.abc import Iterable, Sequence

from tapehead.errors import NoReferenceError, ParameterError, UnknownSymbolError
from tapehead.jobs.universes import find_instrument
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.need import Need
from tapehead.ports.bars import BarStore


def wanted_of(needs: Iterable[Need]) -> list[tuple[str, str]]:
    """Return instrument and interval of each reference that needs name, each once, in order."""
    return sorted({(need.instrument, need.interval) for need in needs if need.instrument})


def check_coarser(needs: Iterable[Need], own: Interval) -> None:
    """Raise ParameterError where a strategy wants bars that those of the run cannot make up, whatever the calendar."""
    for need in needs:
        if need.interval and Interval.parse(need.interval).us % own.us:
            bound = f"the interval of the run, {own}, or one that whole bars of it make up"
            raise ParameterError(name=f"the interval of '{need.name}'", value=need.interval, bound=bound)


def find_reference(
    store: BarStore, held: Sequence[Instrument], asked: str, interval: str, own: Interval, strategy: str, snapshot: int
) -> tuple[Instrument, Series]:
    """Return the instrument of a reference, and the series to read: that of the run's interval where it is held.

    Raises
    ------
    NoReferenceError
        The store does not know it, or holds it at no interval that would do.
    """
    words = interval or own.text
    try:
        found = find_instrument(held, asked)
    except UnknownSymbolError as error:
        hint = str(error.facts.get("hint", ""))
        raise NoReferenceError(strategy=strategy, asked=asked, interval=words, hint=hint) from None
    for each in (own, Interval.parse(words)):
        series = Series(found.venue, found.symbol, each)
        if store.manifest([series], -(2**62), 2**62, snapshot=snapshot).refs.get(series):
            return found, series
    raise NoReferenceError(strategy=strategy, asked=asked, interval=words, hint="")
