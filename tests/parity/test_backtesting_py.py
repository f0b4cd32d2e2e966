"""backtesting.py 0.6.6 on GOOG, SMA 10/30, long only, next open: same bars, same prices; its size is whole shares."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tapehead.library.simulate import simulate
from tapehead.model.bars import Bars
from tapehead.strategies.sma_cross import SmaCross

FOLDER = "oracles/backtesting_py"


def test_entries_and_exits(shared_data: Callable[[str], Path]) -> None:
    with shared_data(f"{FOLDER}/GOOG.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    with shared_data(f"{FOLDER}/GOOG_smacross_longonly_10_30_trades.csv").open(encoding="utf-8") as lines:
        theirs = list(csv.DictReader(lines))
    days = [datetime.fromisoformat(row[""]).replace(tzinfo=UTC) for row in rows]
    ts = [int(day.timestamp()) * 1_000_000 for day in days]
    columns = [[float(row[name]) for row in rows] for name in ("Open", "High", "Low", "Close", "Volume")]
    bars = Bars.from_arrays(ts, *columns, interval="1d")
    ours = simulate(bars, SmaCross(fast=10, slow=30).signals(bars), calendar="XNYS")
    rows_of_ours = list(ours.trades.rows())
    assert len(theirs) == 33
    for mine, other in zip(rows_of_ours, theirs, strict=False):
        names = ("entry_bar", "exit_bar", "entry_price", "exit_price")
        found = tuple(mine[name] for name in names)
        wanted = (int(other["EntryBar"]), int(other["ExitBar"]), float(other["EntryPrice"]), float(other["ExitPrice"]))
        if other is theirs[-1] and wanted[1] == len(rows) - 1:
            assert found[::2] == wanted[::2]
        else:
            assert found == wanted
    still_open = ours.position is not None
    assert len(rows_of_ours) + still_open == len(theirs)
    if ours.position is not None:
        assert ours.position.entry_bar == int(theirs[-1]["EntryBar"])
        assert ours.position.entry_price == float(theirs[-1]["EntryPrice"])
