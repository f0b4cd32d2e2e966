"""The figures of the page: a demo store of 48, a recorded stream of 5,000, a series of a million bars."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

import tapehead as th
from benchmarks.asked import Asked
from benchmarks.load.report import Figure, ServiceReport
from benchmarks.load.service import Service, serving
from benchmarks.machine import commit, machine
from benchmarks.warm_store import warm_store
from benchmarks.web import candles, first_rows, replay, sizes
from benchmarks.web.chromium import chromium, heap_mb, tab_mb, watched_page

REPEATS = 11
RUNS_IN_A_TAB = 200
ROWS = 5000
ROW_BARS = 500
LONG = 1_000_000
KB = 1000
TOLD = (
    f"A store of `tapehead demo`, {{instruments}} instruments; median of {REPEATS} presses of Ctrl+Enter, each with "
    f"parameters that were not run before. The stream: all events of a run on {ROWS:,} instruments × {ROW_BARS} bars, "
    f"recorded, then sent at {replay.PACE_PER_S:,} events a second, results in order of arrival. Chromium without a "
    "screen draws on the processor, on the same machine as the service. Sizes as the service sends them."
)


def measure(asked: Asked, say: Callable[[str], None]) -> ServiceReport:
    """Measure everything; no times where the page shows other numbers than the service keeps."""
    report = ServiceReport(asked, machine(), commit(), TOLD.format(instruments=asked.instruments), "equal")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        home = Path(folder) / "home"
        with th.open(home) as store:
            store.demo(instruments=asked.instruments)
        with serving(home) as service:
            _demo(browser, service, asked.instruments, report, say)
            report.peak_rss_mb = service.peak_rss_mb()
        _stream(browser, report, say, asked)
        _candles(browser, report, say, asked)
    return report


def _demo(
    browser: Browser, service: Service, instruments: int, report: ServiceReport, say: Callable[[str], None]
) -> None:
    """What the demo store is good for: rows, first route, sizes, a tab that stays open."""
    weight = sizes.weigh(service)
    first = [first_rows.opened(browser, service) for _ in range(3)]
    with watched_page(browser) as page:
        first_rows.open_run_page(page, service)
        pressed = [first_rows.press(page, i, instruments) for i in range(1 + REPEATS)][1:]
        fault = first_rows.unequal(page, service)
        say("rows: measured" + (f", but {fault}" if fault else ""))
        if fault:
            report.parity = fault
            return
        before = heap_mb(page)
        first_rows.run_on(page, RUNS_IN_A_TAB, 1 + REPEATS, instruments)
        heap, tab = heap_mb(page), tab_mb(browser)
        say("a tab that stays open: measured")
    quarters = [statistics.median(one.quarters_ms[i] for one in pressed) for i in range(4)]
    report.first_ms = statistics.median(one.first_ms for one in pressed)
    report.last_ms = quarters[-1]
    report.figures += [
        Figure("first row painted after the press", report.first_ms, reach=100.0),
        Figure("first row, worst", max(one.first_ms for one in pressed)),
        Figure("25 % of the rows", quarters[0]),
        Figure("50 % of the rows", quarters[1]),
        Figure("75 % of the rows", quarters[2]),
        Figure("100 % of the rows", quarters[3], reach=300.0),
        Figure("longest task during a run", max(one.task_ms for one in pressed), reach=50.0),
        Figure("layout shift during a run", max(one.shift for one in pressed), "", 0.0),
        Figure("first route, painted", statistics.median(one.painted_ms for one in first), reach=1000.0),
        Figure("first route, ready to run", statistics.median(one.ready_ms for one in first)),
        Figure("first route, layout shift", max(one.shift for one in first), "", 0.0),
        Figure("first route, gzip, without the font", weight.first / KB, "kB", 150.0),
        Figure("all routes, gzip, without the font", weight.whole / KB, "kB", 250.0),
        Figure("styles of all routes, gzip", weight.styles / KB, "kB", 20.0),
        Figure("font", weight.font / KB, "kB"),
        Figure(f"heap of a tab after {1 + REPEATS} runs", before, "MB"),
        Figure(f"heap of a tab after {1 + REPEATS + RUNS_IN_A_TAB} runs", heap, "MB"),
        Figure(f"whole process of a tab after {1 + REPEATS + RUNS_IN_A_TAB} runs", tab, "MB", 300.0),
    ]


def _stream(browser: Browser, report: ServiceReport, say: Callable[[str], None], asked: Asked) -> None:
    """A recorded stream into thousands of rows."""
    store = warm_store(asked.seed, ROWS, ROW_BARS, fresh=asked.fresh)
    say(f"stream: {store.told()}")
    with th.open(store.home) as opened:
        run = opened.backtest("RsiReversion", universe="crypto", fee="10bps", fresh=True).wait()
    with serving(store.home) as service:
        told = replay.watch_replay(browser, service, run.id)
    if told.rows != ROWS:
        report.parity = f"{told.rows:,} rows of {ROWS:,} are shown"
    say("stream: measured")
    report.figures += [
        Figure("stream, events a second", told.pace_per_s, "events"),
        Figure("stream, 95 of 100 frames", told.frame_p95_ms, reach=20.0),
        Figure("stream, worst frame", told.frame_worst_ms),
        Figure("stream, longest task", told.task_ms, reach=50.0),
        Figure("stream, layout shift", told.shift, "", 0.0),
    ]


def _candles(browser: Browser, report: ServiceReport, say: Callable[[str], None], asked: Asked) -> None:
    """The chart of a long series."""
    store = warm_store(asked.seed, 1, LONG, fresh=asked.fresh)
    say(f"candles: {store.told()}")
    with serving(store.home) as service:
        cold, *warm = [candles.draw(browser, service) for _ in range(1 + REPEATS)]
    say("candles: measured")
    report.figures += [
        Figure(f"candles of {LONG:,} bars, drawn", statistics.median(one.drawn_ms for one in warm), reach=500.0),
        Figure("candles, first time in the life of the service", cold.drawn_ms),
        Figure("candles, longest task", max(one.task_ms for one in warm)),
    ]
