"""A source's backtest of every coin, by phases: prepare its tables, or run it once under one phase; prints JSON.

Our own code after the source's text. Its account is that of the plain twin: all the money, in and out at the next open.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import redis
from sqlalchemy import Engine, bindparam, create_engine, text
from sqlalchemy.pool import NullPool

from benchmarks.rows.measure import _peak_rss_mb
from benchmarks.sources import coins

OVERSOLD, OVERBOUGHT = 30.0317, 69.9683
CASH, FEE = 10_000.0, 10 / 10_000
ALL = f"SELECT {coins.COLUMNS} FROM prices WHERE coin_id = :coin AND interval_type = '1h' ORDER BY datetime"  # noqa: S608 - constants
RANGE = (
    f"SELECT {coins.COLUMNS} FROM prices WHERE coin_id = :coin AND interval_type = '1h'"  # noqa: S608 - constants
    " AND datetime BETWEEN COALESCE(:start, '2020-01-01'::timestamp) AND COALESCE(:end, CURRENT_TIMESTAMP)"
    " ORDER BY datetime ASC"
)
BATCH = (
    f"SELECT coin_id, {coins.COLUMNS} FROM prices WHERE coin_id IN :coins"  # noqa: S608 - constants
    " AND datetime BETWEEN :start AND :end ORDER BY coin_id, datetime"
)
TTL_S = 3600


class Phase(NamedTuple):
    """What a phase has: a pool, the date range, the cache, one query for all, vectors, threads."""

    pool: bool = True
    ranged: bool = True
    cached: bool = False
    batch: bool = False
    vectors: bool = False
    threads: bool = False


PHASES = {
    "start": Phase(pool=False, ranged=False),
    "1": Phase(ranged=False),
    "2": Phase(),
    "3": Phase(cached=True),
    "4 and 5": Phase(batch=True),
    "7": Phase(cached=True, vectors=True),
    "7 without cache": Phase(vectors=True),
    "8": Phase(cached=True, vectors=True, threads=True),
}


class Coins:
    """Prices out of the database or the cache, as a frame a coin."""

    def __init__(self, url: str, cache: str, phase: Phase, start: str, end: str) -> None:
        self.phase, self.start, self.end = phase, start, end
        address = url.replace("postgresql://", "postgresql+psycopg://")
        self.engine: Engine = create_engine(address) if phase.pool else create_engine(address, poolclass=NullPool)
        self.cache = redis.Redis.from_url(cache) if phase.cached else None

    def numbers(self) -> list[int]:
        """Active coins."""
        with self.engine.connect() as link:
            return [row[0] for row in link.execute(text("SELECT id FROM coins WHERE is_active = true ORDER BY id"))]

    def frames(self, numbers: list[int]) -> dict[int, Any]:
        """All coins by one query."""
        values = {"coins": numbers, "start": self.start, "end": self.end}
        with self.engine.connect() as link:
            whole = pd.read_sql(text(BATCH).bindparams(bindparam("coins", expanding=True)), link, params=values)
        return {int(number): frame for number, frame in whole.groupby("coin_id")}

    def frame(self, number: int) -> Any:
        """One coin, out of the cache where it is there."""
        if self.cache is None:
            return self.asked(number)
        key = f"prices:{number}:{self.start}:{self.end}"
        kept = self.cache.get(key)
        if kept:
            return pd.read_json(StringIO(kept.decode()))
        frame = self.asked(number)
        self.cache.setex(key, TTL_S, frame.to_json())
        return frame

    def asked(self, number: int) -> Any:
        """One coin out of the database."""
        sql, values = (RANGE, {"start": self.start, "end": self.end}) if self.phase.ranged else (ALL, {})
        with self.engine.connect() as link:
            return pd.read_sql(text(sql), link, params={"coin": number, **values})


def rsi_by_loops(closes: list[float], period: int = 14) -> list[float]:
    """Index of the last changes, its window looked through at every bar."""
    strength = [float("nan")] * min(period, len(closes))
    moves = [now - before for before, now in pairwise(closes)]
    for i in range(period, len(closes)):
        window = moves[i - period : i]
        gain = sum([move for move in window if move > 0]) / period
        loss = sum([abs(move) for move in window if move < 0]) / period
        strength.append(100.0 if loss == 0 else 100 - 100 / (1 + gain / loss))
    return strength


def rsi_by_vectors(closes: Any, period: int = 14) -> Any:
    """The same by rolling means of a column."""
    delta = closes.diff()
    gain = delta.where(delta > 0, 0.0).rolling(window=period).mean()
    loss = (-delta.where(delta < 0, 0.0)).rolling(window=period).mean()
    return 100 - 100 / (1 + gain / loss)


def backtest(frame: Any, *, vectors: bool) -> tuple[int, float]:
    """Return closed trades and total return of one coin."""
    if vectors:
        strength = rsi_by_vectors(frame["close_price"])
        # The first change of a column is none, not nought: a window that holds it has no index.
        now, before = strength.to_numpy(), strength.shift(1).to_numpy()
        now[:14] = np.nan
        before[:15] = np.nan
        enter, leave = (now > OVERSOLD) & (before <= OVERSOLD), (now < OVERBOUGHT) & (before >= OVERBOUGHT)
        return walk(frame["open_price"].to_numpy(), frame["close_price"].to_numpy(), enter, leave)
    closes = frame["close_price"].tolist()
    index = rsi_by_loops(closes)
    pairs = list(zip([float("nan"), *index], index, strict=False))
    enter = [now > OVERSOLD >= before for before, now in pairs]
    leave = [now < OVERBOUGHT <= before for before, now in pairs]
    return walk(frame["open_price"].tolist(), closes, enter, leave)


def walk(opens: Any, closes: Any, enter: Any, leave: Any) -> tuple[int, float]:
    """Trade at the open after a signal; only bars with one are looked at."""
    cash, quantity, trades = CASH, 0.0, 0
    for t in np.flatnonzero(np.asarray(enter) | np.asarray(leave)).tolist():
        if t + 1 >= len(opens):
            break
        if quantity and leave[t]:
            cash, quantity, trades = quantity * opens[t + 1] * (1 - FEE), 0.0, trades + 1
        elif not quantity and enter[t] and not leave[t]:
            quantity, cash = cash / (opens[t + 1] * (1 + FEE)), 0.0
    return trades, float((cash + quantity * closes[len(closes) - 1]) / CASH - 1)


def stream(source: Coins) -> Iterator[tuple[int, int, float]]:
    """Yield coin, trades and return as they are told to the client."""
    numbers, phase = source.numbers(), source.phase
    if phase.batch:
        held = source.frames(numbers)
        one: Callable[[int], tuple[int, float]] = lambda number: backtest(held[number], vectors=phase.vectors)  # noqa: E731 - one of two
    else:
        one = lambda number: backtest(source.frame(number), vectors=phase.vectors)  # noqa: E731 - one of two
    if not phase.threads:
        for number in numbers:
            yield number, *one(number)
        return
    with ThreadPoolExecutor(4) as pool:
        # In the order of submission, as the text has it.
        futures = [(number, pool.submit(one, number)) for number in numbers]
        for number, future in futures:
            yield number, *future.result()


def main() -> None:
    """Prepare, or run a phase a few times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=["fill", "indexes", "partial", *PHASES])
    parser.add_argument("url")
    parser.add_argument("--panel", type=Path)
    parser.add_argument("--cache", default="")
    parser.add_argument("--range", nargs=2, default=["", ""])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    if asked.phase == "fill":
        coins.fill(asked.url, asked.panel)
        print(json.dumps({"filled": True}))
    elif asked.phase in ("indexes", "partial"):
        coins.script(asked.url, coins.INDEXES if asked.phase == "indexes" else coins.PARTIAL)
        print(json.dumps({"made": True}))
    else:
        source = Coins(asked.url, asked.cache, PHASES[asked.phase], *asked.range)
        print(json.dumps(_measured(source, asked.repeats, asked.outcome)))


def _measured(source: Coins, repeats: int, outcome: Path) -> dict[str, Any]:
    """Run it so often: cold first, which fills the cache, then the rest."""
    runs: list[tuple[float, float]] = []
    cpu = time.process_time()
    found: list[tuple[int, int, float]] = []
    for _ in range(repeats):
        began = time.perf_counter_ns()
        first, found = 0, []
        for one in stream(source):
            first = first or time.perf_counter_ns()
            found.append(one)
        runs.append(((first - began) / 1e6, (time.perf_counter_ns() - began) / 1e6))
    found.sort()
    np.savez(outcome, trades=np.array([one[1] for one in found]), returned=np.array([one[2] for one in found]))
    rest = runs[1:] or runs
    return {
        "cold_first_ms": runs[0][0],
        "cold_ms": runs[0][1],
        "first_ms": median(one[0] for one in rest),
        "ms": median(one[1] for one in rest),
        "cpu_s": time.process_time() - cpu,
        "peak_rss_mb": _peak_rss_mb(),
    }


if __name__ == "__main__":
    main()
