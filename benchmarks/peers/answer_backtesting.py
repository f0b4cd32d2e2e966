"""backtesting.py on one case; the strategy is ours and asks for what Tapehead's rules decide at each close."""

from __future__ import annotations

from math import ceil, log2
from typing import Any

import numpy as np
from backtesting import Backtest, Strategy

from benchmarks.fuzz.case import WISHES, Case
from benchmarks.fuzz.found import Deal, Found
from benchmarks.handover import Handover
from benchmarks.peers.with_backtesting import SHARE, UNITS_BITS, framed, padding


class Wishing(Strategy):  # type: ignore[misc]  # the peer has no types
    """Decide by the wishes of a case; levels are set once the fill is known."""

    case: Case
    before: int

    def init(self) -> None:
        """Start before the first bar."""
        self.bar = 0 - self.before

    def next(self) -> None:
        """Decide on one bar, as the rules of Tapehead do."""
        self.bar += 1
        if self.bar >= len(self.case):
            return
        case, t, flip = self.case, self.bar, self.case.settings.flip
        enter, leave, short, cover = (getattr(case, name)[t] for name in WISHES)
        if self.position.is_long:
            self.hold(1, enter=enter, leave=leave, opposite=short, flip=flip)
        elif self.position.is_short:
            self.hold(-1, enter=short, leave=cover, opposite=enter, flip=flip)
        elif not (enter and short):
            if enter and not leave:
                self.open(1)
            elif short and not cover:
                self.open(-1)

    def hold(self, side: int, *, enter: bool, leave: bool, opposite: bool, flip: bool) -> None:
        """Leave, or leave for the other side."""
        turns = opposite and not enter and (leave or flip)
        if leave or turns:
            self.position.close()
        if turns:
            self.open(-side)

    def open(self, side: int) -> None:
        """Order an entry, its levels as prices laid down now."""
        said, close = self.case.settings, self.case.close[self.bar]
        levels = {"sl": said.stop_loss and -said.stop_loss, "tp": said.take_profit}
        more = {name: close * (1 + side * share) for name, share in levels.items() if share is not None}
        size = SHARE if said.size == 1 else said.size
        (self.buy if side > 0 else self.sell)(size=size, **more)


def answer(case: Case) -> Found:
    """Simulate one case."""
    said = case.settings
    at_close = said.fill == "close"
    scale = 2.0 ** max(0, UNITS_BITS + ceil(log2(max(case.close) / said.cash)))
    arrays: list[Any] = [
        np.array(case.ts()),
        *(np.array(getattr(case, name)) for name in ("open", "high", "low", "close")),
    ]
    handed = Handover(*arrays, np.ones(len(case)), np.array(case.enter), np.array(case.leave))
    before, behind = padding(at_close=at_close, early=True)
    strategy = type("Given", (Wishing,), {"case": case, "before": before})
    test = Backtest(
        framed(handed, before, behind),
        strategy,
        cash=said.cash * scale,
        commission=said.fee,
        spread=said.slippage,
        trade_on_close=at_close,
        finalize_trades=False,
    )
    told = test.run()
    deals = []
    for row in told["_trades"].sort_values(["EntryBar", "ExitBar"]).itertuples():
        side = 1 if row.Size > 0 else -1
        money = [row.EntryPrice, row.ExitPrice, abs(row.Size) / scale, row.PnL / scale]
        deals.append(Deal(side, int(row.EntryBar) - before, int(row.ExitBar) - before, *map(float, money)))
    still = told["_strategy"].trades
    held = (1 if still[0].is_long else -1, int(still[0].entry_bar) - before) if still else None
    return Found(deals, held, float(told["_equity_curve"]["Equity"].to_numpy()[-1]) / scale)
