"""A source's table of trades: those of one run, without and with its index; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

import adbc_driver_postgresql.dbapi as adbc
import numpy as np
import psycopg
import pyarrow as pa

from benchmarks.sources import coins

MAKE = (
    "CREATE TABLE trades (id bigserial PRIMARY KEY, run_id integer NOT NULL, instrument integer NOT NULL,"
    " entry_time bigint NOT NULL, quantity float8 NOT NULL, profit float8 NOT NULL)"
)
INDEX = "CREATE INDEX trades_run_entry ON trades (run_id, entry_time);"
ASKED = "SELECT instrument, entry_time, quantity, profit FROM trades WHERE run_id = %s ORDER BY entry_time, instrument"
NAMES = ("instrument", "entry_time", "quantity", "profit")


def main() -> None:
    """Fill, or ask for one run a few times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["fill", "index", "ask"])
    parser.add_argument("url")
    parser.add_argument("trades", type=Path)
    parser.add_argument("--run", type=int, default=0)
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    if asked.stage == "fill":
        with psycopg.connect(asked.url, autocommit=True) as link:
            link.execute(MAKE)
        with np.load(asked.trades) as held, adbc.connect(asked.url) as link, link.cursor() as cursor:
            cursor.adbc_ingest("trades", pa.table({name: held[name] for name in held.files}), mode="append")
            link.commit()
        coins.script(asked.url, "")
        print(json.dumps({"filled": True}))
        return
    if asked.stage == "index":
        coins.script(asked.url, INDEX)
        print(json.dumps({"made": True}))
        return
    took = []
    columns = {}
    with psycopg.connect(asked.url, autocommit=True) as link:
        for _ in range(9):
            began = time.perf_counter_ns()
            rows = link.execute(ASKED, (asked.run,), binary=True).fetchall()
            columns = {name: np.array(values) for name, values in zip(NAMES, zip(*rows, strict=True), strict=True)}
            took.append((time.perf_counter_ns() - began) / 1e6)
    np.savez(asked.outcome, **columns)
    print(json.dumps({"ms": median(took)}))


if __name__ == "__main__":
    main()
