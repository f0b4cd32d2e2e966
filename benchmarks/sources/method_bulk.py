"""A source's inserts: row by row and in batches of 1,000, into SQLite and PostgreSQL; prints JSON."""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.panel import Panel

MAKE = (
    "CREATE TABLE stock_data (symbol text, date bigint, open float8, high float8, low float8, close float8,"
    " volume float8)"
)
INDEX = "CREATE INDEX stock_data_symbol_date ON stock_data (symbol, date)"
ADD = "INSERT INTO stock_data VALUES (%s, %s, %s, %s, %s, %s, %s)"
SUMS = "SELECT count(*), sum(date / 1000000), sum(close) FROM stock_data"
BATCH = 1_000


def main() -> None:
    """Insert all rows of a panel one way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["single", "batch"])
    parser.add_argument("place", help="a file of SQLite, or the URL of a database")
    parser.add_argument("panel", type=Path)
    asked = parser.parse_args()
    rows = list(_rows(Panel.load(asked.panel)))
    lite = "://" not in asked.place
    link: Any = (
        sqlite3.connect(asked.place, isolation_level=None) if lite else psycopg.connect(asked.place, autocommit=True)
    )
    link.execute(MAKE)
    link.execute(INDEX)
    add = ADD.replace("%s", "?") if lite else ADD
    began = time.perf_counter_ns()
    if asked.way == "single":
        for row in rows:
            link.execute(add, row)
    else:
        for at in range(0, len(rows), BATCH):
            _batch(link, add, rows[at : at + BATCH], lite=lite)
    took = (time.perf_counter_ns() - began) / 1e6
    count, times, closes = link.execute(SUMS).fetchone()
    link.close()
    print(json.dumps({"ms": took, "rows": count, "times": int(times), "closes": float(closes)}))


def _batch(link: Any, add: str, rows: list[Any], *, lite: bool) -> None:
    """One transaction."""
    if lite:
        link.execute("BEGIN")
        link.executemany(add, rows)
        link.execute("COMMIT")
        return
    with link.transaction(), link.cursor() as cursor:
        cursor.executemany(add, rows)


def _rows(handed: Panel) -> Iterator[tuple[Any, ...]]:
    """Rows as Python objects, which they are before the clock runs."""
    for symbol, columns in handed.parts():
        names = ("ts", "open", "high", "low", "close", "volume")
        yield from ((symbol, *row) for row in zip(*(columns[name].tolist() for name in names), strict=True))


if __name__ == "__main__":
    main()
