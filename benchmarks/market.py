"""A synthetic market for the benchmarks: any number of instruments and bars, equal for equal seeds on every machine.

It is made here and not taken out of the store, so that the other tools and the twin see what went into the store, not
what came out of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

HOUR_US = 3_600_000_000
BEGIN_US = 1_546_300_800_000_000  # 2019-01-01T00:00:00Z
ONE_BAR_MISSING_IN = 500
TICKS = (0.01, 0.0001, 0.1, 0.000001)
STARTS = (100.0, 0.35, 9000.0, 0.02)


class Columns(NamedTuple):
    """Hourly bars of one instrument; every array of shape (n_bars,), `ts` in us UTC."""

    ts: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64


def symbol(index: int) -> str:
    """Name the instrument at `index`."""
    return f"B{index:04d}USDT"


def columns(seed: int, index: int, bars: int, *, ticked: bool = True) -> Columns:
    """Make the bars of one instrument.

    Decimal prices on a tick, so that equal closes occur; regimes of calm and storm, jumps, and holes: of every 500
    hours one is missing, in a few runs. All instruments have the same number of bars.

    Parameters
    ----------
    seed, index : int
        The market and the instrument in it.
    bars : int, at least 2
        Number of bars that exist.
    ticked : bool
        Without a tick prices are a random walk with all the digits of a float.
    """
    rng = np.random.default_rng([seed, index])
    steps = _steps_with_holes(rng, bars)
    regime = np.repeat(rng.choice([0.003, 0.006, 0.012], bars // 500 + 1), 500)[:bars]
    moves = rng.normal(0.0, 1.0, bars) * regime + 0.5 * regime**2
    jumps = rng.random(bars) < 0.0005
    moves[jumps] += rng.normal(0.0, 0.05, int(jumps.sum()))
    tick, start = TICKS[index % 4], STARTS[index % 4]
    rounded = _on_tick if ticked else _as_it_is
    path = np.cumprod(1.0 + np.clip(moves, -0.4, 0.4)) * start
    close = rounded(np.maximum(path, tick * 50), tick)
    before = np.concatenate(([start], close[:-1]))
    opened = rounded(np.maximum(before * (1.0 + rng.normal(0.0, 0.0004, bars)), tick * 50), tick)
    spread = np.abs(rng.normal(0.0, 0.5, (2, bars))) * regime
    high = np.maximum(np.maximum(opened, close), rounded(np.maximum(opened, close) * (1.0 + spread[0]), tick))
    low = np.minimum(np.minimum(opened, close), rounded(np.minimum(opened, close) * (1.0 - spread[1]), tick))
    volume = _on_tick(rng.exponential(1000.0, bars) + 0.001, 0.001)
    return Columns(BEGIN_US + steps * HOUR_US, opened, high, np.maximum(low, tick), close, volume)


def write_parquet(folder: Path, seed: int, instruments: int, bars: int) -> None:
    """Write one Parquet file an instrument, as a user would hand them to `tapehead import`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for index in range(instruments):
        made = columns(seed, index, bars)
        values: list[pa.Array] = [pa.array(made.ts, pa.timestamp("us", tz="UTC"))]
        values += [pa.array(column) for column in made[1:]]
        table = pa.Table.from_arrays(values, names=["timestamp", *Columns._fields[1:]])
        pq.write_table(table, folder / f"{symbol(index)}.parquet", compression="zstd")


def write_csv(path: Path, made: Columns) -> None:
    """Write one instrument as CSV, times as ISO text."""
    times = np.datetime_as_string(made.ts.astype("datetime64[us]").astype("datetime64[s]"))
    with path.open("w", encoding="utf-8") as out:
        out.write("timestamp,open,high,low,close,volume\n")
        for row in zip(times, *(column.tolist() for column in made[1:]), strict=True):
            out.write(f"{row[0]}Z,{row[1]!r},{row[2]!r},{row[3]!r},{row[4]!r},{row[5]!r}\n")


def _steps_with_holes(rng: np.random.Generator, bars: int) -> I64:
    """Grid steps of the bars that exist: `bars` of them, with a few runs of one to six left out between them."""
    gap = np.ones(bars, np.int64)
    gap[0] = 0
    missing = bars // ONE_BAR_MISSING_IN
    while missing > 0 and bars > 2:
        run = min(int(rng.integers(1, 7)), missing)
        gap[int(rng.integers(1, bars))] += run
        missing -= run
    return np.cumsum(gap)


def _on_tick(values: F64, tick: float) -> F64:
    """Round to the decimal grid of `tick`, as text of so many digits would read."""
    return np.round(values, max(0, round(-np.log10(tick))))


def _as_it_is(values: F64, tick: float) -> F64:  # noqa: ARG001 - stands where `_on_tick` does
    """Leave every digit."""
    return values
