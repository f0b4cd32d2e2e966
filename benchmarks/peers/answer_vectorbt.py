"""vectorbt on one case: with its compiled engine, every second one from case 500 on with Numba (20 s to compile)."""

from __future__ import annotations

from typing import Any

import numpy as np
import vectorbt

from benchmarks.fuzz.case import WISHES, Case
from benchmarks.fuzz.found import Deal, Found

CLOSED = 1
FIRST_BY_NUMBA = 500


def answer(case: Case) -> Found:
    """Simulate one case; at the next open it gets wishes one bar later and the open as price."""
    said = case.settings
    late = said.fill == "next_open"
    wishes = [np.array(getattr(case, name), bool) for name in WISHES]
    if late:
        wishes = [np.concatenate([[False], wish[:-1]]) for wish in wishes]
    more: dict[str, Any] = {}
    if said.size < 1:
        more |= {"size": said.size, "size_type": "percent"}
    if said.side == "long":
        more |= {"entries": wishes[0], "exits": wishes[1]}
    elif said.side == "short":
        more |= {"entries": wishes[2], "exits": wishes[3], "direction": "shortonly"}
    else:
        more |= {"entries": wishes[0], "exits": wishes[1], "short_entries": wishes[2], "short_exits": wishes[3]}
        more |= {"upon_opposite_entry": "reversereduce" if said.flip else "ignore"}
    stop = said.stop_loss if said.trail is None else said.trail
    if stop is not None:
        more |= {"sl_stop": stop, "sl_trail": said.trail is not None}
    if said.take_profit is not None:
        more |= {"tp_stop": said.take_profit}
    if stop is not None or said.take_profit is not None:
        more |= {name: np.array(getattr(case, name)) for name in ("open", "high", "low")}
        more |= {"stop_entry_price": "fillprice", "stop_exit_price": "stopmarket"}
    close = np.array(case.close)
    portfolio = vectorbt.Portfolio.from_signals(
        close,
        price=np.array(case.open) if late else close,
        fees=said.fee,
        slippage=said.slippage,
        init_cash=said.cash,
        freq="1h",
        engine="rust" if case.number < FIRST_BY_NUMBA or case.number % 2 == 0 else "numba",
        **more,
    )
    rows = portfolio.exit_trades.values
    deals, held = [], None
    for row in rows:
        side = 1 if row["direction"] == 0 else -1
        if row["status"] != CLOSED:
            held = (side, int(row["entry_idx"]))
            continue
        whole = [side, int(row["entry_idx"]), int(row["exit_idx"])]
        deals.append(Deal(*whole, *(float(row[name]) for name in ("entry_price", "exit_price", "size", "pnl"))))
    return Found(deals, held, float(portfolio.final_value()))
