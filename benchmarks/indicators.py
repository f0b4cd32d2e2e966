"""W7: every indicator of the catalogue on one long instrument, each held against its definition in 50 digits.

Prices come in two kinds: decimals on a tick, with ties, and a random walk with all the digits of a float.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import exact, lines, market
from benchmarks.asked import Asked
from benchmarks.indicator_report import KINDS, OURS, Engine, IndicatorReport, Measured, Row
from benchmarks.lines import F64, LINES, PRICES, load, sizes
from benchmarks.machine import commit, machine
from benchmarks.processes import OURS_PYTHON, PEERS_PYTHON, EngineFailed, held_peers, run_json
from benchmarks.warm_store import STORES

EQUAL = "equal"
TOLERANCE = 1e-6
"""What a line may differ from its definition at most; how far it does stands beside its time."""
LATE = 100
"""Bars that another tool may begin later."""
PROVED = 250_000
"""Bars from the first on whose lines are held against their definition, which takes minutes for more."""
BENT = 1e-12
CAUSES = {
    ("talib", "std"): "subtracted-sums",
    ("talib", "bollinger"): "subtracted-sums",
    ("talib", "volatility"): "subtracted-sums",
    ("talib", "sma"): "running-sums",
    ("talib", "wma"): "running-sums",
    ("talib", "vwap_rolling"): "running-sums",
    ("raptorbt", "sma"): "running-sums",
    ("raptorbt", "bollinger"): "running-sums",
    ("vectorbt", "sma"): "running-sums",
    ("vectorbt", "rsi_simple"): "running-sums",
    ("vectorbt", "std"): "subtracted-sums",
    ("vectorbt", "bollinger"): "subtracted-sums",
}
"""Why a line is further off than BENT; the name stands in docs/divergences.md."""


def measure(asked: Asked, say: Callable[[str], None]) -> IndicatorReport:
    """Make the prices and what must come of them, run every engine in turn on one core, compare, time."""
    kinds = tuple(KINDS) if asked.every_row else tuple(KINDS)[:1]
    engines = (OURS, *held_peers(asked.peers))
    names = ", ".join(kinds)
    say(f"seed {asked.seed}, {asked.bars:,} bars, {names}; expected lines in 50 digits, for {PROVED:,} of them at most")
    expected = {kind: _expected(asked, kind) for kind in kinds}
    rows = []
    for kind, kept in expected.items():
        with tempfile.TemporaryDirectory() as scratch:
            for path in (*kept.glob("*.npy"), kept / "proved"):
                (Path(scratch) / path.name).symlink_to(path)
            rows.append(_row(kind, Path(scratch), engines, say))
    return IndicatorReport(asked, machine(), commit(), rows)


def _expected(asked: Asked, kind: str) -> Path:
    """Give the folder with the prices and what every indicator must give; made once, on two cores where there are two.

    It is what the engines are held against and nothing that one of them reads but the prices.
    """
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in (exact, market, lines))
    folder = STORES / f"exact-{kind}-seed{asked.seed}-{asked.bars}-{hashlib.sha256(sources).hexdigest()[:10]}"
    if (folder / "ready").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = market.columns(asked.seed, 0, asked.bars, ticked=kind == "ticked")
    (folder / "proved").mkdir()
    for name in PRICES:
        np.save(folder / f"{name}.npy", getattr(made, name))
        np.save(folder / "proved" / f"{name}.npy", getattr(made, name)[:PROVED])

    def one(names: list[str]) -> dict[str, Any]:
        return run_json([OURS_PYTHON, "-m", "benchmarks.exact", folder / "proved", "--names", ",".join(names)])

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(one, [list(LINES)[::2], list(LINES)[1::2]]))
    (folder / "ready").touch()
    return folder


def _row(kind: str, folder: Path, engines: tuple[str, ...], say: Callable[[str], None]) -> Row:
    """Every engine on one kind of prices."""
    row = Row(kind, {}, {name: {} for name in LINES})
    for engine in engines:
        try:
            said = run_json(_command(engine, folder), cores="one")
        except EngineFailed as error:
            row.engines[engine] = Engine(parity=f"did not run: {str(error).strip().splitlines()[-1][:200]}")
            continue
        row.engines[engine] = Engine(said["cold_ms"], said["peak_rss_mb"])
        for name, timed in said["indicators"].items():
            path = folder / f"found-{name}.npy"
            found = judged(engine, name, np.load(path)[:, :PROVED], folder / "proved")
            path.unlink()
            if found.parity == EQUAL:
                found.ms, found.repeats = timed["ms"], timed["repeats"]
            row.indicators[name][engine] = found
        wrong = [name for name, held in row.indicators.items() if engine in held and held[engine].parity != EQUAL]
        say(f"{kind}, {engine}: {len(said['indicators'])} indicators, {len(wrong)} of them differ {' '.join(wrong)}")
    return row


def _command(engine: str, folder: Path) -> list[str | Path]:
    """The process of one engine."""
    if engine == OURS:
        return [OURS_PYTHON, "-m", "benchmarks.lines_in_memory", folder]
    return [PEERS_PYTHON, "-m", f"benchmarks.peers.lines_{engine}", folder]


def judged(engine: str, name: str, found: F64, folder: Path) -> Measured:
    """Hold the lines of one indicator, shape (n_lines, n_bars), against its definition."""
    truth = np.load(folder / f"exact-{name}.npy")
    prices, known = load(folder), dict[str, str]()
    if found.shape != truth.shape:
        return Measured(f"{name}: shape {found.shape}, not {truth.shape}")
    if name == "adx":
        floats = np.load(folder / "exact-adx-floats.npy")
        tied = float(np.nanmax(np.abs(floats - truth), initial=0.0))
        if tied > TOLERANCE:
            known["tied-moves"] = f"up to {tied:.2g} points of 100"
        truth = floats
    for place, line in enumerate(LINES[name].names):
        early = np.flatnonzero(~np.isnan(found[place]) & np.isnan(truth[place]))
        late = np.flatnonzero(np.isnan(found[place]) & ~np.isnan(truth[place]))
        if len(early):
            return Measured(f"{name}, {line}: begins on bar {early[0]}, too early")
        if len(late) and engine != OURS and len(late) <= LATE and np.isnan(found[place, : late[-1] + 1]).all():
            known["begins-later"] = f"{line} by {len(late)} bars"
        elif len(late):
            return Measured(f"{name}, {line}: nothing on bar {late[0]}")
    apart = np.nan_to_num(np.abs(found - truth) / sizes(LINES[name].against, truth, prices))
    place, bar = (int(at) for at in np.unravel_index(apart.argmax(), apart.shape))
    error, line = float(apart[place, bar]), LINES[name].names[place]
    if error > TOLERANCE:
        said, wanted = float(found[place, bar]), float(truth[place, bar])
        return Measured(f"{name}, {line} of bar {bar}: {said!r}, not {wanted!r}", error=error)
    if error > BENT and (engine, name) in CAUSES:
        known[CAUSES[engine, name]] = f"{line} of bar {bar} is off by {error:.1g}"
    return Measured(EQUAL, error=error, at=f"{line} of bar {bar}", known=known)
