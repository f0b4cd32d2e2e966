"""Copied: bars whose later part can be replaced by another one and put back."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import readonly
from tapehead.kernels.windows import decimals
from tapehead.layout.columns import PRICE_COLUMNS, Column
from tapehead.model.bars import Bars, frozen_bars

F64 = NDArray[np.float64]
Tail = Literal["raised", "lowered", "walk"]
TAILS: Final[tuple[Tail, ...]] = ("raised", "lowered", "walk")
"""Later prices x 1.5, x 0.5, or a random walk from the last price that is kept."""
_FACTORS: Final[dict[str, float]] = {"raised": 1.5, "lowered": 0.5}
_STEP: Final = 0.03
"""Largest move of the walk from one close to the next, either way; two steps of the price where that is more."""
_LOOKED_AT: Final = 256
"""Bars at either end whose decimals the prices and volumes of a tail are rounded to."""


class Copied:
    """A copy of the first bars of a series, for questions about what a strategy would have said before a cut.

    Parameters
    ----------
    bars : Bars
        Not touched; they may be read-only.
    n_bars : int
        How many of them to copy, at least 1.

    Notes
    -----
    One copy serves all cuts of a series: only the few bars of a tail are written and put back, so that a question
    costs the strategy's own time. Prices of a tail keep high and low around open and close, the sign and the decimals
    of the bars before it; times and flags stay. Not safe from several threads.
    """

    def __init__(self, bars: Bars, n_bars: int) -> None:
        self._bars = bars
        self.n_bars = n_bars
        self._prices: F64 = np.empty((len(PRICE_COLUMNS), n_bars))
        for row, name in zip(self._prices, PRICE_COLUMNS, strict=True):
            row[:] = getattr(bars, name)[:n_bars]
        self._volume: F64 = bars.volume[:n_bars].copy()
        self._ts = bars.ts[:n_bars].copy()
        self._flags = bars.flags[:n_bars].copy()
        self._decimals = [_decimals(row) for row in self._prices]
        self._volume_decimals = _decimals(self._volume)
        self._positive = bool(self._prices.min() > 0)

    def first(self, n_bars: int) -> Bars:
        """Return the first bars as they are now, read-only views; `content()` of them is that of arrays."""
        columns: dict[Column, NDArray[np.generic]] = {"ts": self._ts[:n_bars], "flags": self._flags[:n_bars]}
        columns |= {name: row[:n_bars] for name, row in zip(PRICE_COLUMNS, self._prices, strict=True)}
        columns["volume"] = self._volume[:n_bars]
        return frozen_bars(self._bars.series, columns, min(self._bars.warm, n_bars))

    def with_tail(self, keep: int, end: int, tail: Tail, random: np.random.Generator) -> Bars:
        """Replace bars [keep, end) and return the first `end` bars; `put_back` undoes it."""
        prices, volume = self._prices[:, keep:end], self._volume[keep:end]
        traded = volume > 0
        if tail == "walk":
            self._walk(keep, prices, random)
            volume *= random.uniform(0.2, 3.0, end - keep)
        else:
            prices *= _FACTORS[tail]
            volume *= _FACTORS[tail]
        self._round(prices)
        if self._volume_decimals >= 0:
            np.round(volume, self._volume_decimals, out=volume)
            volume[traded & (volume <= 0)] = 10.0**-self._volume_decimals
        return self.first(end)

    def put_back(self, keep: int, end: int) -> None:
        """Bring back bars [keep, end)."""
        for row, name in zip(self._prices, PRICE_COLUMNS, strict=True):
            row[keep:end] = getattr(self._bars, name)[keep:end]
        self._volume[keep:end] = self._bars.volume[keep:end]

    def written(self, before: int) -> tuple[Column, int] | None:
        """Return the first column, and its first bar before a bar, that no longer holds what was copied."""
        held: dict[Column, NDArray[np.generic]] = dict(zip(PRICE_COLUMNS, self._prices, strict=True))
        held |= {"volume": self._volume, "ts": self._ts, "flags": self._flags}
        for name, values in held.items():
            other = np.flatnonzero(values[:before] != getattr(self._bars, name)[:before])
            if other.size:
                return name, int(other[0])
        return None

    def _round(self, prices: F64) -> None:
        """Round prices, in place, to the decimals of their columns, where those have some; positive ones stay so.

        A price with more decimals than its column has is no price of that series.
        """
        if len(set(self._decimals)) == 1:
            if self._decimals[0] >= 0:
                np.round(prices, self._decimals[0], out=prices)
        else:
            for row, k in zip(prices, self._decimals, strict=True):
                if k >= 0:
                    np.round(row, k, out=row)
        if self._positive:
            np.maximum(prices, 10.0 ** -max(0, *self._decimals), out=prices)

    def _walk(self, keep: int, prices: F64, random: np.random.Generator) -> None:
        """Write a random walk that opens where the bar before it closed."""
        last = float(self._prices[3, keep - 1]) or 1.0
        finest = 2 * 10.0 ** -self._decimals[3] / abs(last) if self._decimals[3] >= 0 else 0.0
        step = min(max(_STEP, finest), 0.5)
        closes = last * np.cumprod(1.0 + random.uniform(-step, step, prices.shape[1]))
        opens = np.concatenate(([last], closes[:-1]))
        reach = np.abs(closes) * random.uniform(0.0, _STEP, prices.shape[1])
        prices[0], prices[3] = opens, closes
        prices[1] = np.maximum(opens, closes) + reach
        prices[2] = np.minimum(opens, closes) - reach


def _decimals(values: F64) -> int:
    """Return the decimals of the first and the last values, -1 where they have no few."""
    outer = np.concatenate((values[:_LOOKED_AT], values[-_LOOKED_AT:]))
    return int(decimals(readonly(outer)))
