"""portfolio: one strategy on many instruments from one account, from a store, with places and ranks, and without."""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import market
from benchmarks.asked import Asked
from benchmarks.load.report import Figure, ServiceReport
from benchmarks.machine import commit, machine
from tapehead.layout.columns import TRADED
from tapehead.library.run import Run
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft

_BEST: dict[str, Any] = {"max_positions": 10, "rank": "roc(63)"}
ASKED: dict[str, dict[str, Any]] = {
    "10 places, ranked": _BEST,
    "no bound on positions, 1 % each": {"size": "1%"},
}
REPEATS = 3
HOUR = Interval.parse("1h")


def measure(asked: Asked, say: Callable[[str], None]) -> ServiceReport:
    """Make a market of hours in a folder, run portfolios on it, and make each again to compare every bit."""
    faults, figures, bars, trades = [], [], 0, []
    with tempfile.TemporaryDirectory() as scratch, open_store(Path(scratch) / "home") as store:
        store.house.bars.commit(_drafts(asked), note="made", instruments=_instruments(asked))
        say(f"{asked.instruments:,} instruments made")
        _timed(store, _BEST)
        for name, words in ASKED.items():
            runs = [_timed(store, words) for _ in range(REPEATS)]
            run = runs[-1][1]
            ended, bars = statistics.median(took for took, _ in runs), run.header.bars
            figures += [Figure(name, ended), Figure(f"{name}: walked", bars / ended / 1e3, "M bars/s")]
            figures.append(Figure(f"{name}: the account alone", run.timings["walk"]))
            trades.append(f"{run['account'].metrics['trades']:,.0f}")
            verdict = store.verify(run.id, apart=False).verdict
            faults += [] if verdict == "identical" else [f"{name}: {verdict}"]
            say(f"{name}: {ended:,.0f} ms")
    told = (
        f"SmaCross on {asked.instruments:,} instruments with {asked.bars:,} hourly bars each, {bars:,} bars, in a"
        f" folder, 10 bps; {', '.join(trades)} trades. From the call to the last kept row, medians of {REPEATS}; each"
        " run was made again and is the same to the last bit."
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = ServiceReport(asked, machine(), commit(), told, "; ".join(faults) or "equal", bars=bars, peak_rss_mb=peak)
    if not faults:
        report.figures += [*figures, Figure("peak memory", peak, "MB")]
    return report


def _timed(store: Store, words: dict[str, Any]) -> tuple[float, Run]:
    """Run one portfolio anew; return how long it took, in ms, and the run."""
    began = time.perf_counter()
    run = store.portfolio("SmaCross", universe="all", fee="10bps", fresh=True, **words).wait()
    return (time.perf_counter() - began) * 1e3, run


def _instruments(asked: Asked) -> list[Instrument]:
    """Name the market."""
    return [Instrument("made", market.symbol(number), "crypto") for number in range(asked.instruments)]


def _drafts(asked: Asked) -> Iterator[Draft]:
    """Yield the bars of each instrument, segment by segment."""
    for number, each in enumerate(_instruments(asked)):
        made: Any = market.columns(asked.seed, number, asked.bars)._asdict()
        made["flags"] = np.full(asked.bars, TRADED, np.uint8)
        periods = np.array([HOUR.period_of(int(one)) for one in made["ts"]])
        for period in np.unique(periods):
            part: Any = {name: np.ascontiguousarray(values[periods == period]) for name, values in made.items()}
            yield Draft(Series(each.venue, each.symbol, HOUR), int(period), part)
