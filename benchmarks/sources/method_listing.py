"""A source's list of coins that have prices: by EXISTS, and by its flag; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.panel import Panel
from benchmarks.sources import coins

MORE = "INSERT INTO coins SELECT number, 'EMPTY' || number, true FROM generate_series(%s::integer, %s) AS number"
EXISTS = (
    "SELECT symbol FROM coins c WHERE c.is_active = true"
    " AND EXISTS (SELECT 1 FROM prices WHERE coin_id = c.id LIMIT 1) ORDER BY symbol"
)
FLAG = """
ALTER TABLE coins ADD COLUMN has_price_data boolean DEFAULT false;
UPDATE coins c SET has_price_data = true WHERE EXISTS (SELECT 1 FROM prices WHERE coin_id = c.id);
CREATE INDEX coins_with_prices ON coins (is_active, has_price_data) WHERE is_active = true AND has_price_data = true;
"""
FLAGGED = "SELECT symbol FROM coins WHERE is_active = true AND has_price_data = true ORDER BY symbol"
REPEATS = 15


def main() -> None:
    """Ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["empties", "no index", "exists", "flag"])
    parser.add_argument("url")
    parser.add_argument("--panel", type=Path)
    parser.add_argument("--count", type=int, default=0, help="coins without a price")
    asked = parser.parse_args()
    with psycopg.connect(asked.url, autocommit=True) as link:
        print(json.dumps(_stage(link, asked)))


def _stage(link: Any, asked: argparse.Namespace) -> dict[str, Any]:
    """One of them."""
    if asked.stage == "empties":
        held = len(Panel.load(asked.panel).symbols)
        link.execute(MORE, (held, held + asked.count - 1))
        return {"made": True}
    if asked.stage == "exists":
        coins.script(asked.url, coins.INDEXES)
    if asked.stage == "flag":
        coins.script(asked.url, FLAG)
    return _asked(link, FLAGGED if asked.stage == "flag" else EXISTS)


def _asked(link: Any, sql: str) -> dict[str, Any]:
    """Ask a few times."""
    took: list[float] = []
    rows: list[Any] = []
    while len(took) < 3 or (len(took) < REPEATS and sum(took) < 3000):
        began = time.perf_counter_ns()
        rows = link.execute(sql).fetchall()
        took.append((time.perf_counter_ns() - began) / 1e6)
    return {"ms": median(took), "symbols": [row[0] for row in rows]}


if __name__ == "__main__":
    main()
