"""Costs: what the fee takes, and the fee at which nothing is left, from the trades of one simulation."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import costs
from tapehead.kernels.jit import writable
from tapehead.layout.columns import DELIST
from tapehead.metrics.definitions import Value
from tapehead.model.bar_signals import BarSignals
from tapehead.model.fees import Fees
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.model.trades import Trades

F64 = NDArray[np.float64]

CURVE_FEES = (0.0, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01)
"""Fees a side at which a curve of costs is told where nobody names others."""
_SIZING = {"fraction": costs.FRACTION, "cash": costs.CASH, "units": costs.UNITS, "risk": costs.RISK}


class Held(NamedTuple):
    """An open position: side, average price filled, its stop (NaN where none), and the last close."""

    side: int
    entry_price: float
    stop: float
    last_close: float


class Costs(NamedTuple):
    """`without` is the total return had fees been 0, `break_even` the fee a side that leaves the starting cash."""

    without: Value
    break_even: Value


def costs_of(trades: Trades, held: Held | None, rules: Rules, signals: Signals, *, strained: bool = False) -> Costs:
    """Return what fees took.

    Trades are replayed at the other fee: the same fills, with sizes from the equity it leaves. None, with its reason,
    where a fee changes more than sizes (`needs_run`: leverage, targets, added or partly sold units, interest, borrow,
    schedules, slippage by volume, a least notional, lots that another equity cannot buy), or where nothing was traded.

    Parameters
    ----------
    trades, held, rules, signals
        What was traded: closed trades, what is still open, by which rules and wishes.
    strained : bool
        Orders came to nothing for want of money, or an account came near its end: at another fee others would fill.
    """
    reason = _obstacle(trades, held, rules, signals, strained)
    if reason:
        return Costs((None, reason), (None, reason))
    left, fee = costs.break_even(*_Rows.of(trades, held, rules))
    free = (None, "needs_run") if left != left else (left / rules.cash - 1.0, "")
    if fee < 0.0 or left != left:
        return Costs(free, (None, "needs_run"))
    return Costs(free, (None, "loses_without_fees") if fee != fee else (fee, ""))


def cost_curve(
    trades: Trades,
    held: Held | None,
    rules: Rules,
    signals: Signals,
    fees: Sequence[float] = CURVE_FEES,
    *,
    strained: bool = False,
) -> tuple[list[tuple[float, float]], str]:
    """Return (fee a side, total return) in the order of `fees`, all from one set of fills; or none, with the reason.

    A fee at which a lot could not be bought any more has no point. Arguments as for `costs_of`.
    """
    reason = _obstacle(trades, held, rules, signals, strained)
    if reason:
        return [], reason
    rows = _Rows.of(trades, held, rules)
    points = [(fee, rows.equity(fee) / rules.cash - 1.0) for fee in fees]
    return [(fee, gain) for fee, gain in points if gain == gain], ""


def cost_basis(
    trades: Trades, held: Held | None, rules: Rules, signals: Signals, *, strained: bool = False
) -> dict[str, Any] | None:
    """Return what a curve is replayed from beside the trades, as plain values; None where there is none.

    Arguments as for `costs_of`.
    """
    if _obstacle(trades, held, rules, signals, strained):
        return None
    still = None if held is None else {**held._asdict(), "stop": None if held.stop != held.stop else held.stop}
    if still is not None:
        still["last"] = still.pop("last_close")
    return {
        "cash": rules.cash,
        "sizing": rules.sizing,
        "size": rules.size,
        "slippage": _slippage(rules),
        "lot": rules.lot,
        "multiplier": rules.multiplier,
        "held": still,
    }


def _slippage(rules: Rules) -> float:
    """Return the slippage that takes part in sizes."""
    return rules.slippage if rules.slippage_kind == "fraction" else 0.0


def _obstacle(trades: Trades, held: Held | None, rules: Rules, signals: Signals, strained: bool) -> str:
    """Return why trades cannot be replayed at another fee, or nothing."""
    if not len(trades) and held is None:
        return "needs_run" if strained else "no_trades"
    carries = (rules.borrow and rules.side != "long") or rules.cash_rate
    lines = signals.target is not None or signals.size is not None or signals.part is not None
    lines |= isinstance(signals, BarSignals)
    stacked = rules.pyramid > 1 or rules.leverage != 1 or isinstance(rules.fee, Fees)
    kind = rules.slippage_kind
    unsure = kind == "volume" or (kind == "spread" and rules.sizing == "risk")
    bounded = rules.min_notional > 0.0 or (rules.slippage > 0.0 and unsure)
    return "needs_run" if carries or lines or stacked or bounded or strained else ""


class _Rows(NamedTuple):
    """What the kernels take, in their order; an open position, or one that a delisting closed, is the last row."""

    side: NDArray[np.int8]
    entry: F64
    exit: F64
    stop: F64
    last: float
    cash: float
    size: float
    sizing: int
    slippage: float
    lot: float
    multiplier: float

    @staticmethod
    def of(trades: Trades, held: Held | None, rules: Rules) -> "_Rows":
        """Put the rows together."""
        side, entry, out, stop = trades.side, trades.entry_price, trades.exit_price, trades.stop
        last = held.last_close if held is not None else 0.0
        if len(trades) and trades.reason[-1] == DELIST:
            # A delisting pays no charge: what it settles at is like a last close.
            last, out = float(out[-1]), np.append(out[:-1], np.nan)
        if held is not None:
            side, entry = np.append(side, np.int8(held.side)), np.append(entry, held.entry_price)
            out, stop = np.append(out, np.nan), np.append(stop, held.stop)
        return _Rows(
            writable(side),
            writable(entry),
            writable(out),
            writable(stop),
            last,
            rules.cash,
            rules.size,
            _SIZING[rules.sizing],
            _slippage(rules),
            rules.lot,
            rules.multiplier,
        )

    def equity(self, fee: float) -> float:
        """Return the final equity at a fee."""
        return float(costs.equity_at_fee(fee, *self))
