"""Appending: new bars of running series, flagged as an import would flag them, into the tail of the store."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.jobs.clean import violates
from tapehead.jobs.describe import Place, check_hints, describe
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, BAR_DTYPES, PARTIAL, SUSPECT, TRADED, Column
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.calendar import Calendar, calendar
from tapehead.model.instrument import Instrument, Series
from tapehead.model.layers import lay_over
from tapehead.model.segment import Commit
from tapehead.model.symbols import pair_of
from tapehead.ports.bars import BarStore, Codec, Hints

Columns = dict[Column, NDArray[Any]]

_DAY_US = 86_400_000_000
_OPEN_END = 2**62
_LEASE_S = 600.0
# Years 1 to 9999, as an import takes them.
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_800_000_000


def append(store: BarStore, codec: Codec, bars: Sequence[Bars], *, kind: str | None, now: int) -> Commit:
    """Lay new bars over what is held, durably, and fold what has closed.

    Parameters
    ----------
    store : BarStore
    codec : Codec
    bars : sequence of Bars
        Each of another series. Of their flags, `traded`, `after_hole`, `suspect` and `partial` are worked out here.
    kind : str or None
        Of instruments that are not held yet; None lets the quote currency at the end of the symbol say it.
    now : int
        us UTC; a bar that has not closed by then is partial.

    Returns
    -------
    Commit
        The append; its `segments` are blocks of the tail. A fold after it is a commit of its own.

    Raises
    ------
    ParameterError
        The kind is none, or cannot be known; a series comes twice or has no name; a time is no date; nothing was
        written.
    StoreLockedError, DiskFullError, UnwritableHomeError
        Nothing was appended.
    DamagedSegmentError
        Bars lie over a segment that is damaged: nothing was appended.
    """
    filled = [one for one in bars if len(one)]
    _check_once([one.series for one in filled])
    for one in filled:
        _check_dates(one)
    held = {each.name: each for each in store.instruments()}
    wanted = _instruments(filled, held, kind)
    changed = [each for each in wanted.values() if held.get(each.name) != each]
    if changed:
        store.commit([], note=f"instruments of new bars: {len(changed)}", instruments=changed, kind="append")
    ends = {one.series: one.last for one in store.coverage([one.series for one in filled])}
    laid = [_flagged(store, codec, one, wanted[one.series.instrument], ends.get(one.series), now) for one in filled]
    commit = store.append(laid)
    if commit.segments:
        store.fold()
    return commit


def check_new(store: BarStore, series: Series, kind: str | None) -> None:
    """Raise ParameterError where no bar of a series could be appended: it has no name, or its kind cannot be known."""
    _check_once([series])
    check_hints(Hints(kind=kind))
    if not any(each.name == series.instrument for each in store.instruments()):
        _check_kind(series, kind)


def _check_once(series: Sequence[Series]) -> None:
    """Raise ParameterError for a series without a name, or one that comes twice."""
    for one, count in Counter(series).items():
        if not one.symbol or not one.venue:
            raise ParameterError(name="series", value=f"'{one.instrument}'", bound="named by a venue and a symbol")
        if ":" in one.venue:
            raise ParameterError(name="venue", value=one.venue[:80], bound="a name without a colon, such as binance")
        if count > 1:
            raise ParameterError(
                name="bars", value=f"{one.instrument} {one.interval} twice", bound="of a series that comes once"
            )


def _check_dates(bars: Bars) -> None:
    """Raise ParameterError for a time that cannot be written as a date."""
    for ts in (int(bars.ts[0]), int(bars.ts[-1])):
        if not _FIRST_US <= ts < _LAST_US:
            bound = f"us UTC in the years 1 to 9999, as times of {bars.series.instrument} {bars.series.interval} are"
            raise ParameterError(name="ts", value=ts, bound=bound)


def _instruments(bars: Sequence[Bars], held: dict[str, Instrument], kind: str | None) -> dict[str, Instrument]:
    """Return the instrument of each series, made where it is new; volume that comes is a fact from then on."""
    hints = Hints(kind=kind)
    check_hints(hints)
    wanted: dict[str, Instrument] = {}
    for one in bars:
        series = one.series
        known = wanted.get(series.instrument) or held.get(series.instrument)
        if known is None:
            _check_kind(series, kind)
            known = describe(Place("", series.venue), [series.symbol], series.interval, hints, {})[0][series.symbol]
        has_volume = known.has_volume or bool((one.volume > 0).any())
        wanted[series.instrument] = replace(known, has_volume=has_volume)
    return wanted


def _check_kind(series: Series, kind: str | None) -> None:
    """Raise ParameterError where the kind of a new instrument cannot be known."""
    if kind is None and pair_of(series.symbol) is None and series.interval.us < _DAY_US:
        bound = f"named for {series.instrument}, which ends in no quote currency: append(bars, kind='equity')"
        raise ParameterError(name="kind", value=None, bound=bound)


def _flagged(store: BarStore, codec: Codec, bars: Bars, instrument: Instrument, last: int | None, now: int) -> Bars:
    """Return bars with their flags, and the held bar after each of them, where a hole before it may have changed."""
    new: Columns = {name: getattr(bars, name) for name in BAR_COLUMNS}
    days = calendar(instrument.calendar)
    new["flags"] = _own_flags(bars, instrument, days, now)
    if last is None or bars.ts[0] > last:
        before = [] if last is None else [last]
        ts = np.concatenate([np.array(before, np.int64), new["ts"]])
        new["flags"][max(1 - len(before), 0) :] |= _after_hole(ts, bars, days)
        return frozen_bars(bars.series, new)
    there = _around(store, codec, bars, last)
    merged = lay_over([there, new]) if there is not None else new
    merged["flags"][1:] &= np.uint8(0xFF & ~AFTER_HOLE)
    merged["flags"][1:] |= _after_hole(merged["ts"], bars, days)
    touched = np.isin(merged["ts"], new["ts"])
    touched[1:] |= touched[:-1].copy()
    return frozen_bars(bars.series, {name: np.ascontiguousarray(values[touched]) for name, values in merged.items()})


def _own_flags(bars: Bars, instrument: Instrument, days: Calendar, now: int) -> NDArray[np.uint8]:
    """Return the flags that a bar has whatever stands before it."""
    flags = bars.flags & np.uint8(0xFF & ~(TRADED | AFTER_HOLE | SUSPECT))
    flags[(bars.volume > 0) if instrument.has_volume else np.ones(len(bars), np.bool_)] |= TRADED
    flags[violates({name: getattr(bars, name) for name in BAR_COLUMNS})] |= SUSPECT
    for place in range(int(np.searchsorted(bars.ts, now - bars.series.interval.us, side="right")), len(bars)):
        if days.bar_end(int(bars.ts[place]), bars.series.interval) > now:
            flags[place] |= PARTIAL
    checked: NDArray[np.uint8] = flags
    return checked


def _after_hole(ts: NDArray[np.int64], bars: Bars, days: Calendar) -> NDArray[np.uint8]:
    """Return the flag of each bar but the first: whether a step of the grid is absent before it."""
    steps = days.steps(ts, bars.series.interval)
    flags: NDArray[np.uint8] = (np.diff(steps) > 1).astype(np.uint8) * np.uint8(AFTER_HOLE)
    return flags


def _around(store: BarStore, codec: Codec, bars: Bars, last: int) -> Columns | None:
    """Return held bars that reach from before the first new one to after the last, as far as there are any."""
    end = int(bars.ts[-1]) + 1 if bars.ts[-1] >= last else _OPEN_END
    head, layers = store.head(), list[Columns]()
    with store.lease(head, _LEASE_S):
        refs = store.manifest([bars.series], int(bars.ts[0]), end, warm=1, snapshot=head).refs.get(bars.series, ())
        for ref, content in store.read(refs):
            columns: Columns = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
            codec.decode(content, BAR_COLUMNS, columns)
            layers.append(columns)
    return lay_over(layers) if layers else None
