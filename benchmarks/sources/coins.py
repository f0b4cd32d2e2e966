"""The tables of prices as a source has them, their indexes by phase, and how they are filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import numpy as np
import psycopg
import pyarrow as pa

from benchmarks.panel import Panel

MAKE = """
CREATE TABLE coins (id integer PRIMARY KEY, symbol text NOT NULL, is_active boolean NOT NULL);
CREATE TABLE prices (id bigserial PRIMARY KEY, coin_id integer NOT NULL, interval_type text NOT NULL,
    datetime timestamp NOT NULL, open_price float8, high_price float8, low_price float8, close_price float8,
    volume float8);
"""
INDEXES = """
CREATE INDEX prices_composite ON prices (coin_id, interval_type, datetime);
CREATE INDEX prices_covering ON prices (coin_id, datetime)
    INCLUDE (open_price, high_price, low_price, close_price, volume);
"""
PARTIAL = """
CREATE INDEX coins_active ON coins (id) WHERE is_active = true;
CREATE INDEX prices_hourly ON prices (coin_id, datetime) WHERE interval_type = '1h';
"""
COLUMNS = "datetime, open_price, high_price, low_price, close_price, volume"


def fill(url: str, folder: Path) -> None:
    """Make the tables and put every bar of a panel there, coin by coin, without an index but the primary key."""
    handed = Panel.load(folder)
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(MAKE)
        rows = [(number, symbol, True) for number, symbol in enumerate(handed.symbols)]
        with link.cursor() as cursor:
            cursor.executemany("INSERT INTO coins VALUES (%s, %s, %s)", rows)
    count = handed.offsets[-1]
    numbers = np.repeat(np.arange(len(handed.symbols), dtype=np.int32), np.diff(handed.offsets))
    held: dict[str, Any] = {"coin_id": pa.array(numbers), "interval_type": pa.array(["1h"] * count)}
    held["datetime"] = pa.array(handed.columns["ts"], pa.timestamp("us"))
    for name in ("open", "high", "low", "close"):
        held[f"{name}_price"] = pa.array(handed.columns[name])
    held["volume"] = pa.array(handed.columns["volume"])
    with adbc.connect(url) as link, link.cursor() as cursor:
        cursor.adbc_ingest("prices", pa.table(held), mode="append")
        link.commit()
    script(url, "")


def script(url: str, sql: str) -> None:
    """Run statements, then let the server settle as its own housekeeping would have by then."""
    with psycopg.connect(url, autocommit=True) as link:
        if sql:
            link.execute(sql)
        link.execute("VACUUM ANALYZE")
