"""RunResult, Receipt and RunState: what a run leaves behind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tapehead.model.spec import DigestLine, RunKey
from tapehead.model.trades import Trades

RunId = str
"""ULID, 26 characters; sorts by time."""
State = Literal["running", "completed", "cancelled", "failed"]


class Metrics(dict[str, float | None]):
    """Metrics by name, also as attributes; None where undefined (the reason stands in `why`)."""

    def __getattr__(self, name: str) -> float | None:
        """Return the metric `name`."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no metric '{name}'; there are: {', '.join(self)}") from None


@dataclass(frozen=True, slots=True, eq=False)
class RunResult:
    """One strategy with one parameter set on one instrument.

    Attributes
    ----------
    instrument : str
        `venue:symbol`.
    metrics, why : mapping
        Values by name, None where undefined; `why` gives the reason of each None.
    flags : tuple of str
        Such as `short_history`, `holes`, `across_gap`, `delisted`, `open_at_end`.
    equity : float64 array
        At most 64 points of equity at bar closes, evenly spaced, the first and last bar included.
    decisions : bytes
        `Trades.digest()`.
    segments : tuple of bytes
        Data hashes of the segments read.
    trades : Trades or None
        None where only the summary was loaded.
    bars, first, last : int
        Bars at or after the asked start, and the open times (us UTC) of the first and last of them.
    """

    run: RunId
    instrument: str
    interval: str
    parameters: Mapping[str, float | int | str]
    metrics: Metrics
    why: Mapping[str, str]
    flags: tuple[str, ...]
    equity: NDArray[np.float64]
    final_equity: float
    decisions: bytes
    segments: tuple[bytes, ...]
    trades: Trades | None
    elapsed_us: int
    bars: int = 0
    first: int = 0
    last: int = 0

    def _repr_html_(self) -> str:
        """Return curve, metrics and flags for a notebook."""
        from tapehead.model import display

        words = f"{self.instrument} {self.interval}: {self.bars:,} bars; {', '.join(self.flags) or 'no flag'}"
        line = display.sparkline(self.equity, 240, 48)
        return display.beside(line, display.figures(self.metrics, self.why, words))

    def line(self) -> DigestLine:
        """Return what this result adds to the digest of its run."""
        drawdown, fees = self.metrics["max_drawdown"], self.metrics["fees_paid"]
        return DigestLine(
            self.instrument,
            self.interval,
            self.parameters,
            self.decisions,
            self.final_equity,
            0.0 if drawdown is None else drawdown,
            0.0 if fees is None else fees,
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a run can be made again from.

    `segments` maps `venue:symbol` to the hex data hashes read; `platform` and `versions` say where it ran. Of adjusted
    prices and of a universe by filter, `adjustments` and `memberships` hold the hex digests by instrument, and `where`
    the filter; `stamps` say what to keep in mind of the run as a whole. `references` maps `venue:symbol interval` to
    the hashes of what the strategy read beside them.
    """

    key: RunKey
    digest: str
    snapshot: int
    segments: Mapping[str, tuple[str, ...]]
    platform: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    adjustments: Mapping[str, str] = field(default_factory=dict)
    memberships: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    stamps: tuple[str, ...] = ()
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; hashes in hex."""
        named = zip(RunKey._fields, self.key, strict=True)
        return {
            "receipt": self.key.receipt(),
            "key": {name: value.hex() for name, value in named},
            "digest": self.digest,
            "snapshot": self.snapshot,
            "segments": {name: list(hashes) for name, hashes in self.segments.items()},
            "platform": dict(self.platform),
            "versions": dict(self.versions),
            "adjustments": dict(self.adjustments),
            "memberships": dict(self.memberships),
            "where": self.where,
            "stamps": list(self.stamps),
            "references": {name: list(hashes) for name, hashes in self.references.items()},
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Receipt":
        """Undo `to_json`."""
        key = RunKey(*(bytes.fromhex(value["key"][name]) for name in RunKey._fields))
        segments = {name: tuple(hashes) for name, hashes in value["segments"].items()}
        return Receipt(
            key,
            value["digest"],
            value["snapshot"],
            segments,
            value["platform"],
            value["versions"],
            value.get("adjustments", {}),
            value.get("memberships", {}),
            value.get("where", ""),
            tuple(value.get("stamps", ())),
            {name: tuple(hashes) for name, hashes in value.get("references", {}).items()},
        )
