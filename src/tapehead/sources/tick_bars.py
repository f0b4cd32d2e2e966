"""TickBars: ticks in, finished bars out, the bar that is still open kept between batches."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import FileFormatError
from tapehead.model.interval import Interval
from tapehead.ports.bars import RawBatch

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(slots=True)
class _Bar:
    """One bar of one symbol; `volume` is a sum and its remainder, so that it is the same however ticks are batched."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: tuple[float, float]

    def then(self, later: "_Bar") -> "_Bar":
        """Return the bar of the ticks of both, `later` being those that come after."""
        volume = _summed((*self.volume, *later.volume))
        high, low = max(self.high, later.high), min(self.low, later.low)
        return _Bar(self.ts, self.open, high, low, later.close, volume)


class TickBars:
    """Makes bars of ticks.

    Parameters
    ----------
    path : str
        For the sentence of an error.
    interval : Interval
        Bars open at its multiples since 1970, UTC.
    has_volume : bool
        Whether sizes count; else bars have no volume.

    Notes
    -----
    Within a batch ticks may come in any order and are sorted by time, equal times as they stand. From batch to batch
    they must go on in one direction, either: a tick that belongs to a bar which is done is refused. Memory is one bar a
    symbol. A volume is the exact sum of its sizes, rounded once.
    """

    def __init__(self, path: str, interval: Interval, *, has_volume: bool) -> None:
        self._path, self._us, self._has_volume = path, interval.us, has_volume
        self._text = interval.text
        self._open: dict[str, _Bar] = {}
        self._newest_first: bool | None = None

    def add(
        self, names: tuple[str, ...], codes: NDArray[np.int32], ts: I64, price: F64, size: F64, row: int
    ) -> RawBatch | None:
        """Take ticks, shape (n,) each, and return the bars they finish, numbered from `row`; None for none."""
        if not len(ts):
            return None
        if self._newest_first is None and ts[0] != ts[-1]:
            self._newest_first = bool(ts[0] > ts[-1])
        if self._newest_first:
            codes, ts, price, size = codes[::-1], ts[::-1], price[::-1], size[::-1]
        order = np.lexsort((ts, codes))
        codes, ts, price, size = codes[order], ts[order], price[order], size[order]
        bar = ts // self._us * self._us
        starts = np.flatnonzero(np.concatenate([[True], (bar[1:] != bar[:-1]) | (codes[1:] != codes[:-1])]))
        ends = np.append(starts[1:], len(ts))
        high, low = np.maximum.reduceat(price, starts), np.minimum.reduceat(price, starts)
        done: list[tuple[str, _Bar]] = []
        for code in np.unique(codes[starts]):
            groups = np.flatnonzero(codes[starts] == code)
            bars = [
                _Bar(
                    int(bar[starts[at]]),
                    float(price[starts[at]]),
                    float(high[at]),
                    float(low[at]),
                    float(price[ends[at] - 1]),
                    _summed(size[starts[at] : ends[at]].tolist()),
                )
                for at in groups
            ]
            done += ((names[code], each) for each in self._finished(names[code], bars))
        return self._batch(done, row)

    def finish(self, row: int) -> RawBatch | None:
        """Return the bars that are still open."""
        done = list(self._open.items())
        self._open = {}
        return self._batch(done, row)

    def _finished(self, name: str, bars: list[_Bar]) -> list[_Bar]:
        """Join the open bar of a symbol to its new ones, rising in time, and hold back the one that may go on."""
        held = self._open.pop(name, None)
        if held is not None:
            if self._newest_first:
                self._check_order(name, held.ts, bars[-1].ts, backwards=True)
                bars = [*bars[:-1], bars[-1].then(held)] if bars[-1].ts == held.ts else [*bars, held]
            else:
                self._check_order(name, held.ts, bars[0].ts, backwards=False)
                bars = [held.then(bars[0]), *bars[1:]] if bars[0].ts == held.ts else [held, *bars]
        self._open[name] = bars.pop(0 if self._newest_first else -1)
        return bars

    def _check_order(self, name: str, held: int, comes: int, *, backwards: bool) -> None:
        """Raise where a tick belongs to a bar that is done."""
        if comes <= held if backwards else comes >= held:
            return
        raise FileFormatError(
            path=self._path,
            cause=f"its ticks of {name} are in no order of time: they go back behind a {self._text} bar that is done",
            step="Sort the file by time, then: tapehead import PATH",
        )

    def _batch(self, done: list[tuple[str, _Bar]], row: int) -> RawBatch | None:
        """Return bars as a batch."""
        if not done:
            return None
        names = tuple(dict.fromkeys(name for name, _ in done))
        places = {name: place for place, name in enumerate(names)}
        bars = [each for _, each in done]
        columns = {
            name: np.array([getattr(each, name) for each in bars], np.float64)
            for name in ("open", "high", "low", "close")
        }
        volume = np.array([sum(each.volume) for each in bars], np.float64) if self._has_volume else None
        return RawBatch(
            names=names,
            codes=np.array([places[name] for name, _ in done], np.int32),
            ts=np.array([each.ts for each in bars], np.int64),
            ts_valid=np.ones(len(bars), np.bool_),
            open=columns["open"],
            high=columns["high"],
            low=columns["low"],
            close=columns["close"],
            volume=volume,
            row=row,
            text=lambda place: f"{done[place][0]} {bars[place]}",
            interval=self._text,
            gapless=self._has_volume,
        )


def _summed(values: "list[float] | tuple[float, ...]") -> tuple[float, float]:
    """Return the sum, and what its rounding left out."""
    whole = math.fsum(values)
    if not math.isfinite(whole):
        return whole, 0.0
    return whole, math.fsum((*values, -whole))
