"""Tile: what many sets of parameters gave on one instrument, in columns; and its bytes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DamagedTileError
from tapehead.layout.cells import WHOLE_METRICS
from tapehead.layout.formats import TILE_FORMAT
from tapehead.model.result import Metrics, RunId, RunResult
from tapehead.model.spec import canonical

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]
Value = float | int | str

_MARK: Final = b"tile"
_HEAD: Final = 12
_NO_CURVE = np.empty(0)
_DTYPES: Final = {
    "points": "<i8",
    "final_equity": "<f8",
    "flags": "<u4",
    "decisions": "|u1",
    "values": "<f8",
    "why": "|u1",
    "blocks": "<f8",
}


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """Cells of one instrument: the sets at places [lo, hi) of a run's walk over its sets, less those that failed.

    Attributes
    ----------
    instrument : str
        `venue:symbol`.
    points : int64 array, shape (n_cells,)
        Number of each set in the space of the sweep; `model.space` tells its parameters.
    metrics : tuple of str
        Names of the rows of `values` and `why`.
    values, why : float64 and uint8 array, shape (n_metrics, n_cells)
        NaN where undefined; then `why` is the place of the reason in `reasons`, else 0.
    final_equity : float64 array, shape (n_cells,)
    flags : uint32 array, shape (n_cells,)
        Bit n says that word n of `words` holds.
    decisions : uint8 array, shape (n_cells, 32)
        `Trades.digest()`.
    blocks : float64 array, shape (n_cells, 16, 4)
        Sums of r to r^4 of the bar returns r of 16 equal blocks.
    failed : int
        Sets in [lo, hi) that have no cell since they failed.
    observations : int
        Bar returns of each cell.
    bars, first, last : int
        Scored bars, and the open times (us UTC) of the first and last of them.
    always : tuple of str
        Flags of the bars, which every cell has.
    segments : tuple of bytes
        Data hashes of the segments read.
    """

    run: RunId
    instrument: str
    interval: str
    lo: int
    hi: int
    points: I64
    metrics: tuple[str, ...]
    values: F64
    why: U8
    final_equity: F64
    flags: U32
    decisions: U8
    blocks: F64
    failed: int
    observations: int
    bars: int
    first: int
    last: int
    words: tuple[str, ...]
    reasons: tuple[str, ...]
    always: tuple[str, ...]
    segments: tuple[bytes, ...]
    elapsed_us: int

    def __len__(self) -> int:
        """Return the number of cells."""
        return int(self.points.shape[0])

    def column(self, metric: str) -> F64:
        """Return a metric of each cell, NaN where undefined; raise KeyError for one that cells do not have."""
        if metric not in self.metrics:
            raise KeyError(metric)
        found: F64 = self.values[self.metrics.index(metric)]
        return found

    def result(self, place: int, parameters: Mapping[str, Value]) -> RunResult:
        """Return one cell as a result, without trades and curve."""
        values = {name: _plain(name, value) for name, value in zip(self.metrics, self._at(place), strict=True)}
        codes = self.why[:, place].tolist()
        bits = int(self.flags[place])
        return RunResult(
            run=self.run,
            instrument=self.instrument,
            interval=self.interval,
            parameters=parameters,
            metrics=Metrics(values),
            why={name: self.reasons[code] for name, code in zip(self.metrics, codes, strict=True) if code},
            flags=(*self.always, *(word for bit, word in enumerate(self.words) if bits >> bit & 1)),
            equity=_NO_CURVE,
            final_equity=float(self.final_equity[place]),
            decisions=self.decisions[place].tobytes(),
            segments=self.segments,
            trades=None,
            elapsed_us=self.elapsed_us // max(len(self), 1),
            bars=self.bars,
            first=self.first,
            last=self.last,
        )

    def _at(self, place: int) -> list[float | None]:
        """Return the metrics of a cell, None where undefined."""
        codes = self.why[:, place].tolist()
        return [None if code else value for value, code in zip(self.values[:, place].tolist(), codes, strict=True)]

    def to_bytes(self) -> bytes:
        """Return the tile as it is kept: a head that says what follows, then its columns, little-endian."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        plain |= {name: list(getattr(self, name)) for name in _WORDS}
        plain["segments"] = [each.hex() for each in self.segments]
        head = canonical({**plain, "cells": len(self), "columns": list(_DTYPES)})
        columns = [getattr(self, name).astype(dtype, copy=False).tobytes() for name, dtype in _DTYPES.items()]
        sizes = TILE_FORMAT.to_bytes(4, "little") + len(head).to_bytes(4, "little")
        return b"".join((_MARK, sizes, head, *columns))

    @staticmethod
    def from_bytes(data: bytes) -> "Tile":
        """Undo `to_bytes`; raise DamagedTileError for other bytes."""
        head = TileHead.read(data)
        columns: dict[str, Any] = {name: head.column(name, data[slice(*head.span(name))]) for name in _DTYPES}
        plain = {name: head.plain[name] for name in _PLAIN}
        plain |= {name: tuple(head.plain[name]) for name in _WORDS}
        return Tile(**plain, **columns, segments=tuple(bytes.fromhex(each) for each in head.plain["segments"]))


_COUNTS: Final = ("lo", "hi", "failed", "observations", "bars", "first", "last", "elapsed_us")
_PLAIN: Final = ("run", "instrument", "interval", *_COUNTS)
_WORDS: Final = ("metrics", "words", "reasons", "always")


def no_cells(run: RunId, instrument: str, interval: str, lo: int, hi: int, failed: int) -> Tile:
    """Return a tile without a cell: its sets failed, or no bar was scored."""
    columns: dict[str, Any] = {name: np.empty(0, dtype) for name, dtype in _DTYPES.items()}
    shaped = {"values": (0, 0), "why": (0, 0), "decisions": (0, 32), "blocks": (0, 16, 4)}
    columns |= {name: columns[name].reshape(shape) for name, shape in shaped.items()}
    words: dict[str, Any] = dict.fromkeys((*_WORDS, "segments"), ())
    counts: dict[str, Any] = dict.fromkeys(_COUNTS, 0) | {"lo": lo, "hi": hi, "failed": failed}
    return Tile(run=run, instrument=instrument, interval=interval, **counts, **columns, **words)


@dataclass(frozen=True, slots=True)
class TileHead:
    """What the first bytes of a kept tile say: its facts, and where its columns lie; `begin` is where they begin."""

    plain: Mapping[str, Any]
    begin: int

    @staticmethod
    def size(data: bytes) -> int:
        """Return how many bytes the head takes, from the first 12 of a tile."""
        known = data[:4] == _MARK and int.from_bytes(data[4:8], "little") == TILE_FORMAT
        if len(data) < _HEAD or not known:
            raise DamagedTileError(cause="its first bytes are not those of a tile")
        return _HEAD + int.from_bytes(data[8:12], "little")

    @staticmethod
    def read(data: bytes) -> "TileHead":
        """Read the head from the first `size` bytes of a tile, or more."""
        size = TileHead.size(data)
        if len(data) < size:
            raise DamagedTileError(cause=f"it ends after {len(data)} bytes")
        return TileHead(json.loads(data[_HEAD:size]), size)

    def span(self, column: str) -> tuple[int, int]:
        """Return where a column lies, as byte places [first, end); `values.NAME` is one metric.

        Of a metric that came later than the tile that is nowhere.
        """
        name, _, metric = column.partition(".")
        at = self.begin
        if metric and metric not in self.plain["metrics"]:
            return at, at
        for each in self.plain["columns"]:
            size = self._bytes(each)
            if each == name and metric:
                row = size // max(len(self.plain["metrics"]), 1)
                first = at + row * self.plain["metrics"].index(metric)
                return first, first + row
            if each == name:
                return at, at + size
            at += size
        raise DamagedTileError(cause=f"it has no column {name}")

    def column(self, column: str, data: bytes) -> NDArray[Any]:
        """Return a column from the bytes of its span, read-only; NaN of a metric that the tile does not have."""
        name, _, metric = column.partition(".")
        if metric and metric not in self.plain["metrics"]:
            return np.full(self.plain["cells"], np.nan)
        try:
            flat: NDArray[Any] = np.frombuffer(data, _DTYPES[name])
            shape = (self.plain["cells"],) if metric else self._shape(name)
            return flat.reshape(shape)
        except ValueError:
            raise DamagedTileError(cause=f"its column {column} has {len(data)} bytes") from None

    def _shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a column."""
        n, metrics = self.plain["cells"], len(self.plain["metrics"])
        if name in ("values", "why"):
            return metrics, n
        return (n, 16, 4) if name == "blocks" else (n, 32) if name == "decisions" else (n,)

    def _bytes(self, name: str) -> int:
        """Return the bytes of a column."""
        return int(np.prod(self._shape(name))) * np.dtype(_DTYPES[name]).itemsize


def _plain(name: str, value: float | None) -> float | None:
    """Return a metric as a single run has it: what counts something is an int."""
    return int(value) if value is not None and name in WHOLE_METRICS else value
