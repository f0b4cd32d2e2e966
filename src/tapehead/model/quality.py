"""ImportReport: what an import saw, kept, set aside and guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tapehead.model.spec import iso


class Example(NamedTuple):
    """A row with a defect: its number in the file, from 1; its open time (us UTC) where known; its fields if needed."""

    row: int
    ts: int | None
    symbol: str
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        time = None if self.ts is None else iso(self.ts)
        return {"row": self.row, "time": time, "symbol": self.symbol, "text": self.text}


@dataclass(frozen=True, slots=True)
class FileReport:
    """Counts of one file.

    `rows` as read; `kept` bars after cleaning; `duplicates` extra rows equal in all fields; `conflicting` extra rows of
    one time with other values; `out_of_order` rows earlier than the row before them, by series; `ohlc_violations` kept
    and flagged `suspect`; `nulls` rows with a null or non-finite price, set aside; `gaps` runs and `missing` number of
    absent grid steps between first and last bar kept, of which the source says of `confirmed_empty` that there is no
    bar; `zero_volume` bars; `jumps` steps that look like a wrong unit; `quarantined` rows set aside; `added`,
    `unchanged`, `superseded` bars against what the store held; `partial` last bars flagged as unfinished. `guesses` are
    sentences with their evidence, `looks_wrong` sentences to check; `examples` the first few rows of a defect.
    """

    path: str
    rows: int = 0
    kept: int = 0
    duplicates: int = 0
    conflicting: int = 0
    out_of_order: int = 0
    ohlc_violations: int = 0
    nulls: int = 0
    gaps: int = 0
    missing: int = 0
    confirmed_empty: int = 0
    zero_volume: int = 0
    jumps: int = 0
    quarantined: int = 0
    partial: int = 0
    symbols: int = 0
    added: int = 0
    unchanged: int = 0
    superseded: int = 0
    snapshot: int = 0
    guesses: tuple[str, ...] = ()
    looks_wrong: tuple[str, ...] = ()
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        body = {name: getattr(self, name) for name in ("path", *_COUNTS, "symbols", "snapshot")}
        body["guesses"], body["looks_wrong"] = list(self.guesses), list(self.looks_wrong)
        body["examples"] = {what: [one.to_json() for one in kept] for what, kept in self.examples.items()}
        return body

    def defects(self) -> dict[str, int]:
        """Return the counts that `--strict` refuses; absent steps that the source confirms empty are none."""
        counts = {name: int(getattr(self, name)) for name in DEFECTS}
        counts["missing"] = self.missing - self.confirmed_empty
        return {name: count for name, count in counts.items() if count}


_COUNTS = (
    "rows",
    "kept",
    "duplicates",
    "conflicting",
    "out_of_order",
    "ohlc_violations",
    "nulls",
    "gaps",
    "missing",
    "confirmed_empty",
    "zero_volume",
    "jumps",
    "quarantined",
    "partial",
    "added",
    "unchanged",
    "superseded",
)
DEFECTS = ("nulls", "duplicates", "conflicting", "out_of_order", "ohlc_violations", "jumps", "missing", "quarantined")
"""Counts that say that something is wrong with a file; a bar without volume or an unfinished one is as it should be."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import, which is one commit, did.

    `dry_run` says that nothing was written; `committed` that a commit was made, which is `snapshot`: the same files
    again make none. `skipped` are files of folders that were passed over, counted by reason.
    """

    files: Sequence[FileReport]
    symbols: Sequence[str]
    snapshot: int
    dry_run: bool = False
    committed: bool = False
    skipped: Mapping[str, int] = field(default_factory=dict)
    seconds: float = field(default=0.0, compare=False)

    @property
    def total(self) -> FileReport:
        """Sum of the files; `symbols` counts each instrument once."""
        sums = {name: sum(getattr(report, name) for report in self.files) for name in _COUNTS}
        guesses = tuple(dict.fromkeys(guess for report in self.files for guess in report.guesses))
        wrong = tuple(dict.fromkeys(text for report in self.files for text in report.looks_wrong))
        return FileReport(
            "", symbols=len(self.symbols), snapshot=self.snapshot, guesses=guesses, looks_wrong=wrong, **sums
        )

    def at(self, snapshot: int) -> "ImportReport":
        """Return the same report as of another snapshot."""
        return replace(
            self, snapshot=snapshot, files=tuple(replace(report, snapshot=snapshot) for report in self.files)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the document `tapehead.import/1`."""
        total = self.total.to_json()
        del total["path"], total["examples"]
        return {
            "schema": "tapehead.import/1",
            "dry_run": self.dry_run,
            "committed": self.committed,
            "total": total,
            "files": [report.to_json() for report in self.files],
            "instruments": list(self.symbols),
            "skipped": dict(self.skipped),
        }
