"""BarWriter: single bars as they come, written in groups."""

import threading
import time
import warnings
from collections.abc import Callable
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
    raised, so a later `flush` can bring it; a bar that was refused never joins it. Of bars of one time the last counts.
    Safe from several threads.
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
            ts = sorted(self._group)
            columns = np.array([self._group[each] for each in ts]).T
            symbol, venue, interval = self._series.symbol, self._series.venue, self._series.interval
            bars = Bars.from_arrays(ts, *columns, interval=interval, symbol=symbol, venue=venue)
            commit = self._append(bars)
            self._group.clear()
            return commit
