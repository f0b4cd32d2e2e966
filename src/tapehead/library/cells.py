"""make_cell: one set on one instrument of a sweep, made again as a whole result."""

from dataclasses import replace
from typing import Any

from tapehead.errors import TapeheadError
from tapehead.jobs.plan import Plan
from tapehead.jobs.task import Bench, run_task
from tapehead.library.curves import Again
from tapehead.model.result import RunResult
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Results, Task
from tapehead.wiring.assemble import House


def make_cell(house: House, record: RunRecord, instrument: str, parameters: dict[str, Any]) -> RunResult:
    """Run one cell of a sweep, on the bars of the sweep; raise what stood in its way."""
    again = Again.of(house, record)
    member, item = again.team.member(parameters), again.items[instrument]
    spec = replace(again.plan.spec, parameters=parameters)
    plan: Plan = replace(again.plan, spec=spec)
    several = again.team.several
    bench = Bench(plan, {item.series: item}, member.made, member.origin, again.shelf, several=several)
    outcome = run_task(bench, Task(record.run, item.series, 0, 1))
    if isinstance(outcome, Results) and outcome.results:
        return outcome.results[0]
    text = getattr(outcome, "text", f"{instrument} has no whole bar in the range")
    raise TapeheadError(text, code=getattr(outcome, "code", "store.no_bars"))
