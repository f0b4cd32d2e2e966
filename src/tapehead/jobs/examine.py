"""Examining: what looks wrong about the bars of one series, alone and beside what is held."""

from contextlib import suppress

import numpy as np

from tapehead.errors import DamagedSegmentError
from tapehead.jobs.clean import Rows
from tapehead.jobs.merge import Ledger
from tapehead.jobs.suspect import count_jumps, is_constant, is_off_scale
from tapehead.layout.columns import PRICE_COLUMNS
from tapehead.model.instrument import Series
from tapehead.ports.bars import BarStore, Codec


class Examiner:
    """Looks at the series of one import, one after the other.

    Parameters
    ----------
    store : BarStore
    codec : Codec
    ledger : Ledger
        Knows what is held of a series, files before this one included.
    now : int or None
        Microseconds UTC; None says nothing about the future.
    """

    def __init__(self, store: BarStore, codec: Codec, ledger: Ledger, now: int | None) -> None:
        self._store = store
        self._codec = codec
        self._ledger = ledger
        self._now = now
        self._held = {one.series: one for one in store.coverage()}
        self._seen: dict[tuple[float, ...], list[tuple[str, Rows]]] = {}

    def look(self, series: Series, columns: Rows) -> tuple[int, list[str]]:
        """Return the number of jumps and what looks wrong.

        Parameters
        ----------
        series : Series
            Loaded in the ledger, the new bars not yet merged.
        columns : dict of arrays, shape (n_bars,)
            Cleaned bars, at least one.
        """
        jumps = count_jumps(columns["close"])
        held = self._ledger.held_close(series)
        twin = self._twin(series, columns)
        found = {
            "close jumps about 100 times and comes back within 5 bars": jumps > 0,
            "the price stands still for 100 bars or more": is_constant(columns),
            "prices at or below 0": any(np.any(columns[name] <= 0) for name in PRICE_COLUMNS),
            "volumes below 0": bool(np.any(columns["volume"] < 0)),
            "bars lie in the future": self._now is not None and bool(columns["ts"][-1] > self._now),
            "the median close is 20 times off what is held": len(held) > 0 and is_off_scale(columns["close"], held),
            f"the same bars as {twin}": twin is not None,
        }
        return jumps, [what for what, is_so in found.items() if is_so]

    def _twin(self, series: Series, columns: Rows) -> str | None:
        """Return another symbol that has the very same bars: in this import, or held under the same venue."""
        ts, close = columns["ts"], columns["close"]
        # A cheap key first: hashing every column of a panel would cost a tenth of its import.
        key = (int(ts[0]), int(ts[-1]), len(ts), float(close[0]), float(close[len(close) // 2]), float(close[-1]))
        alike = self._seen.setdefault(key, [])
        for other, theirs in alike:
            if other != series.instrument and all(np.array_equal(columns[name], theirs[name]) for name in columns):
                return other
        alike.append((series.instrument, columns))
        return None if series in self._held else self._held_twin(series, columns)

    def _held_twin(self, series: Series, columns: Rows) -> str | None:
        """Return a symbol of the same venue and interval whose first segment has the closes of these bars."""
        ts, close = columns["ts"], columns["close"]
        shape = (series.venue, series.interval, int(ts[0]), int(ts[-1]), len(ts))
        alike = [
            one
            for one, held in self._held.items()
            if (one.venue, one.interval, held.first, held.last, held.rows) == shape
        ]
        if not alike:
            return None
        manifest = self._store.manifest(alike, int(ts[0]), int(ts[0]) + 1)
        for other, refs in manifest.refs.items():
            # A damaged segment of another symbol is no reason to refuse this one.
            with suppress(DamagedSegmentError):
                for ref, data in self._store.read(refs[:1]):
                    theirs = np.empty(ref.rows, np.float64)
                    self._codec.decode(data, ("close",), {"close": theirs})
                    if np.array_equal(theirs, close[: ref.rows]):
                        return other.instrument
        return None
