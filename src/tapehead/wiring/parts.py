"""Parts: what a kind of store brings into a house."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapehead.database.alerts import Alerts
from tapehead.database.figures import PoolFigures
from tapehead.ports.access import AccessStore
from tapehead.ports.bars import BarStore
from tapehead.ports.lines import LineStore
from tapehead.ports.rows import RowStore
from tapehead.ports.runs import EventLog, RunStore
from tapehead.ports.trials import TrialLedger


def _nothing() -> None:
    """Do nothing: a folder is ready."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """An open store.

    `hot` is where hot files may lie, None where nothing can be written; `pools` tells how connections are used, and
    `alerts` what somebody should hear of; `closers` close in order. `rows` keeps rows of bars for SQL, None where a
    store has none. `get_ready` begins what the first read would wait for, and returns at once. What is looked up within
    `planning` is of one commit, asked for once.
    """

    where: str
    bars: BarStore
    runs: RunStore
    log: EventLog
    trials: TrialLedger
    lines: LineStore
    access: AccessStore
    hot: Path | None
    pools: Callable[[], Sequence[PoolFigures]]
    alerts: Alerts
    closers: tuple[Any, ...]
    writable: bool = True
    full: bool = False
    rows: RowStore | None = None
    get_ready: Callable[[], None] = _nothing
    planning: Callable[[], AbstractContextManager[None]] = nullcontext
