"""RaptorBT on one case."""

from __future__ import annotations

from typing import Any

import numpy as np
import raptorbt

from benchmarks.fuzz.case import PRICES, Case
from benchmarks.fuzz.found import Deal, Found

TIMING = {"close": "same_bar_close", "next_open": "next_bar_open"}


def answer(case: Case) -> Found:
    """Simulate one case; one side at a time, since its array door takes one direction."""
    said = case.settings
    config = raptorbt.BacktestConfig(
        initial_capital=said.cash, fees=said.fee, slippage=said.slippage, fill_timing=TIMING[said.fill]
    )
    if said.stop_loss is not None:
        config.set_fixed_stop(said.stop_loss)
    if said.trail is not None:
        config.set_trailing_stop(said.trail)
    if said.take_profit is not None:
        config.set_fixed_target(said.take_profit)
    short = said.side == "short"
    wishes = [case.enter_short, case.leave_short] if short else [case.enter, case.leave]
    columns: list[Any] = [np.array(getattr(case, name)) for name in PRICES]
    result = raptorbt.run_single_backtest(
        np.array(case.ts()) * 1000,
        *columns,
        np.ones(len(case)),
        *(np.array(wish, bool) for wish in wishes),
        direction=-1 if short else 1,
        weight=said.size,
        symbol="A",
        config=config,
    )
    rows = result.trades()
    closed = [row for row in rows if row.exit_reason != "EndOfData"]
    still = [row for row in rows if row.exit_reason == "EndOfData"]
    deals = [
        Deal(row.direction, row.entry_idx, row.exit_idx, row.entry_price, row.exit_price, row.size, row.pnl)
        for row in closed
    ]
    held = (still[-1].direction, still[-1].entry_idx) if still else None
    return Found(deals, held, float(result.metrics.end_value))
