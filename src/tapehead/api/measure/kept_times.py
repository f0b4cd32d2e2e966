"""kept_times: where the time of a run went, as its events tell it, whoever computed it."""

from typing import Any

import orjson

from tapehead.api.measure.run_meter import RunTimes
from tapehead.api.queue import SMALL
from tapehead.jobs.replay import replay
from tapehead.model.result import RunId
from tapehead.wiring.assemble import House

_ENDINGS = ("completed", "failed", "cancelled")
_RESULT = b'"event":"result"'


def kept_times(house: House, run: RunId) -> RunTimes:
    """Return what is kept of the times of a run; those that nothing tells of are None, its stages then empty.

    Raises
    ------
    UnknownRunError
        There is no such run.
    """
    record = house.runs.record(run)
    total, first, newest, last = record.count + record.failed, None, None, None
    for number, data in replay(house.log, run):
        last = data
        if number == 1:
            total = orjson.loads(data)["total"]
        elif _RESULT in data:
            first, newest = first or data, data
    times = RunTimes(run, "small" if total <= SMALL else "big", total, strategy=str(record.spec["strategy"]))
    times.state, times.results = record.state, record.count
    times.first_ms, times.last_ms = _result_ms(first), _result_ms(newest)
    ended: dict[str, Any] = {} if last is None else orjson.loads(last)
    if ended.get("event") in _ENDINGS:
        times.stages, times.stages_bytes = ended.get("stages_ms", {}), ended.get("stages_bytes", {})
        times.queued_ms = times.stages.get("queue")
    return times


def _result_ms(data: bytes | None) -> float | None:
    """Return when a result was there."""
    return None if data is None else float(orjson.loads(data)["t_ms"])
