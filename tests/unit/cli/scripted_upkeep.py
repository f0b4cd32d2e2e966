"""What a scripted store says of its commits, its size and its health."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tapehead.jobs.diff import SnapshotDiff
from tapehead.jobs.export import ExportReport
from tapehead.jobs.undo import Undone
from tapehead.library.upkeep import StoreStats
from tapehead.model.history import CommitRecord, Finding, StoreFacts, Swept

MADE = 1_767_225_600_000_000


class ScriptedUpkeep:
    """A whole store with three commits, of which the last can be undone."""

    def log(self, limit: int = 20, before: int | None = None) -> list[CommitRecord]:
        every = [self.commit(number) for number in (3, 2, 1) if before is None or number < before]
        return every[:limit]

    def commit(self, number: int) -> CommitRecord:
        return CommitRecord(number, MADE, "import", f"import {number}.csv", segments=1, unchanged=0)

    def report(self, _commit: int) -> bytes:
        return b""

    def undo(self, commit: int) -> Undone:
        return Undone(commit + 1, self.commit(commit), (), (), (), 10, 10, 1, 1)

    def diff(self, before: int, after: int, *, progress: Any) -> SnapshotDiff:
        progress("comparing", 0, 1)
        return SnapshotDiff(before, after, (), (), ())

    def gc(self, _keep: str, *, dry_run: bool) -> Swept:
        return Swept(1, 2, 0, 4_096 * dry_run)

    def check(self, *, rows: bool, heal: bool, progress: Any) -> Iterator[Finding]:
        assert (rows, heal) != (False, True)
        progress("checking segments", 0, 1)
        yield Finding("orphan", "segments/ab/cd.parquet", "no commit names it")

    def recount(self) -> int:
        return 0

    def stats(self) -> StoreStats:
        return StoreStats(StoreFacts(3, 3, 1, 1, 1, 0, 10, 0, 90, 4_096, 0, 0, 1, 0, 0, 0), 60.0, (), 1 << 30)

    def export(self, folder: str, **_options: Any) -> ExportReport:
        return ExportReport(str(Path(folder)), 3, "csv", "gzip", (), ())
