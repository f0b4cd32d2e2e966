"""results_of: what a portfolio's walk made, as results of a run: its account, and a row for each instrument."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.plan import Item, Plan
from tapehead.layout.columns import RATE_COLUMNS, TRADE_DTYPES, TRADED
from tapehead.layout.formats import EQUITY_POINTS
from tapehead.metrics.summary import summarise
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.moments import Moments
from tapehead.model.orders import AccountOrders, Orders, no_orders
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import Metrics, RunResult
from tapehead.model.rules import Rules
from tapehead.model.trades import Trades, account_trades, no_trades
from tapehead.portfolio.leg import Leg
from tapehead.portfolio.walk import LegOutcome, Walked
from tapehead.simulation.sums import sums_of

F64 = NDArray[np.float64]

_SHARED: Final = "shared_cash"
"""Why a row of an instrument has no metric of a curve: its money is that of all."""
_OF_A_CURVE: Final = (
    *(
        "cagr",
        "volatility_annual",
        "sharpe",
        "sortino",
        "max_drawdown",
        "max_drawdown_bars",
        "max_drawdown_days",
        "calmar",
    ),
)


def account_bars(walked: Walked, interval: Interval) -> Bars:
    """Return the equity of the account as bars, one an instant, so that it can be measured as a price is."""
    n = walked.clock.shape[0]
    columns: dict[str, Any] = {"ts": walked.clock.copy(), "volume": np.zeros(n), "flags": np.full(n, TRADED, np.uint8)}
    columns |= {name: walked.equity.copy() for name in ("open", "high", "low", "close")}
    venue, _, symbol = ACCOUNT.partition(":")
    return frozen_bars(Series(venue, symbol, interval), columns)


def all_trades(legs: Sequence[Leg], walked: Walked) -> Trades:
    """Return the closed trades of all instruments in the order of exits.

    Bars are instants of the clock; `tag` is the place of the instrument in the order of names, from 1.
    """
    if not walked.order:
        return no_trades()
    held, foreign = {leg.name: leg for leg in legs}, any(leg.rates is not None for leg in legs)
    parts: list[dict[str, NDArray[Any]]] = []
    for place, done in enumerate(walked.legs):
        bars = held[done.name].bars
        at = np.searchsorted(walked.clock, bars.ts[bars.warm :])
        part = {name: getattr(done.trades, name) for name in TRADE_DTYPES}
        if foreign:
            ones = np.ones(len(done.trades))
            part |= {name: ones if (rate := getattr(done.trades, name)) is None else rate for name in RATE_COLUMNS}
        for name in ("entry_bar", "exit_bar", "decision_bar"):
            part[name] = at[part[name]].astype(np.int32)
        part["tag"] = np.full(len(done.trades), place + 1, np.int32)
        parts.append(part)
    starts = np.concatenate([[0], np.cumsum([len(done.trades) for done in walked.legs])])
    order = np.array([starts[leg] + number for leg, number in walked.order], np.int64)
    whole = Trades(**{name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]})
    return account_trades(whole, [done.name for done in walked.legs])


def all_orders(legs: Sequence[Leg], walked: Walked) -> Orders:
    """Return the orders of all instruments in the order of their decisions, those of one instant in that of names.

    Bars are instants of the clock; `trade` is the row in `all_trades`, as many as these are for what is still held.
    """
    held = {leg.name: leg for leg in legs}
    rows = {pair: place for place, pair in enumerate(walked.order)}
    parts: list[dict[str, NDArray[Any]]] = []
    for place, done in enumerate(walked.legs):
        if done.orders is None:
            continue
        bars = held[done.name].bars
        at = np.searchsorted(walked.clock, bars.ts[bars.warm :]).astype(np.int32)
        part = {field.name: getattr(done.orders, field.name) for field in fields(Orders)}
        part["decided"] = at[part["decided"]]
        part["bar"] = np.where(part["bar"] < 0, part["bar"], at[part["bar"]]).astype(np.int32)
        numbers = [-1 if row < 0 else rows.get((place, row), len(rows)) for row in part["trade"].tolist()]
        part["trade"] = np.array(numbers, np.int32)
        part["instrument"] = np.full(len(done.orders), done.name)
        parts.append(part)
    if not parts:
        return no_orders()
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(whole["decided"], kind="stable")
    return AccountOrders(**{name: values[order] for name, values in whole.items()})


def account_result(plan: Plan, run: str, legs: Sequence[Leg], walked: Walked) -> tuple[RunResult, tuple[int, F64]]:
    """Return the result of the account, and its returns for the ledger of trials: how many, and their sums by block."""
    interval = Interval.parse(plan.spec.interval)
    bars, trades = account_bars(walked, interval), all_trades(legs, walked)
    rules = legs[0].rules
    moments, blocks = sums_of(bars.close, bars.ts, interval.us, rules.cash, trades.profit, int(walked.lived.sum()))
    open_profit = sum(done.position.profit for done in walked.legs if done.position is not None)
    final = float(walked.equity[-1])
    metrics, why = summarise(
        bars,
        rules,
        moments,
        trades=trades,
        multiplier={leg.name: leg.rules.multiplier for leg in legs},
        final_equity=final,
        fees_paid=sum(done.fees_paid for done in walked.legs),
        open_profit=open_profit if any(done.position is not None for done in walked.legs) else None,
        equity=lambda: walked.equity,
    )
    metrics["buy_and_hold_return"], why["buy_and_hold_return"] = None, _SHARED
    metrics |= {
        "exposure_mean": float(np.mean(walked.exposure / np.where(walked.equity > 0.0, walked.equity, np.inf))),
        "positions_most": float(walked.held.max()),
        "positions_mean": float(walked.held.mean()),
        "cash_least": float(walked.cash.min()),
        "interest": walked.interest,
        "dividends": sum(done.dividends for done in walked.legs),
        "stale_bars_most": float(walked.stale_most),
        "stale_bars_mean": walked.stale_mean,
    }
    flags = (*(["ruined"] if walked.ruined else []), *_common_flags(walked.legs))
    result = _result(plan, run, ACCOUNT, metrics, why, flags, walked.equity, final, trades, bars)
    return result, (moments.observations, blocks)


def _common_flags(legs: Sequence[LegOutcome]) -> list[str]:
    """Return what happened to any instrument, each word once."""
    return [word for word in dict.fromkeys(flag for leg in legs for flag in leg.flags) if word != "ruined"]


def leg_result(plan: Plan, run: str, item: Item, leg: Leg, done: LegOutcome) -> RunResult:
    """Return the row of one instrument: its share of the profit, and its trades."""
    rules: Rules = leg.rules
    profits = done.trades.profit
    won = profits > 0.0
    moments = Moments(
        observations=2,
        total=0.0,
        squares=0.0,
        downside=0.0,
        drawdown=0.0,
        wet_bars=0,
        wet_us=0,
        held=done.held,
        wins=int(won.sum()),
        won=float(profits[won].sum()),
        lost=float(-profits[~won].sum()),
    )
    final = rules.cash + done.share
    metrics, why = summarise(
        leg.bars,
        rules,
        moments,
        trades=done.trades,
        final_equity=final,
        fees_paid=done.fees_paid,
        open_profit=None if done.position is None else done.position.profit,
        equity=lambda: np.full(2, rules.cash),
    )
    for name in _OF_A_CURVE:
        metrics[name], why[name] = None, _SHARED
    metrics |= {"profit": done.share, "dividends": done.dividends}
    line = rules.cash + done.line
    return _result(plan, run, item.instrument.name, metrics, why, done.flags, line, final, done.trades, leg.bars)


def _result(
    plan: Plan,
    run: str,
    name: str,
    metrics: Metrics,
    why: dict[str, str],
    flags: tuple[str, ...],
    equity: F64,
    final: float,
    trades: Trades,
    bars: Bars,
) -> RunResult:
    """Return a result as runs keep it."""
    n = equity.shape[0]
    at = np.arange(n) if n <= EQUITY_POINTS else np.arange(EQUITY_POINTS) * (n - 1) // (EQUITY_POINTS - 1)
    return RunResult(
        run=run,
        instrument=name,
        interval=plan.spec.interval,
        parameters=plan.spec.parameters,
        metrics=metrics,
        why=why,
        flags=flags,
        equity=equity[at].copy(),
        final_equity=final,
        decisions=trades.digest(),
        segments=bars.segments,
        trades=trades,
        elapsed_us=0,
        bars=len(bars) - bars.warm,
        first=int(bars.ts[bars.warm]),
        last=int(bars.ts[-1]),
    )
