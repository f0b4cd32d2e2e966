"""A source's questions to a table of prices: one by one without an index, together with its indexes; prints JSON.

`before` follows each stock with a query of its own, on a table without an index but its key. `after` has the source's
indexes, monthly partitions and batch queries. Answers are arrays by name, the same on both sides.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import create_engine, text

from benchmarks.panel import Panel
from benchmarks.rows.table import arrow
from benchmarks.sources.questions import ASKED, BEST, CHANGED, CLIENTS, PAGE, SECONDS, Asking, saved

MAKE = """
CREATE TABLE price_history (id bigserial, stock_id integer NOT NULL, date timestamptz NOT NULL, open float8,
    high float8, low float8, close float8, volume float8) {partitioned};
"""
PARTS = """
DO $$ BEGIN FOR m IN 0..{months} LOOP EXECUTE format(
    'CREATE TABLE price_history_%s PARTITION OF price_history FOR VALUES FROM (%L) TO (%L)', m,
    '{first}'::timestamptz + make_interval(months => m), '{first}'::timestamptz + make_interval(months => m + 1));
END LOOP; END $$;
"""
INDEX = "CREATE INDEX price_history_stock_date ON price_history (stock_id, date DESC)"
STATS = """
SELECT coalesce(sum(seq_scan), 0), coalesce(sum(idx_scan), 0)
FROM pg_stat_user_tables WHERE relname LIKE 'price_history%'
"""
BLOCKS = """
SELECT coalesce(sum(heap_blks_hit + idx_blks_hit), 0), coalesce(sum(heap_blks_read + idx_blks_read), 0)
FROM pg_statio_user_tables WHERE relname LIKE 'price_history%'
"""
POOL = {"before": 8, "after": 15}


class Prices:
    """The questions as SQL; each answer is arrays by name."""

    def __init__(self, url: str, way: str, asking: Asking, stocks: int) -> None:
        self.batch = way == "after"
        self.stocks = stocks
        self.asking = asking
        address = url.replace("postgresql://", "postgresql+psycopg://")
        self.engine = create_engine(address, pool_size=POOL[way], max_overflow=0, pool_pre_ping=True)

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """One query."""
        with self.engine.connect() as link:
            return list(link.execute(text(sql), values).all())

    def latest_of_one(self) -> dict[str, Any]:
        """The newest close of a stock."""
        sql = "SELECT close FROM price_history WHERE stock_id = :stock ORDER BY date DESC LIMIT 1"
        return _arrays(self.rows(sql, stock=self.asking.one), "close")

    def month_of_one(self) -> dict[str, Any]:
        """A month of a stock."""
        return self._spans([self.asking.one])

    def month_of_some(self) -> dict[str, Any]:
        """The same month of some stocks."""
        return self._spans(self.asking.some)

    def latest_of_some(self) -> dict[str, Any]:
        """The newest close of each of some stocks."""
        if not self.batch:
            sql = "SELECT close FROM price_history WHERE stock_id = :stock ORDER BY date DESC LIMIT 1"
            return _arrays([row for stock in self.asking.some for row in self.rows(sql, stock=stock)], "close")
        sql = (
            "SELECT p.close FROM unnest(CAST(:some AS integer[])) AS s (stock) CROSS JOIN LATERAL (SELECT close FROM"
            " price_history WHERE stock_id = s.stock ORDER BY date DESC LIMIT 1) AS p ORDER BY s.stock"
        )
        return _arrays(self.rows(sql, some=self.asking.some), "close")

    def moved(self) -> dict[str, Any]:
        """Close at two moments of all stocks."""
        sql = (
            "SELECT a.close, b.close FROM price_history a JOIN price_history b USING (stock_id)"
            " WHERE a.date = :start AND b.date = :end ORDER BY stock_id"
        )
        return _arrays(self.rows(sql, start=self.asking.start, end=self.asking.end), "before", "after")

    def counts(self) -> dict[str, Any]:
        """How many bars of each stock, first and last."""
        sql = (
            "SELECT count(*), extract(epoch FROM min(date))::bigint, extract(epoch FROM max(date))::bigint"
            " FROM price_history GROUP BY stock_id ORDER BY stock_id"
        )
        return _arrays(self.rows(sql), "count", "first", "last")

    def days_of_one(self) -> dict[str, Any]:
        """Daily highs, lows and closes of a stock."""
        sql = (
            "SELECT max(high), min(low), (array_agg(close ORDER BY date DESC))[1] FROM price_history"
            " WHERE stock_id = :stock AND date >= :start GROUP BY date_trunc('day', date, 'UTC') ORDER BY 1"
        )
        found = _arrays(self.rows(sql, stock=self.asking.one, start=self.asking.start), "high", "low", "close")
        return {name: np.sort(values) for name, values in found.items()}

    def highest_of_some(self) -> dict[str, Any]:
        """The highest high of each of some stocks since a moment."""
        if not self.batch:
            sql = "SELECT max(high) FROM price_history WHERE stock_id = :stock AND date >= :start"
            each = [row for one in self.asking.some for row in self.rows(sql, stock=one, start=self.asking.start)]
            return _arrays(each, "high")
        sql = (
            "SELECT max(high) FROM price_history WHERE stock_id = ANY(:some) AND date >= :start GROUP BY stock_id"
            " ORDER BY stock_id"
        )
        return _arrays(self.rows(sql, some=self.asking.some, start=self.asking.start), "high")

    def lowest_of_some(self) -> dict[str, Any]:
        """The lowest low of each of some stocks since a moment."""
        return self._of_each("min(low)", "date >= :start", "low", start=self.asking.start)

    def volume_of_some(self) -> dict[str, Any]:
        """What was traded of each of some stocks in a month."""
        where = "date >= :start AND date < :end"
        return self._of_each("sum(volume)", where, "volume", start=self.asking.start, end=self.asking.end)

    def moment_of_some(self) -> dict[str, Any]:
        """The close of each of some stocks at a moment."""
        return self._of_each("max(close)", "date = :end", "close", end=self.asking.end)

    def oldest_of_some(self) -> dict[str, Any]:
        """The first close of each of some stocks."""
        if not self.batch:
            sql = "SELECT close FROM price_history WHERE stock_id = :stock ORDER BY date LIMIT 1"
            return _arrays([row for stock in self.asking.some for row in self.rows(sql, stock=stock)], "close")
        sql = (
            "SELECT p.close FROM unnest(CAST(:some AS integer[])) AS s (stock) CROSS JOIN LATERAL (SELECT close FROM"
            " price_history WHERE stock_id = s.stock ORDER BY date LIMIT 1) AS p ORDER BY s.stock"
        )
        return _arrays(self.rows(sql, some=self.asking.some), "close")

    def latest_of_all(self) -> dict[str, Any]:
        """The newest close of every stock."""
        distinct = "SELECT DISTINCT ON (stock_id) close FROM price_history ORDER BY stock_id, date DESC"
        lateral = (
            "SELECT p.close FROM generate_series(0, :last) AS s (stock) CROSS JOIN LATERAL (SELECT close FROM"
            " price_history WHERE stock_id = s.stock ORDER BY date DESC LIMIT 1) AS p ORDER BY s.stock"
        )
        rows = self.rows(lateral, last=self.stocks - 1) if self.batch else self.rows(distinct)
        return _arrays(rows, "close")

    def day_of_all(self) -> dict[str, Any]:
        """High and low of every stock on a day."""
        sql = (
            "SELECT max(high), min(low) FROM price_history WHERE date >= :day AND date < :end GROUP BY stock_id"
            " ORDER BY stock_id"
        )
        return _arrays(self.rows(sql, day=self.asking.day, end=self.asking.end), "high", "low")

    def gainers(self) -> dict[str, Any]:
        """The stocks that rose most between two moments."""
        sql = (
            "SELECT stock_id, b.close / a.close FROM price_history a JOIN price_history b USING (stock_id)"
            " WHERE a.date = :start AND b.date = :end ORDER BY 2 DESC, 1 LIMIT :best"
        )
        return _arrays(self.rows(sql, start=self.asking.start, end=self.asking.end, best=BEST), "stock", "times")

    def busiest(self) -> dict[str, Any]:
        """The stocks that were traded most on a day."""
        sql = (
            "SELECT stock_id, sum(volume) FROM price_history WHERE date >= :day AND date < :end GROUP BY stock_id"
            " ORDER BY 2 DESC, 1 LIMIT :best"
        )
        return _arrays(self.rows(sql, day=self.asking.day, end=self.asking.end, best=BEST), "stock", "volume")

    def weeks_of_one(self) -> dict[str, Any]:
        """Weekly highs and lows of a stock, all of the time."""
        sql = (
            "SELECT max(high), min(low) FROM price_history WHERE stock_id = :stock"
            " GROUP BY date_trunc('week', date, 'UTC') ORDER BY date_trunc('week', date, 'UTC')"
        )
        return _arrays(self.rows(sql, stock=self.asking.one), "high", "low")

    def pair(self) -> dict[str, Any]:
        """Closes of two stocks at the times both have, a month."""
        sql = (
            "SELECT a.close, b.close FROM price_history a JOIN price_history b USING (date) WHERE a.stock_id = :stock"
            " AND b.stock_id = :other AND a.date >= :start AND a.date < :end AND b.date >= :start AND b.date < :end"
            " ORDER BY date"
        )
        both = {"stock": self.asking.some[0], "other": self.asking.some[-1]}
        return _arrays(self.rows(sql, **both, start=self.asking.start, end=self.asking.end), "one", "other")

    def gaps_of_one(self) -> dict[str, Any]:
        """How many hours of a stock are missing between its first and its last."""
        sql = (
            "SELECT extract(epoch FROM max(date) - min(date))::bigint / 3600 + 1 - count(*) FROM price_history"
            " WHERE stock_id = :stock"
        )
        return _arrays(self.rows(sql, stock=self.asking.one), "missing")

    def page_of_one(self) -> dict[str, Any]:
        """The second page of a stock, newest first."""
        sql = (
            "SELECT close, volume FROM price_history WHERE stock_id = :stock ORDER BY date DESC"
            " LIMIT :page OFFSET :page"
        )
        return _arrays(self.rows(sql, stock=self.asking.one, page=PAGE), "close", "volume")

    def _of_each(self, what: str, where: str, name: str, **values: Any) -> dict[str, Any]:
        """One number of each of some stocks: a query each, or one for all."""
        if not self.batch:
            sql = f"SELECT {what} FROM price_history WHERE stock_id = :stock AND {where}"  # noqa: S608 - constants
            each = [row for one in self.asking.some for row in self.rows(sql, stock=one, **values)]
            return _arrays(each, name)
        which = f"stock_id = ANY(:some) AND {where} GROUP BY stock_id ORDER BY stock_id"
        sql = f"SELECT {what} FROM price_history WHERE {which}"  # noqa: S608 - constants
        return _arrays(self.rows(sql, some=self.asking.some, **values), name)

    def _spans(self, stocks: list[int]) -> dict[str, Any]:
        """A month of some stocks."""
        where = "date >= :start AND date < :end"
        values = {"start": self.asking.start, "end": self.asking.end}
        if self.batch:
            which = f"stock_id = ANY(:some) AND {where} ORDER BY stock_id, date"
            sql = f"SELECT close, volume FROM price_history WHERE {which}"  # noqa: S608 - constants
            return _arrays(self.rows(sql, some=stocks, **values), "close", "volume")
        sql = f"SELECT close, volume FROM price_history WHERE stock_id = :stock AND {where} ORDER BY date"  # noqa: S608 - constants
        found = [row for stock in stocks for row in self.rows(sql, stock=stock, **values)]
        return _arrays(found, "close", "volume")


def main() -> None:
    """Fill, or ask everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["before", "after"])
    parser.add_argument("stage", choices=["fill", "ask", "clients", "change"])
    parser.add_argument("url")
    parser.add_argument("panel", type=Path)
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    handed = Panel.load(asked.panel)
    if asked.stage == "fill":
        _fill(asked.url, asked.way, handed)
        print(json.dumps({"filled": True}))
        return
    if asked.stage == "change":
        print(json.dumps(_changed(asked.url, len(handed.symbols) // CHANGED)))
        return
    prices = Prices(asked.url, asked.way, Asking.of(handed), len(handed.symbols))
    print(json.dumps(_ask(prices, asked) if asked.stage == "ask" else load(prices.month_of_one)))


def _fill(url: str, way: str, handed: Panel) -> None:
    """Put every bar there, stock by stock."""
    import adbc_driver_postgresql.dbapi as adbc

    table = arrow(handed)
    names = {"series": "stock_id", "ts": "date"}
    table = table.rename_columns([names.get(name, name) for name in table.column_names])  # type: ignore[attr-defined]  # an Arrow table
    first = handed.columns["ts"].min().astype("datetime64[us]").astype("datetime64[M]")
    last = handed.columns["ts"].max().astype("datetime64[us]").astype("datetime64[M]")
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(MAKE.format(partitioned="PARTITION BY RANGE (date)" if way == "after" else ""))
        if way == "after":
            link.execute(PARTS.format(months=int((last - first).astype(int)), first=f"{first}-01T00:00:00Z"))
    with adbc.connect(url) as link, link.cursor() as cursor:
        cursor.adbc_ingest("price_history", table, mode="append")
        link.commit()
    with psycopg.connect(url, autocommit=True) as link:
        if way == "after":
            link.execute(INDEX)
        link.execute("VACUUM ANALYZE")


def _changed(url: str, stocks: int) -> dict[str, Any]:
    """Change every row of the first stocks in one transaction; return what all were traded then."""
    with psycopg.connect(url) as link:
        began = time.perf_counter_ns()
        link.execute("UPDATE price_history SET volume = volume * 2 WHERE stock_id < %s", (stocks,))
        link.commit()
        took = (time.perf_counter_ns() - began) / 1e6
        return {"ms": took, "volume": _row(link, "SELECT sum(volume) FROM price_history")[0]}


def _ask(prices: Prices, asked: argparse.Namespace) -> dict[str, Any]:
    """Every question a few times; then what the server counted."""
    said: dict[str, Any] = {"took": {}}
    answers = {}
    before = _counted(asked.url)
    for name in ASKED:
        question: Callable[[], dict[str, Any]] = getattr(prices, name)
        took: list[float] = []
        while len(took) < 2 or (len(took) < 9 and sum(took) < 1000):
            began = time.perf_counter_ns()
            answers[name] = question()
            took.append((time.perf_counter_ns() - began) / 1e6)
            if took[0] > 2000:
                break
        said["took"][name] = median(took)
    saved(asked.outcome, answers)
    # A session tells the server what it counted when it ends.
    prices.engine.dispose()
    time.sleep(1.0)
    sequential, indexed, hit, read = (now - then for now, then in zip(_counted(asked.url), before, strict=True))
    said["sequential"] = 100 * sequential / max(sequential + indexed, 1)
    said["cache_misses"] = 100 * read / max(hit + read, 1)
    return said


def _counted(url: str) -> tuple[int, ...]:
    """Sequential scans, scans of an index, blocks found in the server's memory, and blocks that were not."""
    with psycopg.connect(url, autocommit=True) as link:
        return tuple(int(each) for sql in (STATS, BLOCKS) for each in _row(link, sql))


def load(question: Callable[[], object]) -> dict[str, Any]:
    """So many clients ask the same again and again; how long each waited."""
    until = time.monotonic() + SECONDS

    def client(_: int) -> list[float]:
        took = []
        while time.monotonic() < until:
            began = time.perf_counter_ns()
            question()
            took.append((time.perf_counter_ns() - began) / 1e6)
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        every = sorted(each for took in pool.map(client, range(CLIENTS)) for each in took)
    return {"p50": every[len(every) // 2], "p95": every[int(len(every) * 0.95)], "asked": len(every)}


def _row(link: Any, sql: str) -> Any:
    """One row."""
    return link.execute(sql).fetchone()


def _arrays(rows: list[Any], *names: str) -> dict[str, Any]:
    """Rows as columns."""
    return {name: np.array([row[at] for row in rows], np.float64) for at, name in enumerate(names)}


if __name__ == "__main__":
    main()
