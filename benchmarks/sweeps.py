"""W4 and W6: many pairs of averages on one instrument, scored and measured.

W4 (a) is all-in long; every engine gives total return, largest drawdown, Sharpe, Sortino, share of wins and number of
trades of every pair. The others get the signals ready made; ours makes them, averages and crossings, inside the clock.
W4 (b), long and short with stop, target, trail and slippage, and W6 run ours alone: no peer has a stop and a trail on
one position, and a Sharpe of 10,000 pairs is asked of nobody twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks import pairs
from benchmarks.asked import Asked, PeerRow, Report, Row
from benchmarks.machine import commit, machine
from benchmarks.outcome import Outcome
from benchmarks.pairs import METRICS, Wanted, first
from benchmarks.parity import OURS, Verdict, compare
from benchmarks.processes import OURS_PYTHON, PEERS_PYTHON, held_peers
from benchmarks.rivals import Rivals

CHOICES = (("next_open", "one"), ("next_open", "all"), ("close", "one"), ("close", "all"))
SAMPLED = {"backtesting": 20}
"""Peers of which only the first so many pairs are run, and the time scaled to all."""


class SweepRivals(Rivals):
    """The engines on so many pairs."""

    def __init__(self, folder: Path, peers: tuple[str, ...], wanted: Mapping[str, Wanted], count: int) -> None:
        super().__init__(folder, peers, METRICS)
        self.wanted, self.count = wanted, count

    def part(self, name: str, told: int) -> int:
        """How many of all pairs an engine runs: ours all, another one at most those whose signals are handed over."""
        return self.count if name == OURS else min(SAMPLED.get(name, told), told)

    def _row(
        self, name: str, fill: str, cores: str, wanted: Outcome, ours_ms: float | None, cold_only: bool
    ) -> PeerRow:
        """Measure one engine; a sampled one is scaled to all pairs, and has no cold time."""
        row = super()._row(name, fill, cores, wanted, ours_ms, cold_only)
        part = self.part(name, len(wanted.final))
        if part == self.count or row.ms is None:
            return row
        share = self.count / part
        ratio = None if row.ratio is None else row.ratio * share
        layout = f"{row.layout}, {part} of {self.count:,} pairs, scaled"
        return replace(row, ms=row.ms * share, ratio=ratio, cold_ms=None, layout=layout)

    def _command(self, name: str) -> list[str | Path]:
        """The process of one engine."""
        asked: list[str | Path] = [self.folder, "--metrics", ",".join(self.metrics)]
        if name == OURS:
            return [OURS_PYTHON, "-m", "benchmarks.sweep_in_memory", *asked]
        some = ["--first", str(min(SAMPLED[name], self.count))] if name in SAMPLED else []
        return [PEERS_PYTHON, "-m", f"benchmarks.peers.sweep_{name}", *asked, *some]

    def _compared(self, name: str, fill: str, wanted: Outcome) -> Verdict:
        """Hold every pair against the twin, and the trades of some, one by one."""
        found = Outcome.load(self.folder / "outcome.npz")
        proof = Outcome.load(self.folder / "proof.npz")
        most = min(len(found.final), len(wanted.final))
        every = compare(name, first(found, most), first(wanted, most))
        proved = compare(name, proof, replace(self.wanted[fill].proved, metrics={}))
        if not every.agrees or not proved.agrees:
            return every if not every.agrees else proved
        return replace(every, known={**proved.known, **every.known}, largest=max(every.largest, proved.largest))


def measure(asked: Asked, say: Callable[[str], None]) -> Report:
    """Make instrument and signals, run every engine in turn, compare, time."""
    choices = CHOICES if asked.every_row else CHOICES[:1]
    fills = tuple(dict.fromkeys(fill for fill, _ in choices))
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for kind in "a" if asked.workload == "W6" else "ab":
            say(
                f"({kind}): seed {asked.seed}, {asked.instruments} pairs x {asked.bars} bars; expected results by twins"
            )
            handed, wanted = pairs.make(asked.seed, asked.instruments, asked.bars, fills, kind)
            handed.save(folder)
            peers = held_peers(asked.peers) if kind == "a" and asked.workload == "W4" else ()
            rivals = SweepRivals(folder, peers, wanted, asked.instruments)
            for fill, cores in choices:
                rows.append(_row(rivals, kind, fill, cores, wanted[fill].every, asked))
                say(f"({kind}), {fill}, {cores} cores: parity {rows[-1].parity}")
    return Report(asked, machine(), commit(), "none: arrays in memory", rows)


def _row(rivals: SweepRivals, kind: str, fill: str, cores: str, wanted: Outcome, asked: Asked) -> Row:
    """Measure Tapehead in a process of its own, then the peers; without parity there is no time."""
    ours = rivals.ours(fill, cores, wanted)
    row = Row(fill, cores, _said(ours.parity, wanted, asked), kind=kind, layout=ours.layout, repeats=ours.repeats)
    row.last_ms, row.cold_ms, row.peak_rss_mb, row.stages_ms = ours.ms, ours.cold_ms, ours.peak_rss_mb, ours.stages_ms
    row.peers = rivals.rows(fill, cores, wanted, row.last_ms)
    return row


def _said(parity: str, wanted: Outcome, asked: Asked) -> str:
    """The parity, and of how many pairs where not of all."""
    part = len(wanted.final)
    return parity if part == asked.instruments else f"{parity} ({part} of {asked.instruments:,} pairs)"
