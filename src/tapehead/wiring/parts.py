"""Parts: what a kind of store brings into a house."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapehead.ports.access import AccessStore
from tapehead.ports.bars import BarStore
from tapehead.ports.runs import EventLog, RunStore
from tapehead.ports.trials import TrialLedger


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """An open store; `hot` is where hot files may lie, None where nothing can be written; `closers` close in order."""

    where: str
    bars: BarStore
    runs: RunStore
    log: EventLog
    trials: TrialLedger
    access: AccessStore
    hot: Path | None
    closers: tuple[Any, ...]
    writable: bool = True
    full: bool = False
