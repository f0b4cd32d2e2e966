"""Each tool's table, made by Tapehead of that tool's own equity and trades = what the tool printed."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.metrics import compat_backtesting_py, compat_empyrical, compat_quantstats
from tapehead.metrics.account import Account, Opened
from tapehead.metrics.compat import compat
from tapehead.metrics.tools import TOOLS
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.trades import Trades, plain_trades

PEERS = json.loads((Path(__file__).parents[2] / "golden" / "peer_tables.json").read_text(encoding="utf-8"))
OF_RETURNS = {"empyrical": compat_empyrical.figures, "quantstats": compat_quantstats.figures}


def cases(*tools: str) -> list[Any]:
    return [pytest.param(tool, one, id=f"{tool}-{one['case']}") for tool in tools for one in PEERS[tool]["cases"]]


def trades_of(rows: dict[str, list[float]]) -> Trades:
    """The trades of another tool; a negative quantity is a short."""
    n, size = len(rows["profit"]), np.array(rows["quantity"], float)
    kinds = {"side": np.where(size < 0, -1, 1).astype(np.int8), "quantity": np.abs(size)}
    kinds |= {name: np.array(rows[name]).astype(np.int32) for name in ("entry_bar", "exit_bar")}
    kinds |= {name: np.array(rows[name], float) for name in ("entry_price", "exit_price", "fees", "profit")}
    none = {"worst": np.zeros(n), "best": np.zeros(n), "reason": np.zeros(n, np.uint8)}
    return plain_trades(**kinds, **none, ambiguous=np.zeros(n, bool), across_gap=np.zeros(n, bool))


def account_of(one: dict[str, Any], fill: str) -> Account:
    """The account of a stored case."""
    held = one["bars"]
    step = held["ts"][1] - held["ts"][0]
    interval = "1d" if step == 86_400_000_000 else "1h"
    bars = Bars.from_arrays(*(held[name] for name in ("ts", "open", "high", "low", "close")), interval=interval)
    trades, still = trades_of(one["trades"]), one.get("open")
    units = np.zeros(len(bars))
    for entry, leave, quantity in zip(trades.entry_bar, trades.exit_bar, trades.side * trades.quantity, strict=True):
        units[entry:leave] = quantity
    opened, fees = None, math.fsum(trades.fees)
    if still is not None:
        units[still["entry_bar"] :] = still["quantity"]
        opened, fees = Opened(still["entry_bar"], fill == "next_open", still["profit"]), fees + still["fees"]
    calendar = "XNYS" if one["case"] == "weekdays" else "24/7"
    rules = Rules(cash=10_000.0, fill=fill, calendar=calendar)
    return Account(bars, rules, np.array(one["equity"]), units, trades, opened, fees)


def agree(ours: dict[str, Any], theirs: dict[str, Any], rel: float = 1e-10) -> None:
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        if value is None or isinstance(value, str):
            assert ours[name] == value, name
        else:
            assert ours[name] is not None, name
            assert ours[name] == pytest.approx(value, rel=rel, abs=1e-12), name


@pytest.mark.parametrize(("tool", "one"), cases("vectorbt", "backtesting.py"))
def test_tables_of_an_account(tool: str, one: dict[str, Any]) -> None:
    fill = "close" if tool == "vectorbt" else "next_open"
    agree(compat(tool, account_of(one, fill)), one["stats"])


@pytest.mark.parametrize(("tool", "one"), cases("quantstats", "empyrical"))
def test_figures_of_returns(tool: str, one: dict[str, Any]) -> None:
    ours = OF_RETURNS[tool](np.array(one["returns"]), one["periods"])
    agree(ours, one["stats"])


SERIES = {"BTCUSDT_daily_from_1h_2018-2026": 365.0, "SPY_daily_raw_close_1998-2021": 252.0}
RENAMED = {
    "value_at_risk_5": "value_at_risk",
    "conditional_value_at_risk_5": "conditional_value_at_risk",
    "stability": "stability_of_timeseries",
}


@pytest.mark.parametrize(("name", "periods"), SERIES.items())
def test_stored_series(name: str, periods: float, shared_data: Callable[[str], Path]) -> None:
    """Every stored figure of eight and of 23 years of days."""
    stored = json.loads(shared_data(f"oracles/performance_stats/{name}.json").read_text(encoding="utf-8"))
    with shared_data(f"oracles/performance_stats/{name}_returns.csv").open(encoding="utf-8") as lines:
        returns = np.array([float(row["ret"]) for row in csv.DictReader(lines)])
    assert len(returns) == stored["n"]
    ours = compat_empyrical.figures(returns, periods)
    theirs = {RENAMED.get(key, key): value for key, value in stored["empyrical_0.7.1"].items()}
    agree(ours, theirs)
    ours = compat_quantstats.figures(returns, periods)
    # Their calmar was asked for without a number of periods, and takes 252 then.
    ours["calmar"] = compat_quantstats.figures(returns, 252.0)["calmar"]
    theirs = stored["quantstats_0.0.86"]
    agree({key: ours[key] for key in theirs}, theirs)


STORED = ["smacross_10_30", "smacross_10_30_comm0.2pct", "smacross_longonly_10_30"]
WARM = 29
"""Bars before the slow average is known: from there the tool lets buying and holding begin."""


@pytest.mark.parametrize("name", STORED)
def test_stored_backtests(name: str, shared_data: Callable[[str], Path]) -> None:
    """Every figure of backtesting.py's own runs on GOOG, shorts and fees among them."""
    folder = shared_data("oracles/backtesting_py")
    stored = json.loads((folder / f"GOOG_{name}_stats.json").read_text(encoding="utf-8"))["stats"]
    columns = {key: _csv(folder / f"GOOG_{name}_{key}.csv") for key in ("equity", "trades")}
    prices = _csv(folder / "GOOG.csv")
    ts = [int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000 for day in prices[""]]
    ohlc = [[float(value) for value in prices[name]] for name in ("Open", "High", "Low", "Close")]
    rows = columns["trades"]
    told = {"entry_bar": "EntryBar", "exit_bar": "ExitBar", "quantity": "Size", "profit": "PnL", "fees": "Commission"}
    told |= {"entry_price": "EntryPrice", "exit_price": "ExitPrice"}
    trades = trades_of({mine: [float(value) for value in rows[theirs]] for mine, theirs in told.items()})
    equity = np.array([float(value) for value in columns["equity"]["Equity"]])
    rules = Rules(cash=10_000.0, calendar="XNYS")
    account = Account(Bars.from_arrays(ts, *ohlc, interval="1d"), rules, equity, np.zeros(len(ts)), trades)
    agree(compat_backtesting_py.backtesting_py(account, WARM), stored)


def _csv(path: Path) -> dict[str, list[str]]:
    """A file by columns."""
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_an_unknown_tool() -> None:
    account = account_of(PEERS["vectorbt"]["cases"][0], "close")
    with pytest.raises(ParameterError, match=r"compat=pyfolio: .*backtesting\.py, vectorbt, quantstats, empyrical"):
        compat("pyfolio", account)


def test_versions_are_those_of_the_stored_tables() -> None:
    assert {tool: PEERS[tool]["version"] for tool in TOOLS} == TOOLS


@pytest.mark.parametrize("tool", TOOLS)
def test_what_has_no_value_is_null(tool: str) -> None:
    """A curve that touches 0 gives no infinity and no nan."""
    one = json.loads(json.dumps(PEERS["vectorbt"]["cases"][4]))
    one["equity"][20:] = [0.0] * len(one["equity"][20:])
    with np.errstate(all="ignore"):
        json.dumps(compat(tool, account_of(one, "close")), allow_nan=False)
