"""What the functions of both sides return: facts of a symbol after 100 ms, and the rows of a query to SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROWS = 250
SLOW_S = 0.1
CALLS = 300
ASKED = "SELECT symbol, date, open, high, low, close, volume FROM stock_data WHERE symbol = ? ORDER BY date LIMIT 250"


def facts(symbol: str) -> dict[str, float | str]:
    """Thirty facts, as a source's interface gives them."""
    time.sleep(SLOW_S)
    held: dict[str, float | str] = {f"fact{place}": place * 1.25 for place in range(29)}
    return {**held, "symbol": symbol}


def rows(path: str, symbol: str) -> list[tuple[str, int, float, float, float, float, float]]:
    """A query."""
    with sqlite3.connect(path) as link:
        return link.execute(ASKED, (symbol,)).fetchall()


def make_rows(path: Path) -> None:
    """Fill the file: 100,000 rows of 100 symbols, with an index."""
    with sqlite3.connect(path) as link:
        link.execute("CREATE TABLE stock_data (symbol text, date integer, open, high, low, close, volume)")
        every = (
            (f"S{at % 100:02d}", at // 100, at * 0.5, at * 0.75, at * 0.25, at * 0.5, float(at))
            for at in range(100_000)
        )
        link.executemany("INSERT INTO stock_data VALUES (?, ?, ?, ?, ?, ?, ?)", every)
        link.execute("CREATE INDEX stock_data_symbol_date ON stock_data (symbol, date)")


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of a call, the median of many."""
    took = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        call()
        took.append((time.perf_counter_ns() - began) / 1e6)
    return median(took)
