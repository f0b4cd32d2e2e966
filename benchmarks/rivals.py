"""The peers in turn, on arrays that were handed over outside the clock."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.asked import PeerRow
from benchmarks.outcome import Outcome
from benchmarks.parity import OURS, Verdict, compare
from benchmarks.processes import OURS_PYTHON, PEERS_PYTHON, EngineFailed, run_json

COLD_REPEATS = 3


class Rivals:
    """Runs each peer in its best layout, which is looked for once for each choice of cores.

    `metrics` are what the outputs hold besides trades, positions and final value. Where the workload needs no store,
    Tapehead is run here too, by the same loop.
    """

    def __init__(self, folder: Path, peers: tuple[str, ...], metrics: tuple[str, ...]) -> None:
        self.folder = folder
        self.peers = peers
        self.metrics = metrics
        self._layouts: dict[tuple[str, str], list[str]] = {}

    def rows(
        self, fill: str, cores: str, wanted: Outcome, ours_ms: float | None, *, cold_only: bool = False
    ) -> dict[str, PeerRow]:
        """Measure every peer; `ours_ms` is what the ratio is taken against."""
        return {name: self._row(name, fill, cores, wanted, ours_ms, cold_only) for name in self.peers}

    def ours(self, fill: str, cores: str, wanted: Outcome) -> PeerRow:
        """Measure Tapehead on the same arrays."""
        return self._row(OURS, fill, cores, wanted, None, cold_only=False)

    def _row(
        self, name: str, fill: str, cores: str, wanted: Outcome, ours_ms: float | None, cold_only: bool
    ) -> PeerRow:
        """Measure one peer; the layout that is fastest warm need not be the one that starts fastest."""
        colds: dict[str, float] = {}
        row = PeerRow(parity="")
        try:
            layouts = self._best(name, cores)
            for layout in layouts:
                warm = layout == layouts[0] and not cold_only
                said = self._run(name, fill, cores, layout, [] if warm else ["--once"])
                verdict = self._compared(name, fill, wanted)
                if not verdict.agrees:
                    return PeerRow(parity=verdict.text, layout=layout)
                colds[layout] = said["cold_ms"] if warm else self._cold(name, fill, cores, layout, said["cold_ms"])
                if layout == layouts[0]:
                    row = PeerRow(verdict.text, said["warm_ms"], layout=layout, known=verdict.known)
                    row.peak_rss_mb = said["peak_rss_mb"] + said["children_peak_rss_mb"]
                    row.repeats = said["repeats"]
                    row.first_ms, row.stages_ms = said["first_ms"], said["stages_ms"]
        except EngineFailed as error:
            return PeerRow(parity=f"did not run: {str(error).strip().splitlines()[-1][:200]}")
        row.cold_ms = min(colds.values())
        if cold_only:
            row.ms, row.repeats = row.cold_ms, COLD_REPEATS
            row.layout = min(colds, key=lambda layout: colds[layout])
        row.ratio = row.ms / ours_ms if row.ms is not None and ours_ms else None
        return row

    def _compared(self, name: str, fill: str, wanted: Outcome) -> Verdict:  # noqa: ARG002 - others look by it
        """Hold what an engine left against the twin."""
        return compare(name, Outcome.load(self.folder / "outcome.npz"), wanted)

    def _cold(self, name: str, fill: str, cores: str, layout: str, first_ms: float) -> float:
        """Median time of a cold process over a few of them, one of which has been run."""
        more = [self._run(name, fill, cores, layout, ["--once"])["cold_ms"] for _ in range(COLD_REPEATS - 1)]
        return float(median([first_ms, *more]))

    def _best(self, name: str, cores: str) -> list[str]:
        """Layouts to use: the fastest one first, then the fastest of each other kind."""
        key = (name, cores)
        if key not in self._layouts:
            self._layouts[key] = run_json(self._command(name), cores=cores)["best"]
        return self._layouts[key]

    def _run(self, name: str, fill: str, cores: str, layout: str, more: list[str]) -> dict[str, Any]:
        """Measure one layout in a new process."""
        return run_json([*self._command(name), "--fill", fill, "--layout", layout, *more], cores=cores)

    def _command(self, name: str) -> list[str | Path]:
        """The process of one engine."""
        python, module = PEERS_PYTHON, f"benchmarks.peers.with_{name}"
        if name == OURS:
            python, module = OURS_PYTHON, "benchmarks.in_memory"
        return [python, "-m", module, self.folder, "--metrics", ",".join(self.metrics)]
