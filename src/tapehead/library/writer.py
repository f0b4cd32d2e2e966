"""BarWriter: single bars as they come, written in groups."""

import threading
import time
import warnings
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from types import TracebackType
from typing import Any, Self

import numpy as np

from tapehead.errors import ParameterError
from tapehead.library.times import read_time
from tapehead.model.bars import Bars
from tapehead.model.instrument import Series
from tapehead.model.segment import Commit


class BarWriter:
    """Takes bars of one series one by one and appends them in groups; made by `Store.writer`.

    A group is appended when it has `rows` bars, by the first `write` after its oldest is `seconds` old, by `flush`, and
    on leaving the `with` block, whatever left it. What could not be appended stays in the group and the error is
    raised, so a later `flush` can bring it; a bar that was refused never joins it, nor does one that would leave most
    of the group closer together than an interval. Of bars of one time the last counts. Safe from several threads.
    """

    def __init__(self, append: Callable[[Bars], Commit], series: Series, rows: int, seconds: float) -> None:
        if rows < 1:
            raise ParameterError(name="rows", value=rows, bound="at least 1")
        if not seconds >= 0:
            raise ParameterError(name="seconds", value=seconds, bound="at least 0")
        self._append = append
        self._series = series
        self._rows = rows
        self._seconds = seconds
        self._group: dict[int, tuple[float, ...]] = {}
        self._times: list[int] = []
        self._close = 0
        self._oldest_at = 0.0
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Append what is left."""
        self.flush()

    def __del__(self) -> None:
        """Warn of bars that nobody flushed."""
        if getattr(self, "_group", None):
            text = f"{len(self._group)} bars of {self._series.instrument} were written and never flushed: use `with`"
            warnings.warn(text, ResourceWarning, stacklevel=2)

    def __len__(self) -> int:
        """Return the number of bars that wait to be appended."""
        return len(self._group)

    def write(
        self,
        ts: Any,
        open: float,  # noqa: A002 - the field's standard term
        high: float,
        low: float,
        close: float,
        volume: float = 0.0,
    ) -> None:
        """Take one bar.

        Parameters
        ----------
        ts : datetime, ISO text or int
            Open time; UTC where it names no zone, an int is us UTC.
        open, high, low, close, volume : float
            Finite.

        Raises
        ------
        ParameterError
            The bar is none, and was not taken.
        StoreLockedError, DiskFullError, UnwritableHomeError
            The bar was taken, and the group could not be appended; it is kept.
        """
        moment = read_time("ts", int(ts) if isinstance(ts, np.integer) else ts)
        if moment is None:
            raise ParameterError(name="ts", value=None, bound="the open time of the bar")
        values = tuple(map(float, (open, high, low, close, volume)))
        if not np.isfinite(values).all():
            raise ParameterError(name="bar", value=values, bound="of finite prices and volume; leave it out instead")
        with self._lock:
            self._place(moment)
            if not self._group:
                self._oldest_at = time.monotonic()
            self._group[moment] = values
            if len(self._group) >= self._rows or time.monotonic() - self._oldest_at >= self._seconds:
                self.flush()

    def flush(self) -> Commit | None:
        """Append the group durably; return its commit, None where there was nothing."""
        with self._lock:
            if not self._group:
                return None
            ts = self._times
            columns = np.array([self._group[each] for each in ts]).T
            symbol, venue, interval = self._series.symbol, self._series.venue, self._series.interval
            bars = Bars.from_arrays(ts, *columns, interval=interval, symbol=symbol, venue=venue)
            commit = self._append(bars)
            self._group.clear()
            self._times, self._close = [], 0
            return commit

    def _place(self, moment: int) -> None:
        """Put a time in its place; refuse one with which `Bars.from_arrays` would refuse the whole group."""
        at = bisect_left(self._times, moment)
        if moment in self._group:
            return
        before, after = self._times[max(at - 1, 0) : at], self._times[at : at + 1]
        steps = [b - a for a, b in pairwise([*before, moment, *after])]
        us = self._series.interval.us
        close = self._close + sum(step < us for step in steps) - sum(b - a < us for a in before for b in after)
        if 2 * close > len(self._times):
            bound = f"at least {self._series.interval} from the bars that wait beside it, as bars of the series are"
            raise ParameterError(name="ts", value=f"{min(steps)} us from another", bound=bound)
        self._times.insert(at, moment)
        self._close = close
