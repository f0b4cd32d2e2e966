"""A source's insert of trades: row by row into an indexed table of SQLite or PostgreSQL; prints JSON."""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

COLUMNS = ("instrument", "side", "entry_time", "entry_price", "exit_time", "exit_price", "quantity", "fees")
MAKE = (
    "CREATE TABLE backtest_trades (run integer, instrument text, side text, entry_time bigint, entry_price float8,"
    " exit_time bigint, exit_price float8, quantity float8, fees float8)"
)
INDEX = "CREATE INDEX backtest_trades_run_entry ON backtest_trades (run, entry_time)"
ADD = "INSERT INTO backtest_trades VALUES (1, %s, %s, %s, %s, %s, %s, %s, %s)"
SUMS = "SELECT count(*), sum(quantity), sum(exit_price) FROM backtest_trades"


def main() -> None:
    """Insert all trades, a transaction each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("place", help="a file of SQLite, or the URL of a database")
    parser.add_argument("trades", type=Path)
    asked = parser.parse_args()
    with np.load(asked.trades) as held:
        rows = list(zip(*(held[name].tolist() for name in COLUMNS), strict=True))
    lite = "://" not in asked.place
    link: Any = (
        sqlite3.connect(asked.place, isolation_level=None) if lite else psycopg.connect(asked.place, autocommit=True)
    )
    link.execute(MAKE)
    link.execute(INDEX)
    add = ADD.replace("%s", "?") if lite else ADD
    began = time.perf_counter_ns()
    for row in rows:
        link.execute(add, row)
    took = (time.perf_counter_ns() - began) / 1e6
    count, bought, closes = link.execute(SUMS).fetchone()
    link.close()
    print(json.dumps({"ms": took, "rows": count, "times": round(float(bought), 6), "closes": float(closes)}))


if __name__ == "__main__":
    main()
