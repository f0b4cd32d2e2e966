"""reused, read_event, fail_run: the events of a kept run, told again, and the one that says that it failed."""

import json
from collections.abc import Iterator

from tapehead.errors import TapeheadError
from tapehead.jobs.drive import Numbered
from tapehead.jobs.replay import replay
from tapehead.model.events import FOUND, OUTCOME, WORK, Completed, Event, Failed, Result, Started, Warned
from tapehead.wiring.assemble import House


def fail_run(house: House, run: str, code: str, text: str) -> None:
    """Log why a run that its caller holds failed, unless it has ended already."""

    def fail() -> None:
        with house.runs.together(f"the end of run {run}"):
            record = house.runs.record(run)
            if record.state == "running":
                house.log.append(run, [Failed(run, code, text, record.count)])
                house.runs.finish(run, "failed", None, record.failed)

    house.runs.outlast(fail)


def reused(house: House, run: str) -> Iterator[Numbered]:
    """Yield the events of a kept run as they were numbered; its last one says `reused`."""
    for number, data in replay(house.log, run):
        event = read_event(house, run, data)
        if event is not None:
            yield number, event


def read_event(house: House, run: str, data: bytes) -> Event | None:
    """Return the event that kept bytes tell; results come with their trades. Progress is not told again."""
    body = json.loads(data)
    name = body["event"]
    if name == "started":
        return Started(run, body["spec"], body["total"], body["snapshot"], tuple(body.get("stamps", ())))
    if name == "warning":
        return Warned(run, body["instrument"], body["code"], body["text"])
    if name == "result":
        result = house.runs.result(run, body["instrument"])
        if result is None:
            raise TapeheadError(f"Run {run} is damaged: its result of {body['instrument']} is gone.")
        return Result(run, result, body["t_ms"])
    if name == "completed":
        numbers = {key: body[key] for key in ("count", "failed", "digest", "first_ms", "last_ms", "bars", "receipt")}
        stages = {key: body.get(key, {}) for key in WORK}
        told = {"look_ahead": body["look_ahead"], "degraded": tuple(body["degraded"])}
        found = {key: body[key] for key in FOUND if key in body}
        outcome = {key: body[key] for key in OUTCOME if key in body}
        return Completed(run, **numbers, **told, **stages, reused=True, found=found, outcome=outcome)
    return None
