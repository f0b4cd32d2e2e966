"""Tally: what a run has done so far."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tapehead.jobs.task_times import TaskTimes
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import RunResult
from tapehead.model.spec import DigestLine
from tapehead.ports.work import Failure


@dataclass(slots=True, eq=False)
class Tally:
    """What a run has done so far; `stages_us` sums the time of tasks by stage, and of keeping the results.

    `stages_bytes` is the most that a stage of one task left in arrays.
    `recalled_us` is what the tasks took whose results were kept before the run went on; `tasks` times those of now.
    """

    began: float
    total: int
    done: int = 0
    count: int = 0
    failed: int = 0
    bars: int = 0
    first_ms: float = 0.0
    last_ms: float = 0.0
    lines: list[DigestLine] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    account_return: float | None = None
    stages_us: dict[str, float] = field(default_factory=dict)
    stages_bytes: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    progress_at: float = 0.0
    recalled_us: float = 0.0
    tasks: TaskTimes = field(default_factory=TaskTimes)

    def take_result(self, result: RunResult) -> None:
        """Count a result, and keep what the end of the run says of it."""
        self.count += 1
        self.lines.append(result.line())
        gain = result.metrics.get("total_return")
        if result.instrument == ACCOUNT:
            self.account_return = gain
        elif gain is not None:
            self.returns.append(gain)

    def outcome(self) -> dict[str, float | int]:
        """Return how the results came out, by the names of `model.events.OUTCOME`; empty where none has a return.

        Of a portfolio the account's return stands for the median: nobody had that of its shares.
        """
        if not self.returns:
            return {}
        middle = self.account_return if self.account_return is not None else float(np.median(self.returns))
        return {"median_return": middle, "profitable": sum(gain > 0 for gain in self.returns)}

    def spend(self, stage: str, us: float) -> None:
        """Add time to a stage."""
        self.stages_us[stage] = self.stages_us.get(stage, 0.0) + us

    def hold(self, stage: str, size: int) -> None:
        """Note what a stage of one task left in arrays (bytes)."""
        self.stages_bytes[stage] = max(self.stages_bytes.get(stage, 0), size)

    def take_stages(self, us: Mapping[str, float], held: Mapping[str, int]) -> None:
        """Add what one task says of its stages."""
        for stage, spent in us.items():
            self.spend(stage, spent)
        for stage, size in held.items():
            self.hold(stage, size)

    def stages_ms(self) -> dict[str, float]:
        """Return the time by stage in ms, as it is told."""
        return {stage: round(us / 1e3, 3) for stage, us in self.stages_us.items()}

    def elapsed_ms(self) -> float:
        """Return the time since the run was asked for."""
        return round((time.perf_counter() - self.began) * 1e3, 3)
