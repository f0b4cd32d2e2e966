"""The peers in turn, on arrays that were handed over outside the clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.asked import PeerRow
from benchmarks.outcome import Outcome
from benchmarks.parity import compare
from benchmarks.processes import PEERS_PYTHON, EngineFailed, run_json


class Rivals:
    """Runs each peer in its best layout, which is looked for once for each choice of cores."""

    def __init__(self, folder: Path, peers: tuple[str, ...]) -> None:
        self.folder = folder
        self.peers = peers
        self._layouts: dict[tuple[str, str], list[str]] = {}

    def rows(
        self, fill: str, cores: str, wanted: Outcome, ours_ms: float | None, *, cold_only: bool = False
    ) -> dict[str, PeerRow]:
        """Measure every peer; `ours_ms` is what the ratio is taken against."""
        return {name: self._row(name, fill, cores, wanted, ours_ms, cold_only) for name in self.peers}

    def _row(
        self, name: str, fill: str, cores: str, wanted: Outcome, ours_ms: float | None, cold_only: bool
    ) -> PeerRow:
        """Measure one peer and hold its results against the twin's."""
        try:
            layouts = self._best(name, cores)
            once = ["--once"] if cold_only else []
            said = self._run(name, fill, cores, layouts[0], once)
            verdict = compare(name, Outcome.load(self.folder / "outcome.npz"), wanted)
            # The layout that is fastest warm need not be the one that starts fastest.
            colds = [self._run(name, fill, cores, other, ["--once"])["cold_ms"] for other in layouts[1:]]
        except EngineFailed as error:
            return PeerRow(parity=f"did not run: {str(error).strip().splitlines()[-1][:200]}")
        row = PeerRow(parity=verdict.text, layout=layouts[0], known=verdict.known)
        row.peak_rss_mb, row.repeats = said["peak_rss_mb"] + said["children_peak_rss_mb"], said["repeats"]
        if verdict.agrees:
            row.cold_ms = min([said["cold_ms"], *colds])
            row.ms = row.cold_ms if cold_only else said["warm_ms"]
            row.ratio = row.ms / ours_ms if row.ms is not None and ours_ms else None
        return row

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
        """The process of one peer."""
        return [PEERS_PYTHON, "-m", f"benchmarks.peers.with_{name}", self.folder]
