"""Panel: the bars that every keeper of W8 gets, as arrays on disk, handed over outside the clock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import market
from benchmarks.machine import ROOT

COLUMNS = ("ts", "open", "high", "low", "close", "volume", "flags")
DTYPES: Mapping[str, type] = dict.fromkeys(COLUMNS, np.float64) | {"ts": np.int64, "flags": np.uint8}
TRADED, AFTER_HOLE = 1, 16
REAL = "crypto/binance_spot_1h_panel_2021-2023.parquet"
A_SERIES = 43_800

Columns = dict[str, NDArray[Any]]


class Panel(NamedTuple):
    """Hourly bars of several symbols, one after the other.

    `offsets` (n_symbols + 1 of them) says where each begins and ends; every column has the shape (n_bars,), `ts` in us
    UTC, `flags` one byte a bar.
    """

    origin: str
    symbols: tuple[str, ...]
    offsets: tuple[int, ...]
    columns: Columns

    def parts(self) -> Iterator[tuple[str, Columns]]:
        """Yield the columns of each symbol as views."""
        for symbol, lo, hi in zip(self.symbols, self.offsets, self.offsets[1:], strict=False):
            yield symbol, {name: values[lo:hi] for name, values in self.columns.items()}

    def next_bar(self, count: int) -> Columns:
        """One made-up bar of the first symbol, `count` hours after its last."""
        last = next(self.parts())[1]
        bar = {name: values[-1:].copy() for name, values in last.items()}
        bar["ts"] = bar["ts"] + count * market.HOUR_US
        bar["flags"][:] = TRADED
        return bar

    def save(self, folder: Path) -> None:
        """Write one .npy file a column."""
        for name, values in self.columns.items():
            np.save(folder / f"{name}.npy", values)
        told = {"origin": self.origin, "symbols": self.symbols, "offsets": self.offsets}
        (folder / "panel.json").write_text(json.dumps(told), encoding="utf-8")

    @staticmethod
    def load(folder: Path, *, mapped: bool = False) -> Panel:
        """Read what `save` wrote into memory, or leave it in its files until it is looked at."""
        told = json.loads((folder / "panel.json").read_text(encoding="utf-8"))
        columns = {name: np.load(folder / f"{name}.npy", mmap_mode="r" if mapped else None) for name in COLUMNS}
        return Panel(told["origin"], tuple(told["symbols"]), tuple(told["offsets"]), columns)


def make(seed: int, bars: int) -> Panel:
    """Take whole symbols of the real panel in an order that the seed shuffles, the last one cut, up to `bars`.

    Where the real data is absent the synthetic market stands in and `origin` says so. The real panel ends at 1,598,941
    bars.
    """
    data = Path(os.environ.get("TAPEHEAD_TEST_DATA") or ROOT.parent / "shared" / "data")
    path = data / REAL
    if not path.exists():
        return synthetic(seed, bars)
    return _cut(f"real hourly bars of Binance, {path.name}", _real(path, seed), bars)


def synthetic(seed: int, bars: int) -> Panel:
    """Make the panel of the synthetic market of the other workloads."""
    return _cut("synthetic bars: the real panel is not here", _synthetic(seed, bars), bars)


def of_market(seed: int, instruments: int, bars: int) -> Panel:
    """Make so many series of the synthetic market, each of so many bars, at most 43,800."""
    return _cut("synthetic bars", _synthetic(seed, bars, instruments), instruments * bars)


def _cut(origin: str, found: Iterator[tuple[str, Columns]], bars: int) -> Panel:
    """Take symbols until there are enough bars."""
    symbols: list[str] = []
    parts: list[Columns] = []
    left = bars
    for symbol, columns in found:
        if left <= 0:
            break
        parts.append({name: values[:left] for name, values in columns.items()})
        symbols.append(symbol)
        left -= len(parts[-1]["ts"])
    offsets = np.cumsum([0, *(len(part["ts"]) for part in parts)]).tolist()
    joined = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
    return Panel(origin, tuple(symbols), tuple(offsets), joined)


def write_parquet(panel: Panel, path: Path) -> None:
    """Write the panel as a user would hand it to `tapehead import`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    codes = np.repeat(np.arange(len(panel.symbols), dtype=np.int32), np.diff(panel.offsets))
    columns = {name: pa.array(panel.columns[name]) for name in COLUMNS[1:6]}
    named = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(panel.symbols))
    times = pa.array(panel.columns["ts"], pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table({"timestamp": times, "symbol": named, **columns}), path, compression="zstd")


def _real(path: Path, seed: int) -> Iterator[tuple[str, Columns]]:
    """Yield the symbols of the real panel, shuffled."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    ts = table["date"].to_numpy().astype("datetime64[us]").astype(np.int64)
    tickers = table["ticker"].to_numpy().astype(str)
    names, codes = np.unique(tickers, return_inverse=True)
    values = {name: table[name].to_numpy().astype(np.float64) for name in COLUMNS[1:6]}
    for code in np.random.default_rng(seed).permutation(len(names)):
        rows = np.flatnonzero(codes == code)
        rows = rows[np.argsort(ts[rows], kind="stable")]
        yield str(names[code]), _flagged({"ts": ts[rows], **{name: array[rows] for name, array in values.items()}})


def _synthetic(seed: int, bars: int, instruments: int | None = None) -> Iterator[tuple[str, Columns]]:
    """Yield series of the synthetic market of the other workloads, so many or as many as the bars need."""
    for index in range(instruments or -(-bars // A_SERIES)):
        made = market.columns(seed, index, min(A_SERIES, bars))
        yield market.symbol(index), _flagged(dict(zip(COLUMNS[:6], made, strict=True)))


def _flagged(columns: Columns) -> Columns:
    """Add the byte a bar that a store keeps: traded, and after a hole."""
    flags = np.where(columns["volume"] > 0, TRADED, 0).astype(np.uint8)
    flags[1:][np.diff(columns["ts"]) > market.HOUR_US] |= AFTER_HOLE
    return {**columns, "flags": flags}
