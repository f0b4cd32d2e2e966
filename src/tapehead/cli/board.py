"""Board: what the events of a run have told so far, ready to be drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nsmallest

from tapehead.cli.numbers import METRICS
from tapehead.model.events import Cancelled, Completed, Event, Failed, Progress, Result, Started, Warned
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import RunResult

SORT_KEYS = ("instrument", *METRICS)
"""What `--sort` takes: a metric, best first, or the name of the instrument."""


@dataclass(frozen=True, slots=True)
class Row:
    """The part of a result that a table shows; trades are let go at once."""

    instrument: str
    metrics: dict[str, float | None]
    why: dict[str, str]
    flags: tuple[str, ...]
    equity: tuple[float, ...]

    @staticmethod
    def of(result: RunResult) -> "Row":
        """Take what a table needs."""
        equity = tuple(result.equity.tolist())
        return Row(result.instrument, dict(result.metrics), dict(result.why), tuple(result.flags), equity)


@dataclass(slots=True)
class Board:
    """Rows, counts and the end of one run.

    `warnings` are (instrument or None, code, text). `tested` is how far the look-ahead test is, (so many, of so many),
    None before it tells; `judged` how far, in percent, a sweep is with weighing its best sets. `queued` is the place of
    a run that waits for its turn in a service. `ended` is the last event, None while the run goes on.
    """

    sort: str = "total_return"
    total: int = 0
    rows: list[Row] = field(default_factory=list)
    done: int = 0
    bars_per_s: float = 0.0
    eta_ms: float = 0.0
    warnings: list[tuple[str | None, str, str]] = field(default_factory=list)
    tested: tuple[int, int] | None = None
    queued: int | None = None
    judged: int | None = None
    ended: Completed | Failed | Cancelled | None = None

    @property
    def asked(self) -> int:
        """How many instruments were asked for, the account of a portfolio being none."""
        return self.total - any(row.instrument == ACCOUNT for row in self.rows)

    @property
    def aside(self) -> list[str]:
        """What is told beside how far a run is."""
        return []

    @property
    def noted(self) -> int:
        """How many warnings are not those of a failure."""
        failed = self.ended.failed if isinstance(self.ended, Completed) else 0
        return max(0, len(self.warnings) - failed)

    def take(self, event: Event) -> None:
        """Learn from one event."""
        if isinstance(event, Result):
            self.rows.append(Row.of(event.result))
            self.done, self.queued = max(self.done, len(self.rows)), None
        elif isinstance(event, Progress):
            self.done, self.total = max(self.done, event.done), event.total
            self.bars_per_s, self.eta_ms, self.tested = event.bars_per_s, event.eta_ms, event.tested
            self.queued, self.judged = event.queued, event.judged
        elif isinstance(event, Warned):
            self.warnings.append((event.instrument, event.code, event.text))
        elif isinstance(event, Started):
            self.total = event.total
        elif isinstance(event, Completed | Failed | Cancelled):
            self.ended = event

    @staticmethod
    def of(results: Iterable[RunResult], sort: str) -> "Board":
        """Make the board of a run that is over."""
        board = Board(sort=sort)
        board.rows = [Row.of(result) for result in results]
        board.total = board.done = len(board.rows)
        return board

    def best(self, limit: int) -> list[Row]:
        """Return the first rows by `sort`: best first, undefined last, then by instrument.

        The last one of a portfolio is its account, whatever the others are sorted by.
        """
        account = [row for row in self.rows if row.instrument == ACCOUNT][:limit]
        rows = [row for row in self.rows if row.instrument != ACCOUNT]
        return [*nsmallest(limit - len(account), rows, key=self._place), *account]

    def _place(self, row: Row) -> tuple[bool, float, str]:
        """Return what a row is ordered by."""
        value = row.metrics.get(self.sort) if self.sort != "instrument" else 0.0
        return value is None, 0.0 if value is None else -value, row.instrument
