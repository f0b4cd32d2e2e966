"""W2 and W3: the engines alone, on arrays in memory and ready-made signals.

W2 is dense: in on every even bar, out on every odd one, with trades, positions and final values as outputs. W3 is long:
one instrument, a cross of two means, and the metrics that everybody has.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import handover
from benchmarks.asked import Asked, Report, Row
from benchmarks.machine import commit, machine
from benchmarks.outcome import MANIFESTS, Outcome
from benchmarks.processes import held_peers
from benchmarks.rivals import Rivals

CHOICES = (("next_open", "all"), ("next_open", "one"), ("close", "all"), ("close", "one"))


def measure(asked: Asked, say: Callable[[str], None]) -> Report:
    """Make market and signals, run every engine in turn, compare, time."""
    choices = CHOICES if asked.every_row else CHOICES[:1]
    say(f"market: seed {asked.seed}, {asked.instruments} x {asked.bars} bars of 1h; expected results by the plain twin")
    fills = tuple(dict.fromkeys(fill for fill, _ in choices))
    handed, expected = handover.make(asked.seed, asked.instruments, asked.bars, fills, asked.workload)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        handed.save(folder)
        del handed
        rivals = Rivals(folder, held_peers(asked.peers), MANIFESTS[asked.workload])
        rows = []
        for fill, cores in choices:
            row = measure_ours(rivals, fill, cores, expected[fill])
            say(f"{fill}, {cores} cores: ours measured, parity {row.parity}")
            row.peers = rivals.rows(fill, cores, expected[fill], row.last_ms)
            rows.append(row)
    return Report(asked, machine(), commit(), "none: arrays in memory", rows)


def measure_ours(rivals: Rivals, fill: str, cores: str, wanted: Outcome) -> Row:
    """Measure Tapehead in a process of its own; without parity there is no time."""
    ours = rivals.ours(fill, cores, wanted)
    row = Row(fill, cores, ours.parity, peak_rss_mb=ours.peak_rss_mb, repeats=ours.repeats, layout=ours.layout)
    row.first_ms, row.last_ms, row.cold_ms, row.stages_ms = ours.first_ms, ours.ms, ours.cold_ms, ours.stages_ms
    return row
