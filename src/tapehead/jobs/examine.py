"""Examining: what looks wrong about the bars that a file has of one series, alone and beside what is held."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DamagedSegmentError
from tapehead.jobs.clean import Rows
from tapehead.jobs.suspect import Fingerprint, Jumps, Stillness, is_off_scale
from tapehead.jobs.tally import Tally
from tapehead.layout.columns import PRICE_COLUMNS
from tapehead.model.instrument import Series
from tapehead.model.segment import Coverage
from tapehead.ports.bars import BarStore, Codec
from tapehead.ports.buckets import Pile

I64 = NDArray[np.int64]


class Look:
    """Looks at the bars that one file has of one series, a period after the other.

    Parameters
    ----------
    symbol : str
    tally : Tally
        Of the file; takes the jumps and, at the end, what looks wrong.
    now : int or None
        Microseconds UTC; None says nothing about the future.
    ours, theirs : Pile
        Closes of the file, and closes of what the series held before it.
    """

    def __init__(self, symbol: str, tally: Tally, now: int | None, ours: Pile, theirs: Pile) -> None:
        self._symbol = symbol
        self._tally = tally
        self._now = now
        self._ours = ours
        self._theirs = theirs
        self._jumps = Jumps()
        self._stillness = Stillness()
        self._not_above_zero = self._volume_below_zero = self._in_future = False
        self._jumped = 0
        self.no_volume = 0
        self.fingerprint = Fingerprint()

    def take(self, columns: Rows, places: I64, *, has_past: bool) -> None:
        """Look at the cleaned bars of one period, at least one; `has_past` says that their level can be compared."""
        ts, close = columns["ts"], columns["close"]
        self._jump(*self._jumps.take(close, places, ts))
        self._stillness.take(columns)
        self._not_above_zero |= any(bool(np.any(columns[name] <= 0)) for name in PRICE_COLUMNS)
        self._volume_below_zero |= bool(np.any(columns["volume"] < 0))
        self._in_future |= self._now is not None and int(ts[-1]) > self._now
        self.fingerprint.take(columns)
        if has_past:
            self._ours.add(close)

    def take_held(self, close: NDArray[np.float64]) -> None:
        """Note the closes that the series held before this file."""
        self._theirs.add(close)

    def close(self, twin: str | None) -> None:
        """Add what looks wrong to the tally; `twin` is another symbol with the same bars."""
        self._jump(*self._jumps.rest())
        off = len(self._theirs) > 0 and is_off_scale(self._ours.median(), self._theirs.median())
        found = {
            "close jumps about 100 times and comes back within 5 bars": self._jumped > 0,
            "the price stands still for 100 bars or more": self._stillness.is_long,
            "prices at or below 0": self._not_above_zero,
            "volumes below 0": self._volume_below_zero,
            "bars lie in the future": self._in_future,
            "the median close is 20 times off what is held": off,
            f"the same bars as {twin}": twin is not None,
            "bars with prices but no volume, taken as 0": self.no_volume > 0,
        }
        for what, is_so in found.items():
            if is_so:
                self._tally.suspect(what, self._symbol)

    def _jump(self, places: I64, ts: I64) -> None:
        """Count jumps."""
        self._jumped += len(places)
        self._tally.count("jumps", places, ts, self._symbol)


class Twins:
    """Finds symbols that have the very same bars: in one import, or held under the same venue and interval."""

    def __init__(self, store: BarStore, codec: Codec, held: Sequence[Coverage]) -> None:
        self._store = store
        self._codec = codec
        self._held = {one.series for one in held}
        self._alike: dict[tuple[object, ...], list[Series]] = {}
        for one in held:
            self._alike.setdefault(_shape(one.series, one.first, one.last, one.rows), []).append(one.series)
        self._seen: dict[tuple[int, ...], str] = {}
        self._firsts: dict[tuple[object, ...], list[tuple[str, NDArray[np.float64]]]] = {}

    def find(self, series: Series, found: Fingerprint, first_close: NDArray[np.float64]) -> str | None:
        """Return another symbol with the same bars; `first_close` are closes of the first period of these."""
        other = self._seen.setdefault(found.print, series.instrument)
        if other != series.instrument:
            return other
        if series in self._held:
            return None
        shape = _shape(series, found.first or 0, found.last, found.rows)
        for name, theirs in self._held_firsts(shape, found.first or 0):
            if np.array_equal(theirs, first_close[: len(theirs)]):
                return name
        return None

    def _held_firsts(self, shape: tuple[object, ...], first: int) -> list[tuple[str, NDArray[np.float64]]]:
        """Return the closes of the first segment of each series of a shape that is held; read once."""
        alike = self._alike.get(shape, [])
        if shape not in self._firsts:
            closes = self._firsts[shape] = []
            manifest = self._store.manifest(alike, first, first + 1) if alike else None
            for other, refs in manifest.refs.items() if manifest is not None else ():
                # A damaged segment of another symbol is no reason to refuse this one.
                with suppress(DamagedSegmentError):
                    for ref, data in self._store.read(refs[:1]):
                        close = np.empty(ref.rows, np.float64)
                        self._codec.decode(data, ("close",), {"close": close})
                        closes.append((other.instrument, close))
        return self._firsts[shape]


def _shape(series: Series, first: int, last: int, rows: int) -> tuple[object, ...]:
    """Return what two series with the same bars have in common at a glance."""
    return series.venue, series.interval, first, last, rows
