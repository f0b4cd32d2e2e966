"""ImportReport: what an import saw, kept, set aside and guessed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FileReport:
    """Counts of one file.

    `rows` as read; `kept` bars after cleaning; `duplicates` extra rows equal in all fields; `conflicting` extra rows of
    one time with other values; `out_of_order` rows earlier than the row before them, by series; `ohlc_violations` kept
    and flagged `suspect`; `nulls` rows with a null or non-finite price, set aside; `gaps` runs and `missing` number of
    absent grid steps between first and last bar kept; `zero_volume` bars; `jumps` steps that look like a wrong unit;
    `quarantined` rows set aside; `added`, `unchanged`, `superseded` bars against what the store held; `partial` last
    bars flagged as unfinished. `guesses` are sentences with their evidence, `looks_wrong` sentences to check.
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

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        from dataclasses import asdict

        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


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
    "zero_volume",
    "jumps",
    "quarantined",
    "partial",
    "added",
    "unchanged",
    "superseded",
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import, which is one commit, did; `dry_run` says that nothing was written."""

    files: Sequence[FileReport]
    symbols: Sequence[str]
    snapshot: int
    dry_run: bool = False
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

    def to_json(self) -> dict[str, Any]:
        """Return the document `tapehead.import/1`."""
        total = self.total.to_json()
        del total["path"]
        return {
            "schema": "tapehead.import/1",
            "dry_run": self.dry_run,
            "total": total,
            "files": [report.to_json() for report in self.files],
        }
