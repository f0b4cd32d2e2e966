"""Tapehead on one case, through its public door."""

from __future__ import annotations

from typing import Any

import numpy as np

import tapehead as th
from benchmarks.fuzz.case import PRICES, WISHES, Case
from benchmarks.fuzz.found import Deal, Found


def answer(case: Case) -> Found:
    """Simulate one case."""
    done = _simulate(case)
    rows = zip(*(getattr(done.trades, name).tolist() for name in Deal.__slots__), strict=True)
    held = done.position
    still = None if held is None else (held.side, held.entry_bar)
    return Found([Deal(*row) for row in rows], still, done.final_equity)


def _simulate(case: Case) -> th.Simulation:
    """Run the engine on one case."""
    columns: list[Any] = [np.array(getattr(case, name)) for name in PRICES]
    bars = th.Bars.from_arrays(case.ts(), *columns, interval="1h")
    traded = WISHES[:2] if case.settings.side == "long" else WISHES
    signals = th.Signals(**{name: np.array(getattr(case, name), bool) for name in traded}, **_levels(case))
    return th.simulate(bars, signals, **case.settings.rules())


def _levels(case: Case) -> dict[str, Any]:
    """Prices of stops and targets laid down at the bar of the decision; each side's wishes read their own."""
    said = case.settings
    if said.levels != "at":
        return {}
    close, sign = np.array(case.close), -1 if said.side == "short" else 1
    shares = {"stop_loss_at": said.stop_loss, "take_profit_at": said.take_profit}
    away = {"stop_loss_at": -sign, "take_profit_at": sign}
    return {name: close * (1 + away[name] * share) for name, share in shares.items() if share is not None}


def tell(case: Case) -> list[str]:
    """Trades and equity in the words of the truth tables."""
    done = _simulate(case)
    names = (
        "entry_bar",
        "exit_bar",
        "entry_price",
        "exit_price",
        "quantity",
        "fees",
        "profit",
        "reason",
        "worst",
        "best",
    )
    rows = [" ".join(_short(row[name]) for name in names) for row in done.trades.rows()]
    trades = f"\n{' ' * 8}".join(rows) if rows else "none"
    return [f"trades: {trades}", f"equity: {' '.join(map(_short, done.curve.equity.tolist()))}"]


def _short(value: Any) -> str:
    """Nine digits, as many as the tables compare; words as they are."""
    return value if isinstance(value, str) else f"{value:.9g}"
