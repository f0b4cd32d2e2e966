"""screen: an expression over the newest values of a wide market, warm, after a commit, and as a command."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.asked import Asked
from benchmarks.load.report import Figure, ServiceReport, share
from benchmarks.machine import commit, machine
from benchmarks.processes import EngineFailed
from tapehead.library.compute import compute
from tapehead.library.screens import Screened
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft

EXPRESSION = "rsi(14) < 30 and close > sma(200)"
HARDER = "crosses_above(ema(12), ema(26)) or (percentile(volume) > 99 and change(20) / volatility(20) > 2)"
REACH_MS = 50.0
REPEATS = 21
CHECKED = 500
T = TypeVar("T")
DAY = Interval.parse("1d")
BEGIN_US = 1_514_764_800_000_000


def measure(asked: Asked, say: Callable[[str], None]) -> ServiceReport:
    """Make a market of daily bars in a folder, screen it, and hold matches against indicators over the bars."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        with open_store(home) as store:
            store.house.bars.commit(_drafts(asked), note="made", instruments=_instruments(asked))
            say(f"{asked.instruments:,} instruments made")
            first = _timed(lambda: store.screen(EXPRESSION))
            warm = [_timed(lambda: store.screen(EXPRESSION))[0] for _ in range(REPEATS)]
            store.screen(HARDER)
            harder = [_timed(lambda: store.screen(HARDER))[0] for _ in range(REPEATS)]
            store.append(_next_bar(store, asked))
            touched = _timed(lambda: store.screen(EXPRESSION))
            faults = _unequal(store, touched[1])
            if first[1].computed != asked.instruments or touched[1].computed != 1:
                faults.append(f"{touched[1].computed} series were made anew where one was touched")
        say("matches are compared")
        with open_store(home) as store:
            opened = _timed(lambda: store.screen(EXPRESSION))
        words = [sys.executable, "-m", "tapehead", "--home", str(home), "--json", "screen", EXPRESSION]
        command = [_timed(lambda: subprocess.run(words, check=True, capture_output=True))[0] for _ in range(3)]
    told = (
        f"{asked.instruments:,} instruments with {asked.bars:,} daily bars each, in a folder: `{EXPRESSION}`,"
        f" {len(touched[1])} matches; the other one is `{HARDER}`. Medians of {REPEATS}, of the command 3."
    )
    parity = "; ".join(faults) or "equal"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = ServiceReport(asked, machine(), commit(), told, parity, peak_rss_mb=peak)
    if faults:
        return report
    report.first_ms, report.last_ms = share(warm, 0.5), share(warm, 0.95)
    report.figures += [
        Figure("warm process", share(warm, 0.5), reach=REACH_MS),
        Figure("warm process, p95", share(warm, 0.95), reach=REACH_MS),
        Figure("warm process, crossings and percentiles", share(harder, 0.5), reach=REACH_MS),
        Figure("after a bar of one series came", touched[0]),
        Figure("a store just opened, values kept", opened[0]),
        Figure("the command, values kept", share(command, 0.5)),
        Figure("the first time, all computed", first[0]),
    ]
    return report


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    """Return how long a call took, in ms, and what it gave."""
    begun = time.perf_counter()
    given = call()
    return (time.perf_counter() - begun) * 1e3, given


def _instruments(asked: Asked) -> list[Instrument]:
    """Name the market."""
    return [Instrument("made", f"S{number:05}", "index", calendar="24/7") for number in range(asked.instruments)]


def _drafts(asked: Asked) -> Iterator[Draft]:
    """Yield random walks, a year a segment."""
    random = np.random.default_rng(asked.seed)
    ts = BEGIN_US + DAY.us * np.arange(asked.bars, dtype=np.int64)
    periods = np.array([DAY.period_of(int(one)) for one in ts])
    for each in _instruments(asked):
        close = 50 * np.exp(np.cumsum(random.normal(0, 0.02, asked.bars)))
        opens = np.concatenate([close[:1], close[:-1]])
        columns = {
            "ts": ts,
            "open": opens,
            "high": np.maximum(opens, close) * 1.01,
            "low": np.minimum(opens, close) * 0.99,
            "close": close,
            "volume": random.uniform(1e3, 1e6, asked.bars).round(),
            "flags": np.zeros(asked.bars, np.uint8),
        }
        for period in np.unique(periods):
            some = periods == period
            part = {name: np.ascontiguousarray(values[some]) for name, values in columns.items()}
            yield Draft(Series(each.venue, each.symbol, DAY), int(period), part)


def _next_bar(store: Store, asked: Asked) -> Bars:
    """Return one more bar of the first series."""
    last = store.bars("S00000")
    ts = BEGIN_US + DAY.us * np.array([asked.bars], np.int64)
    price = last.close[-1:]
    columns = (price, price * 1.01, price * 0.99, price, last.volume[-1:])
    return Bars.from_arrays(ts, *columns, interval="1d", symbol="S00000", venue="made")


def _unequal(store: Store, found: Screened) -> list[str]:
    """Return where the answer differs from indicators over the bars of some instruments."""
    names = [f"made:S{number:05}" for number in range(min(CHECKED, found.found.asked))]
    rows = {row["instrument"]: row for row in found}
    faults = []
    for name, bars in store.bars(names).items():
        made = compute(bars, "rsi(14)", "sma(200)")
        rsi, sma = (float(made[line][-1]) for line in ("rsi(14)", "sma(200)"))
        if (name in rows) != (rsi < 30 and bars.close[-1] > sma):
            faults.append(f"{name} is {'' if name in rows else 'not '}a match")
        elif name in rows and (rows[name]["rsi(14)"], rows[name]["sma(200)"]) != (rsi, sma):
            faults.append(f"{name} has other values")
    if not rows and found.found.matched:
        raise EngineFailed("a screen has matches and no rows")
    return faults[:3]
