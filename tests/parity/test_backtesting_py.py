"""backtesting.py 0.6.6's stored runs on GOOG, SMA 10/30 at the next open in whole shares: our trades are those trades.

Both sides turn round at one price; the last trade is the one difference (`last-open` in docs/divergences.md).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.library.simulate import Simulation, simulate
from tapehead.model.bars import Bars
from tapehead.strategies.sma_cross import SmaCross

FOLDER = "oracles/backtesting_py"
BOTH = {"side": "both", "flip": True}
RUNS: dict[str, tuple[dict[str, Any], int]] = {
    "smacross_10_30": (BOTH, 66),
    "smacross_10_30_comm0.2pct": ({**BOTH, "fee": "0.2%"}, 66),
    "smacross_longonly_10_30": ({}, 33),
}
"""Our settings and the number of trades of each stored run."""
MONEY = 1e-8
"""Of sums below 100,000, added up in another order: some thousand times what a float64 keeps of them."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def stored(shared_data: Callable[[str], Path]) -> Path:
    return shared_data(FOLDER)


@pytest.fixture
def bars(stored: Path) -> Bars:
    rows = rows_of(stored / "GOOG.csv")
    ts = [int(datetime.fromisoformat(row[""]).replace(tzinfo=UTC).timestamp()) * 1_000_000 for row in rows]
    columns = [[float(row[name]) for row in rows] for name in ("Open", "High", "Low", "Close", "Volume")]
    return Bars.from_arrays(ts, *columns, interval="1d")


def run(bars: Bars, settings: dict[str, Any]) -> Simulation:
    """Hold one side or the other from the first crossing on; long only leaves where it would turn round."""
    wishes = SmaCross(fast=10, slow=30).signals(bars)
    if settings.get("side") == "both":
        wishes = replace(wishes, enter_short=wishes.leave, leave=None)
    return simulate(bars, wishes, calendar="XNYS", lot=1, cash=10_000, **settings)


@pytest.mark.parametrize("name", RUNS)
def test_trades(name: str, stored: Path, bars: Bars) -> None:
    """Bars, times, prices and shares to the last digit; fees and profits to the money's precision."""
    settings, count = RUNS[name]
    theirs = rows_of(stored / f"GOOG_{name}_trades.csv")
    done = run(bars, settings)
    ours = list(done.trades.rows())
    assert len(theirs) == count == len(ours) + 1
    assert done.flags == ("open_at_end",)
    for mine, other in zip(ours, theirs[:-1], strict=True):
        exact = {"entry_bar": "EntryBar", "exit_bar": "ExitBar", "entry_price": "EntryPrice", "exit_price": "ExitPrice"}
        assert {key: mine[key] for key in exact} == {key: float(other[word]) for key, word in exact.items()}
        days = [datetime.fromtimestamp(bars.ts[mine[key]] / 1e6, UTC) for key in ("entry_bar", "exit_bar")]
        assert [f"{day:%Y-%m-%d}" for day in days] == [other["EntryTime"], other["ExitTime"]]
        assert mine["side"] * mine["quantity"] == int(other["Size"])
        assert mine["fees"] == pytest.approx(float(other["Commission"]), rel=0, abs=MONEY)
        assert mine["profit"] == pytest.approx(float(other["PnL"]), rel=0, abs=MONEY)


@pytest.mark.parametrize("name", RUNS)
def test_equity_of_every_bar(name: str, stored: Path, bars: Bars) -> None:
    """Marked at each close; on the last bar they have sold at its open."""
    theirs = [float(row["Equity"]) for row in rows_of(stored / f"GOOG_{name}_equity.csv")]
    ours = run(bars, RUNS[name][0]).curve.equity
    np.testing.assert_allclose(ours[:-1], theirs[:-1], rtol=0, atol=MONEY)
    assert ours[-1] != pytest.approx(theirs[-1], rel=1e-3)


@pytest.mark.parametrize("name", RUNS)
def test_the_last_trade_differs_by_its_price_alone(name: str, stored: Path, bars: Bars) -> None:
    """They sell at the last open what is held there; told to close at the end, we sell at the last close."""
    settings, _ = RUNS[name]
    other = rows_of(stored / f"GOOG_{name}_trades.csv")[-1]
    stats = json.loads((stored / f"GOOG_{name}_stats.json").read_text(encoding="utf-8"))["stats"]
    done = run(bars, {**settings, "close_at_end": True})
    mine = list(done.trades.rows())[-1]
    last = len(bars) - 1
    assert (mine["exit_bar"], mine["reason"]) == (int(other["ExitBar"]), "end") == (last, "end")
    assert (mine["exit_price"], float(other["ExitPrice"])) == (bars.close[last], bars.open[last])
    assert (mine["entry_bar"], mine["entry_price"]) == (int(other["EntryBar"]), float(other["EntryPrice"]))
    assert mine["quantity"] == int(other["Size"])
    rate = 0.002 if "fee" in settings else 0.0
    gap = mine["quantity"] * (bars.close[last] - bars.open[last]) * (1 - rate)
    assert abs(gap) > 100
    assert mine["profit"] - gap == pytest.approx(float(other["PnL"]), rel=0, abs=MONEY)
    assert done.final_equity - gap == pytest.approx(stats["Equity Final [$]"], rel=0, abs=MONEY)
