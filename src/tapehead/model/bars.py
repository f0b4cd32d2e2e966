"""Bars: the columns of one series over one range; only bars that exist."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.errors import ParameterError
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, BAR_DTYPES, FLAG_WORDS, PRICE_COLUMNS, TRADED
from tapehead.model.frames import Frame, Framed
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Bars(Framed):
    """Columns of one series, oldest first, shape (n_bars,), C-contiguous and read-only.

    Attributes
    ----------
    series : Series
    ts : int64 array
        Open time of each bar, us UTC, strictly rising. A missing bar is no row: a hole is a step in `ts`.
    open, high, low, close, volume : float64 array
        Finite; a hole is never filled.
    flags : uint8 array
        Bits of `layout.columns`: traded, partial, repaired, suspect, after_hole, synthetic.
    warm : int
        Leading bars before the asked start: for indicators only, no orders.
    segments : tuple of bytes
        Data hashes of the segments the columns were read from, in order; empty for arrays given by hand.
    others : mapping of str to Other
        Series beside these, by the name that the strategy gave them in `needs`.
    """

    series: Series
    ts: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64
    flags: U8
    warm: int = 0
    segments: tuple[bytes, ...] = field(default=())
    others: "Mapping[str, Other]" = field(default_factory=dict, repr=False)

    def other(self, name: str) -> "Other":
        """Return a series that `needs` of the strategy names; raise ParameterError where it names none so."""
        if name not in self.others:
            held = ", ".join(self.others) or "none: let needs() return Need(name, interval=…, instrument=…)"
            raise ParameterError(name="bars.other()", value=repr(name), bound=f"a name that needs() gives; here {held}")
        return self.others[name]

    def __len__(self) -> int:
        """Return the number of bars, warm-up included."""
        return int(self.ts.shape[0])

    def content(self) -> bytes:
        """Return SHA-256 over segment hashes and slice, or over the columns of arrays given by hand."""
        digest = hashlib.sha256()
        for segment in self.segments:
            digest.update(segment)
        if not self.segments:
            for name in BAR_COLUMNS:
                digest.update(np.ascontiguousarray(getattr(self, name)).view(np.uint8).data)
        outer = (int(self.ts[0]), int(self.ts[-1])) if len(self) else (0, 0)
        digest.update(f"{outer[0]} {outer[1]} {len(self)} {self.warm}".encode())
        return digest.digest()

    def slice(self, lo: int, hi: int, warm: int = 0) -> "Bars":
        """Return bars [lo, hi) as views, `warm` of them before the asked start."""
        columns = {name: getattr(self, name)[lo:hi] for name in BAR_COLUMNS}
        return frozen_bars(self.series, columns, warm, self.segments)

    def _frame(self) -> Frame:
        """Return the columns; the series is the text about them."""
        return Frame({name: getattr(self, name) for name in BAR_COLUMNS}, series_metadata(self.series))

    def _repr_html_(self) -> str:
        """Return the first and last bars for a notebook, with a line of closes."""
        from tapehead.model import display

        rows = [
            [display.cell(name, getattr(self, name)[i]) for name in BAR_COLUMNS] for i in display.bounded(len(self))
        ]
        line = display.sparkline(display.few(self.close))
        note = f"{self.series.instrument} {self.series.interval}: {display.shown_of(len(self), 'bars')}, times UTC"
        return display.beside(line, display.table(BAR_COLUMNS, rows, note))

    @staticmethod
    def from_frame(
        frame: Any,
        *,
        interval: str | Interval | None = None,
        symbol: str | None = None,
        venue: str | None = None,
        columns: Mapping[str, str] | None = None,
        warm: int = 0,
    ) -> "Bars":
        """Make bars of a table of another library.

        Parameters
        ----------
        frame : object
            A pandas DataFrame (its index may be the time), a polars one, or anything that hands out an Arrow stream;
            or a mapping of arrays. Columns `open high low close` and a time, `volume` and `flags` where there are.
        interval, symbol, venue : str, optional
            What the table does not say itself; one made of `Bars` says all three.
        columns : mapping, optional
            Names in the table by ours, such as `{"close": "Adj Close"}`, where they are not found by themselves.
        warm : int
            Leading bars for indicators only.

        Raises
        ------
        ParameterError
            It is no table, a column is missing or holds something else, or the bars are none; see `from_arrays`.

        Notes
        -----
        A time without a zone is UTC. Nothing is sorted and nothing is filled.

        Examples
        --------
        >>> Bars.from_frame(frame, interval="1d", symbol="AAPL")
        """
        from tapehead.model.frame_columns import frame_columns

        found, text = frame_columns(frame, columns or {})
        every = interval or text.get("interval")
        if every is None:
            raise ParameterError(name="interval", value=None, bound="given, such as 1h: the table does not say it")
        flags = found.pop("flags", None)
        bars = Bars.from_arrays(
            found["ts"],
            found["open"],
            found["high"],
            found["low"],
            found["close"],
            found.get("volume"),
            interval=every,
            symbol=symbol or text.get("symbol", "ARRAY"),
            venue=venue or text.get("venue", "memory"),
            warm=warm,
        )
        return bars if flags is None else _flagged(bars, flags)

    @staticmethod
    def from_arrays(
        ts: ArrayLike,
        open: ArrayLike,  # noqa: A002 - the field's standard term
        high: ArrayLike,
        low: ArrayLike,
        close: ArrayLike,
        volume: ArrayLike | None = None,
        *,
        interval: str | Interval,
        symbol: str = "ARRAY",
        venue: str = "memory",
        warm: int = 0,
        has_volume: bool | None = None,
    ) -> "Bars":
        """Make bars of arrays in memory.

        Parameters
        ----------
        ts : array, shape (n_bars,)
            Open times: int64 us UTC or datetime64; strictly rising.
        open, high, low, close : arrays, shape (n_bars,)
            Prices, finite.
        volume : array, shape (n_bars,), optional
            Where the instrument has volume, a bar of volume 0 did not trade and fills nothing.
        interval : str or Interval
            Spacing, such as `1h`.
        symbol, venue : str
            Name of the series.
        warm : int
            Leading bars for indicators only.
        has_volume : bool, optional
            Whether the instrument has volume; by default, whether any of these bars has. Name it for a part of a
            series, whose other bars would decide.

        Raises
        ------
        ParameterError
            Lengths differ, times do not rise, a price is not finite, or `warm` is outside [0, n_bars].
        """
        every = interval if isinstance(interval, Interval) else Interval.parse(interval)
        times = np.asarray(ts)
        if times.dtype.kind == "M":
            times = times.astype("datetime64[us]").astype(np.int64)
        n = times.shape[0]
        columns: dict[str, Any] = {"ts": np.array(times, dtype=np.int64)}
        given = {"open": open, "high": high, "low": low, "close": close}
        for name, values in given.items():
            columns[name] = np.array(values, dtype=np.float64)
        columns["volume"] = np.zeros(n) if volume is None else np.array(volume, dtype=np.float64)
        flags = np.full(n, TRADED, np.uint8)
        columns["flags"] = flags
        _check_columns(columns, n)
        moved = columns["volume"] > 0
        if has_volume or (has_volume is None and moved.any()):
            flags[~moved] = 0
        if n > 1 and 2 * int(np.count_nonzero(np.diff(columns["ts"]) < every.us)) > n - 1:
            raise ParameterError(
                name="ts",
                value=f"steps of {int(np.median(np.diff(columns['ts'])))} us",
                bound=f"microseconds UTC or datetime64, at least {every} ({every.us} us) apart",
            )
        if n:
            flags[1:][np.diff(columns["ts"]) > every.us] |= AFTER_HOLE
        if not 0 <= warm <= n:
            raise ParameterError(name="warm", value=warm, bound=f"between 0 and {n}, the number of bars")
        return frozen_bars(Series(venue, symbol, every), columns, warm)


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """A series beside the bars of a strategy, as far as each of them knows it.

    Attributes
    ----------
    bars : Bars
        Whole, closed bars of the other series, oldest first; those of a coarser interval in which a finer bar is
        missing are left out.
    at : int64 array, shape (n_bars,)
        Of each bar of the strategy the place in `bars` of the last one that had closed when it closed, -1 before the
        first.
    """

    bars: Bars
    at: I64

    def align(self, line: ArrayLike) -> F64:
        """Return a line over `bars` as each bar of the strategy knows it.

        Parameters
        ----------
        line : float64 array, shape (len(self.bars),)
            Such as an average of `self.bars.close`.

        Returns
        -------
        float64 array, shape (n_bars,)
            NaN before the first closed bar of the other series.

        Raises
        ------
        ParameterError
            The line has another length.
        """
        values = np.asarray(line, np.float64)
        if values.shape != (len(self.bars),):
            bound = f"of shape ({len(self.bars)},), a value for each bar of the other series"
            raise ParameterError(name="align()", value=f"a line of shape {values.shape}", bound=bound)
        found = np.full(self.at.shape, np.nan)
        known = self.at >= 0
        found[known] = values[self.at[known]]
        return found

    @property
    def close(self) -> F64:
        """Last closed price at the close of each bar of the strategy, shape (n_bars,); NaN before the first."""
        return self.align(self.bars.close)


def _flagged(bars: Bars, flags: NDArray[Any]) -> Bars:
    """Return bars with flags that a table holds, in place of those their volumes tell."""
    known = (flags >= 0) & (flags < 2 * max(FLAG_WORDS))
    if not known.all():
        at = int(np.flatnonzero(~known)[0])
        raise ParameterError(name="flags", value=f"{flags[at]} at index {at}", bound=f"below {2 * max(FLAG_WORDS)}")
    columns: dict[str, Any] = {name: getattr(bars, name) for name in BAR_COLUMNS}
    columns["flags"] = flags.astype(np.uint8)
    return frozen_bars(bars.series, columns, bars.warm)


def series_metadata(series: Series) -> dict[str, str]:
    """Return the names of a series as the metadata of a table."""
    return {"venue": series.venue, "symbol": series.symbol, "interval": series.interval.text}


def frozen_bars(series: Series, columns: Mapping[Any, Any], warm: int = 0, segments: Sequence[bytes] = ()) -> Bars:
    """Make bars of columns that are trusted, and lock the arrays."""
    for name in BAR_COLUMNS:
        columns[name].flags.writeable = False
    return Bars(
        series,
        ts=columns["ts"],
        open=columns["open"],
        high=columns["high"],
        low=columns["low"],
        close=columns["close"],
        volume=columns["volume"],
        flags=columns["flags"],
        warm=warm,
        segments=tuple(segments),
    )


def _check_columns(columns: dict[str, Any], n: int) -> None:
    """Raise ParameterError unless shapes agree, times rise and prices are finite."""
    for name in BAR_COLUMNS:
        if columns[name].shape != (n,):
            raise ParameterError(
                name=name, value=f"array of shape {columns[name].shape}", bound=f"of shape ({n},) as ts"
            )
        if columns[name].dtype != np.dtype(BAR_DTYPES[name]):
            raise ParameterError(name=name, value=str(columns[name].dtype), bound=f"of dtype {BAR_DTYPES[name]}")
    stuck = np.flatnonzero(np.diff(columns["ts"]) <= 0)
    if stuck.size:
        raise ParameterError(name="ts", value=f"not rising at index {stuck[0] + 1}", bound="strictly rising")
    for name in PRICE_COLUMNS:
        wild = np.flatnonzero(~np.isfinite(columns[name]))
        if wild.size:
            raise ParameterError(
                name=name,
                value=f"{columns[name][wild[0]]} at index {wild[0]}",
                bound="finite; leave the bar out instead",
            )
