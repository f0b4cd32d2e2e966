"""What was asked of a workload, and the rows it gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.numbers import short
from benchmarks.processes import PEERS


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one workload; `streams` are those of W10, `group` is one of `sources`."""

    workload: str
    seed: int = 7
    instruments: int = 48
    bars: int = 43_800
    fresh: bool = False
    every_row: bool = False
    peers: tuple[str, ...] = PEERS
    over_http: bool = False
    from_postgres: bool = False
    group: str = ""
    streams: int = 0


@dataclass(slots=True)
class PeerRow:
    """One peer in one row; without a time where its results do not agree.

    Attributes
    ----------
    ms, cold_ms : float or None
        Warm, in its best layout; and from the start of a process with its caches built.
    ratio : float or None
        How many times as long as ours, warm.
    parity : str
        `equal`, or the first difference.
    known : mapping
        Known divergences of metrics by name (docs/divergences.md), each with what it came to here.
    stages_ms : mapping
        What a run is made of, where the engine tells; outside the ratio what stands there as `indicators`.
    """

    parity: str
    ms: float | None = None
    first_ms: float | None = None
    cold_ms: float | None = None
    ratio: float | None = None
    layout: str = ""
    repeats: int = 0
    peak_rss_mb: float = 0.0
    known: dict[str, str] = field(default_factory=dict)
    stages_ms: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """Ours and the peers under one fill on one choice of cores; times are None where our results do not agree.

    `kind` is the letter of what was asked, where a workload asks two things.
    """

    fill: str
    cores: str
    parity: str
    first_ms: float | None = None
    last_ms: float | None = None
    cold_ms: float | None = None
    peak_rss_mb: float = 0.0
    repeats: int = 0
    stages_ms: dict[str, float] = field(default_factory=dict)
    peers: dict[str, PeerRow] = field(default_factory=dict)
    layout: str = ""
    kind: str = ""


@dataclass(slots=True)
class Report:
    """All rows of one workload; the first is the one that the JSON line tells."""

    asked: Asked
    machine: str
    commit: str
    store: str
    rows: list[Row]

    def line(self) -> dict[str, Any]:
        """Return the JSON object of the last line; its keys are fixed."""
        row = self.rows[0]
        total = self.asked.instruments * self.asked.bars
        doubts = {name: peer.parity for name, peer in row.peers.items() if peer.parity != "equal"}
        parity = "; ".join([row.parity, *(f"{name}: {text}" for name, text in doubts.items())])
        return {
            "id": self.asked.workload,
            "seed": self.asked.seed,
            "first_ms": short(row.first_ms),
            "last_ms": short(row.last_ms),
            "bars_per_s": round(total / row.last_ms * 1000) if row.last_ms else None,
            "peak_rss_mb": short(row.peak_rss_mb),
            "parity": parity,
            "peers": {name: {"ms": short(peer.ms), "ratio": short(peer.ratio)} for name, peer in row.peers.items()},
            "stages_ms": {name: short(value) for name, value in row.stages_ms.items()},
            "machine": self.machine,
            "commit": self.commit,
        }

    def kept(self) -> dict[str, Any]:
        """Return everything, for `python -m benchmarks report`."""
        return {**asdict(self), "line": self.line()}
