"""Describing: interval, kind, quote and calendar of what a file holds, each with its evidence."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import AmbiguousFileError, ParameterError
from tapehead.model.instrument import CALENDAR_OF_KIND, KINDS, Instrument, Kind
from tapehead.model.interval import Interval
from tapehead.model.symbols import pair_of
from tapehead.ports.bars import Hints

_LEAST_SHARE = 0.5
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
_SHOWN = 3
_MOST_STEPS = 1_000_000


def check_hints(hints: Hints) -> None:
    """Raise ParameterError when the kind, the interval or the currency that was named is none, before any reading."""
    if hints.kind is not None and hints.kind not in KINDS:
        raise ParameterError(name="kind", value=hints.kind, bound=f"one of {', '.join(KINDS)}")
    if hints.interval is not None:
        Interval.parse(hints.interval)
    if hints.quote is not None and not re.fullmatch("[A-Za-z]{3,5}", hints.quote):
        raise ParameterError(name="quote", value=hints.quote[:80], bound="three to five letters, such as USD")


class Steps:
    """Counts the distances (us) between neighbouring bars of the series of one file.

    Notes
    -----
    Times without any grid have as many distances as rows. Beyond a million different ones the rarer half is forgotten;
    a step that lies between half of all bars is not among them, and nothing less makes an interval.
    """

    def __init__(self) -> None:
        self.total = 0
        self._counts: Counter[int] = Counter()

    def add(self, steps: NDArray[np.int64]) -> None:
        """Count distances, all above 0; most of them are one and the same."""
        if not len(steps):
            return
        common = int(steps[0])
        others = steps[steps != common]
        self.total += len(steps)
        self._counts[common] += len(steps) - len(others)
        values, counts = np.unique(others, return_counts=True)
        self._counts.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        if len(self._counts) > _MOST_STEPS:
            self._counts = Counter(dict(self.most_common(_MOST_STEPS // 2)))

    def most_common(self, count: int) -> list[tuple[int, int]]:
        """Return the most frequent distances; of equally frequent ones the shorter first, whatever came first."""
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:count]


def guess_interval(path: str, steps: Steps, hints: Hints, by_name: str | None) -> tuple[Interval, str]:
    """Return the interval of a file's bars, and the sentence that says why.

    Parameters
    ----------
    path : str
    steps : Steps
        Between neighbouring bars of each series; see `count_steps`.
    hints : Hints
        `interval`, where named, decides.
    by_name : str or None
        What the file's name says; used where there is no step to measure.

    Raises
    ------
    AmbiguousFileError
        No step is found between half of the bars.
    ParameterError
        The interval that was named is none.
    """
    if hints.interval is not None:
        return Interval.parse(hints.interval), ""
    total = steps.total
    if not total:
        if by_name is not None:
            return Interval.parse(by_name), f"interval {by_name}: from the file's name"
        cause = "no two bars of one symbol, so their interval cannot be measured"
        raise AmbiguousFileError(path=path, cause=cause, flag="--interval 1h")
    ((step, count),) = steps.most_common(1)
    share = f"{100 * count / total:.2f} % of steps"
    interval = _interval_of(step)
    if count < _LEAST_SHARE * total or interval is None:
        common = ", ".join(f"{_spell(us)} ({100 * n / total:.0f} %)" for us, n in steps.most_common(_SHOWN))
        cause = f"no interval fits: the most frequent steps between bars are {common}"
        flag = f"--interval {by_name or interval or '1m'}"
        if step < _SECOND_US and hints.unit not in (None, "s"):
            cause += f", and an interval is a second or more: the times are hardly {hints.unit}"
            flag = "--unit s"
        raise AmbiguousFileError(path=path, cause=cause, flag=flag)
    return interval, f"interval {interval}: {share}"


def count_steps(times: Iterable[tuple[int, NDArray[np.int64]]]) -> Steps:
    """Count the distances between neighbouring bars.

    Parameters
    ----------
    times : iterable of (key, int64 array)
        Rising open times, key by key; a key may come in several pieces, one after the other.
    """
    steps = Steps()
    last: tuple[int, int] | None = None
    for key, ts in times:
        lead = np.concatenate([[last[1]], ts]) if last is not None and last[0] == key else ts
        found = np.diff(lead)
        steps.add(found[found > 0])
        last = key, int(ts[-1])
    return steps


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bars of a file come from: its path, the venue, and the kind and zone that its folders say, if any."""

    path: str
    venue: str
    kind: str | None = None
    tz: str | None = None


def describe(
    place: Place, symbols: Sequence[str], interval: Interval, hints: Hints, held: Mapping[str, Instrument]
) -> tuple[dict[str, Instrument], tuple[str, ...]]:
    """Return the instrument of each symbol, facts that are held kept, and the sentences that say why.

    Parameters
    ----------
    place : Place
    symbols : sequence of str
    interval : Interval
    hints : Hints
        Checked; `kind`, where named, decides; so does a zone for the calendar of the exchange there, and `quote`
        where the symbol names no currency.
    held : mapping
        Instruments of the store by `venue:symbol`.

    Raises
    ------
    AmbiguousFileError
        Intraday bars of a symbol that ends in no quote currency, and no `--kind`.
    ParameterError
        A symbol names another currency than `quote`.
    """
    found: dict[str, Instrument] = {}
    by_pair: dict[Kind, list[str]] = {}
    by_day: list[str] = []
    for symbol in symbols:
        known = held.get(f"{place.venue}:{symbol}")
        if known is not None:
            found[symbol] = _told(known, hints)
            continue
        pair = pair_of(symbol)
        named = hints.kind or place.kind
        if named in KINDS:
            kind = named
        elif pair is not None:
            kind = pair.kind
            by_pair.setdefault(kind, []).append(symbol)
        elif interval.us >= _DAY_US:
            kind = "equity"
            by_day.append(symbol)
        else:
            cause = f"'{symbol}' ends in no quote currency, so what kind it is cannot be known"
            raise AmbiguousFileError(path=place.path, cause=cause, flag="--kind equity")
        quote = _quote(symbol, kind, hints)
        found[symbol] = Instrument(
            place.venue,
            symbol,
            kind=kind,
            quote=quote,
            settle=quote,
            calendar=_calendar(kind, hints.tz or place.tz),
            has_volume=False,
        )
    return found, tuple(_evidence(by_pair, by_day))


def _told(known: Instrument, hints: Hints) -> Instrument:
    """Return a held instrument with the kind and the currency the user named, if those differ."""
    told = known
    if hints.kind in KINDS and hints.kind != known.kind:
        told = replace(known, kind=hints.kind, calendar=_calendar(hints.kind, hints.tz))
    if hints.quote is not None:
        quote = _quote(told.symbol, told.kind, hints)
        settle = quote if told.settle in ("", told.quote) else told.settle
        told = replace(told, quote=quote, settle=settle)
    return told


def _quote(symbol: str, kind: Kind, hints: Hints) -> str:
    """Return the currency that a symbol says, else what the user named; raise ParameterError where both differ."""
    named = (hints.quote or "").upper()
    pair = pair_of(symbol) if kind in {"crypto", "fx"} else None
    if pair is None:
        return named
    if named not in ("", pair.quote):
        bound = (
            f"{pair.quote}, as the symbol {symbol} says, or left out; a share that is only called so is --kind equity"
        )
        raise ParameterError(name="quote", value=named, bound=bound)
    return pair.quote


def _calendar(kind: Kind, tz: str | None) -> str:
    """Return the calendar of a kind; India's exchange where its zone was named."""
    usual = CALENDAR_OF_KIND[kind]
    return "NSE" if usual == "XNYS" and tz in {"Asia/Kolkata", "Asia/Calcutta"} else usual


def _evidence(by_pair: Mapping[Kind, Sequence[str]], by_day: Sequence[str]) -> Iterable[str]:
    """Yield the sentences about kinds that were guessed."""
    for kind, symbols in by_pair.items():
        quotes = Counter(pair.quote for symbol in symbols if (pair := pair_of(symbol)) is not None)
        common = ", ".join(quote for quote, _ in quotes.most_common(_SHOWN))
        which = f"{symbols[0]} ends" if len(symbols) == 1 else f"{len(symbols)} symbols end"
        yield f"kind {kind}: {which} in a quote currency ({common})"
    if by_day:
        which = f"{by_day[0]} ends" if len(by_day) == 1 else f"{len(by_day)} symbols end"
        yield f"kind equity: daily bars, and {which} in no quote currency"


def _interval_of(us: int) -> Interval | None:
    """Return the interval that a step is; None where it is no whole number of seconds, or more than can be named."""
    try:
        return Interval.parse(Interval.of_us(us).text)
    except ParameterError:
        return None


def _spell(us: int) -> str:
    """Return a step as an interval, or in microseconds where it is none."""
    interval = _interval_of(us)
    return f"{us} us" if interval is None else interval.text
