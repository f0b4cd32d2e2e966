"""Trades: closed trades as columns."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import MissingPackageError
from tapehead.layout.columns import DECISION_COLUMNS, REASONS, TRADE_DTYPES


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Closed trades of one result, in order of entry, each column of shape (n_trades,).

    Attributes
    ----------
    side : int8
        1 long, -1 short.
    entry_bar, exit_bar : int32
        Counted from 0 at the first bar at or after the asked start.
    entry_price, exit_price : float64
        Filled prices, slippage in, fees out, in quote currency.
    quantity : float64
        Units entered.
    fees, profit : float64
        Both sides' fees; net profit after them; quote currency.
    worst, best : float64
        Most adverse (at most 0) and most favourable (at least 0) price while held, as a fraction of `entry_price`.
    reason : uint8
        Index into `layout.columns.REASONS`.
    ambiguous : bool
        The order of prices inside a bar decided the trade.
    across_gap : bool
        One of its orders waited over at least one calendar step without a traded bar.
    """

    side: NDArray[np.int8]
    entry_bar: NDArray[np.int32]
    exit_bar: NDArray[np.int32]
    entry_price: NDArray[np.float64]
    exit_price: NDArray[np.float64]
    quantity: NDArray[np.float64]
    fees: NDArray[np.float64]
    profit: NDArray[np.float64]
    worst: NDArray[np.float64]
    best: NDArray[np.float64]
    reason: NDArray[np.uint8]
    ambiguous: NDArray[np.bool_]
    across_gap: NDArray[np.bool_]

    def __repr__(self) -> str:
        """Return the number of trades, not thirteen columns."""
        return f"Trades({len(self)})"

    def __len__(self) -> int:
        """Return the number of trades."""
        return int(self.side.shape[0])

    def digest(self) -> bytes:
        """Return SHA-256 over the decision columns, little-endian, column after column."""
        digest = hashlib.sha256()
        for name in DECISION_COLUMNS:
            digest.update(getattr(self, name).astype(TRADE_DTYPES[name], copy=False).tobytes())
        return digest.digest()

    def to_bytes(self) -> bytes:
        """Return every column one after another, little-endian, in the order of the fields."""
        return b"".join(getattr(self, name).astype(dtype, copy=False).tobytes() for name, dtype in TRADE_DTYPES.items())

    @staticmethod
    def from_bytes(data: bytes) -> "Trades":
        """Undo `to_bytes`."""
        width = sum(np.dtype(dtype).itemsize for dtype in TRADE_DTYPES.values())
        n, offset, columns = len(data) // width, 0, {}
        for name, dtype in TRADE_DTYPES.items():
            columns[name] = np.frombuffer(data, dtype, n, offset)
            offset += n * np.dtype(dtype).itemsize
        return Trades(**columns)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name; `reason` in words."""
        out = {f.name: getattr(self, f.name) for f in fields(self)}
        out["reason"] = np.array(REASONS)[self.reason]
        return out

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each trade as plain Python values."""
        columns = {name: values.tolist() for name, values in self.columns().items()}
        for i in range(len(self)):
            yield {name: values[i] for name, values in columns.items()}

    def to_polars(self) -> Any:
        """Return a polars DataFrame; needs polars (pip install polars)."""
        return _imported("polars", "to_polars").DataFrame(self.columns())

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame; needs pandas (pip install pandas)."""
        return _imported("pandas", "to_pandas").DataFrame(self.columns())


def _imported(package: str, call: str) -> Any:
    """Import a package that Tapehead does not need itself."""
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise MissingPackageError(call=f"{call}()", package=package) from error


def no_trades() -> Trades:
    """Return trades without a row."""
    return Trades.from_bytes(b"")
