"""times_of: where the time of a run goes, as it is measured here or as its events tell it, whoever computed it."""

import orjson

from tapehead.api.ending import ending_of
from tapehead.api.measure.run_meter import RunMeter, RunTimes
from tapehead.api.queue import SMALL
from tapehead.jobs.replay import replay
from tapehead.model.result import RunId
from tapehead.wiring.assemble import House

_FOUND = (b'"event":"result"', b'"event":"tile"')


def times_of(house: House, meter: RunMeter, run: RunId) -> RunTimes:
    """Return the times of a run; of one that goes on here, how far it is, without a look at all that it has told.

    Raises
    ------
    UnknownRunError
        There is no such run.
    """
    measured = meter.of(run)
    if measured is not None and ending_of(house.log, run) is None:
        return measured
    kept = _kept_times(house, run, measured)
    # The end of a run is told once, in its log; what is measured here says more only as long as that says nothing.
    return kept if kept.stages else measured or kept


def _kept_times(house: House, run: RunId, measured: RunTimes | None) -> RunTimes:
    """Return what is kept of the times of a run; those that nothing tells of are None, its stages then empty.

    The events are not read again where all results that are kept were measured here.
    """
    record = house.runs.record(run)
    if measured is not None and measured.results == record.count:
        total, first_ms, last_ms = measured.total, measured.first_ms, measured.last_ms
    else:
        total, first_ms, last_ms = _told_times(house, run, record.count + record.failed)
    times = RunTimes(run, "small" if total <= SMALL else "big", total, strategy=str(record.spec["strategy"]))
    times.state, times.results = record.state, record.count
    times.first_ms, times.last_ms = first_ms, last_ms
    ended = ending_of(house.log, run)
    if ended is not None:
        times.stages, times.stages_bytes = ended.get("stages_ms", {}), ended.get("stages_bytes", {})
        times.queued_ms = times.stages.get("queue")
    return times


def _told_times(house: House, run: RunId, total: int) -> tuple[int, float | None, float | None]:
    """Return how many results the events of a run promise, `total` without a first one, and when they came."""
    first, newest = None, None
    for number, data in replay(house.log, run, tiles=True):
        if number == 1:
            total = orjson.loads(data)["total"]
        elif any(mark in data for mark in _FOUND):
            first, newest = first or data, data
    return total, _result_ms(first), _result_ms(newest)


def _result_ms(data: bytes | None) -> float | None:
    """Return when a result was there."""
    return None if data is None else float(orjson.loads(data)["t_ms"])
