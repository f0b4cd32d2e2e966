"""Orders: what was asked of the market and what became of it, as columns."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import ORDER_DTYPES, ORDER_STATUSES, REASONS


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Orders of one result in order of decision, each column of shape (n_orders,). Made anew when asked for.

    Attributes
    ----------
    decided, bar : int32
        Bar of the decision and of the end, counted as trades count; `bar` is -1 where the data ended first. An exit by
        a level is decided at its entry.
    side : int8
        1 buys, -1 sells.
    opens : bool
        An entry; else an exit.
    reason : uint8
        Index into `layout.columns.REASONS`: why an exit; `signal` for entries.
    status : uint8
        Index into `layout.columns.ORDER_STATUSES`.
    quantity : float64
        Units filled; 0 where nothing was.
    wanted, price : float64
        Price before slippage and price filled at; NaN where nothing was.
    fee : float64
        In quote currency.
    maker : bool
        A limit that rested at the start of its bar.
    trade : int32
        Row of the trade it belongs to; the number of closed trades for a position still open, -1 for none.
    """

    decided: NDArray[np.int32]
    bar: NDArray[np.int32]
    side: NDArray[np.int8]
    opens: NDArray[np.bool_]
    reason: NDArray[np.uint8]
    status: NDArray[np.uint8]
    quantity: NDArray[np.float64]
    wanted: NDArray[np.float64]
    price: NDArray[np.float64]
    fee: NDArray[np.float64]
    maker: NDArray[np.bool_]
    trade: NDArray[np.int32]

    def __repr__(self) -> str:
        """Return the number of orders."""
        return f"Orders({len(self)})"

    def __len__(self) -> int:
        """Return the number of orders."""
        return int(self.side.shape[0])

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name; `reason` and `status` in words."""
        out = {f.name: getattr(self, f.name) for f in fields(self)}
        out["reason"], out["status"] = np.array(REASONS)[self.reason], np.array(ORDER_STATUSES)[self.status]
        return out

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each order as plain Python values."""
        columns = {name: values.tolist() for name, values in self.columns().items()}
        for i in range(len(self)):
            yield {name: values[i] for name, values in columns.items()}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AccountOrders(Orders):
    """Orders of an account that several instruments share; bars are instants of its clock.

    Of one bar of decision they stand in the order of instruments. `trade` is the row among the trades of the account.

    Attributes
    ----------
    instrument : str
        `venue:symbol`.
    """

    instrument: NDArray[np.str_]


def no_orders() -> Orders:
    """Return orders without a row."""
    return Orders(**{name: np.empty(0, dtype) for name, dtype in ORDER_DTYPES.items()})
