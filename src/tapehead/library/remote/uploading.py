"""uploading: files of this machine imported into a store behind a service, one after another."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tapehead.errors import TapeheadError
from tapehead.jobs.expand import check_file, expand
from tapehead.jobs.settle import venue_of
from tapehead.library.remote.asking import Ask, Asking
from tapehead.library.remote.held import import_from
from tapehead.model.quality import ImportReport
from tapehead.ports.bars import Hints

_HINTS = ("symbol", "kind", "interval", "tz", "unit", "price", "quote")


class Wish(NamedTuple):
    """How files are imported; see `Store.import_files`."""

    hints: Hints
    dry_run: bool = False
    strict: bool = False
    supersede: bool = False


class Uploads:
    """Reports of files that are imported by themselves, each a commit; `report` adds them up."""

    def __init__(self, paths: Sequence[str | os.PathLike[str]], wish: Wish) -> None:
        found = expand([os.fspath(path) for path in paths])
        self.files, self._skipped = found.files, found.skipped
        self._wish, self._began = wish, time.perf_counter()
        self._reports: list[ImportReport] = []

    def __iter__(self) -> Iterator[tuple[int, Asking[None]]]:
        """Yield for each file how many are done, and what is asked for it."""
        for done, path in enumerate(self.files):
            yield done, self._upload(path)

    @property
    def report(self) -> ImportReport:
        """What all files together gave; `snapshot` is that of the last commit."""
        reports = self._reports
        return ImportReport(
            tuple(file for report in reports for file in report.files),
            tuple(dict.fromkeys(name for report in reports for name in report.symbols)),
            max(report.snapshot for report in reports),
            dry_run=self._wish.dry_run,
            committed=any(report.committed for report in reports),
            skipped=dict(self._skipped),
            seconds=time.perf_counter() - self._began,
        )

    def broken(self, error: TapeheadError) -> TapeheadError:
        """Return an error that ended the uploads, with what was imported before it."""
        made = [report.snapshot for report in self._reports if report.committed]
        if not made:
            return error
        words = f"{error} Of {len(self.files):,} files {len(self._reports):,} are in, as commits up to {made[-1]}."
        return type(error)(f"{words} Take one back: tapehead undo {made[-1]}", **error.facts)

    def _upload(self, path: str) -> Asking[None]:
        """Import one file."""
        check_file(path)
        hints = self._wish.hints
        params = {name: getattr(hints, name) for name in _HINTS}
        params |= {"name": Path(path).name, "venue": venue_of(path, hints)}
        params |= {"columns": ",".join(f"{ours}={theirs}" for ours, theirs in hints.columns.items()) or None}
        params |= {name: getattr(self._wish, name) for name in ("dry_run", "strict", "supersede")}
        answer = yield Ask("POST", "/imports", params, file=path)
        report = import_from(answer.json(), 0.0)
        files = tuple(replace(one, path=path) for one in report.files)
        self._reports.append(replace(report, files=files))
