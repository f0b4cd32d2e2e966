"""recall: what is kept of a run that ended early, counted as if it had just been done."""

import json
from collections.abc import Iterator

from tapehead.jobs.plan import Plan
from tapehead.jobs.replay import replay
from tapehead.jobs.run_tally import Tally
from tapehead.model.result import RunId, RunResult
from tapehead.ports.runs import EventLog, RunStore
from tapehead.ports.work import Failure

_PAGE = 500
_NO_BARS = "store.no_bars"


def recall(runs: RunStore, log: EventLog, plan: Plan, run: RunId, tally: Tally) -> set[str]:
    """Count the results and the failures that are kept, and return the instruments that need no more work.

    The clock of the run goes on where its last result stopped it: the time in which nobody worked on it does not count.
    """
    for result in _results(runs, run):
        tally.take_result(result)
        tally.bars += result.bars
        tally.recalled_us += result.elapsed_us
    settled = {line.instrument for line in tally.lines}
    planned = {item.instrument.name for item in plan.items}
    for _, data in replay(log, run):
        event = json.loads(data)
        if event["event"] == "result":
            tally.last_ms = event["t_ms"]
            tally.first_ms = tally.first_ms or tally.last_ms
        elif event["event"] == "warning" and (name := event["instrument"]) in planned and name not in settled:
            settled.add(name)
            # A range without a whole bar gives neither a result nor a failure.
            if event["code"] != _NO_BARS:
                tally.failed += 1
                tally.failures.append(Failure(event["code"], event["text"]))
    tally.done = len(settled)
    tally.began -= tally.last_ms / 1e3
    return settled


def _results(runs: RunStore, run: RunId) -> Iterator[RunResult]:
    """Yield the kept results, without trades."""
    cursor = None
    while True:
        page = runs.results(run, sort="instrument", cursor=cursor, limit=_PAGE)
        yield from page.rows
        cursor = page.cursor
        if cursor is None:
            return
