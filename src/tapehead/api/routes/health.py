"""Health: whether the service lives and is ready, what it measures, and how loud it logs."""

import shutil
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from tapehead.api.measure.connections import alert_to_wire, to_wire
from tapehead.api.measure.log_levels import LEVELS
from tapehead.api.measure.log_rooms import ROOMS
from tapehead.api.measure.measure import Measure
from tapehead.api.measure.metrics import MEDIA_TYPE
from tapehead.api.measure.process import process_facts
from tapehead.api.measure.readiness import to_json
from tapehead.api.measure.run_meter import RunTimes
from tapehead.api.measure.times_of import times_of
from tapehead.api.routes.runs import service_of
from tapehead.api.wire import operations as wire
from tapehead.api.wire.problem import answers
from tapehead.wiring.platform import version_facts

router = APIRouter(tags=["operations"])
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


class MetricsAnswer(Response):
    """What Prometheus reads."""

    media_type = MEDIA_TYPE


@router.get("/livez", response_model=wire.Alive, responses=answers())
async def livez() -> wire.Alive:
    """Answer: the event loop goes round. Nothing else is looked at."""
    return wire.Alive()


@router.get(
    "/readyz",
    response_model=wire.Readiness,
    responses={**answers(), 503: {"model": wire.Readiness, "description": "Not ready"}},
)
async def readyz(request: Request) -> Response:
    """Look at each dependency; 503 where one is down or the service drains."""
    ready = await measure_of(request).readiness.look()
    return JSONResponse(to_json(ready), 200 if ready.ready else 503, {"cache-control": "no-store"})


@router.get("/metrics", response_class=MetricsAnswer, responses={**_TEXT, **answers()})
def metrics(request: Request) -> MetricsAnswer:
    """Give every metric in the text form of Prometheus."""
    return MetricsAnswer(measure_of(request).metrics.text())


@router.get("/api/v1/operations", response_model=wire.Operations, responses=answers())
def operations(request: Request) -> wire.Operations:
    """Tell what goes on: queue, pool, tiers, streams, process, and the newest runs with their times."""
    measure = measure_of(request)
    pool, facts = measure.pool.stats(), process_facts()
    return wire.Operations(
        version=version_facts()["tapehead"],
        up_s=round(measure.up_s, 3),
        draining=measure.service.draining,
        disk_free_bytes=shutil.disk_usage(measure.house.settings.home).free,
        queue=wire.QueueNow(**measure.queue.counts()),
        pool=wire.PoolNow(
            workers=pool.workers,
            waiting=pool.waiting,
            running=pool.running,
            done=pool.done,
            waited_s=round(pool.waited_s, 6),
            busy_s=round(pool.busy_s, 6),
        ),
        tiers=[
            wire.Tier(
                name=tier.name,
                hits=tier.hits,
                misses=tier.misses,
                size_bytes=tier.size_bytes,
                limit_bytes=tier.limit_bytes,
                degraded=tier.degraded,
                hit_ms=None if tier.hit_ms is None else round(tier.hit_ms, 6),
                miss_ms=None if tier.miss_ms is None else round(tier.miss_ms, 6),
            )
            for tier in measure.house.tiers()
        ],
        databases=[to_wire(each) for each in measure.house.pools()],
        alerts=[alert_to_wire(each) for each in measure.house.alerts.newest()],
        traffic=wire.Traffic(
            requests_open=measure.traffic.open,
            streams_open=measure.hub.streams,
            events_sent=measure.hub.sent,
            plain_bytes=measure.traffic.plain_bytes,
            stream_bytes=measure.traffic.stream_bytes,
        ),
        process=wire.ProcessNow(**facts._asdict(), loop_lag_ms=round(measure.lag_s * 1e3, 3)),
        runs=[_timings(each) for each in measure.runs.newest()],
    )


@router.get("/api/v1/runs/{run}/timings", response_model=wire.RunTimings, responses=answers(404))
def run_timings(request: Request, run: str) -> wire.RunTimings:
    """Tell where the time of a run went, whoever computed it; of one that goes on here, how far it is."""
    house = service_of(request).house
    return _timings(times_of(house, measure_of(request).runs, house.runs.resolve(run)))


@router.get("/api/v1/log-levels", response_model=wire.LogLevelsHeld, responses=answers())
async def log_levels() -> wire.LogLevelsHeld:
    """Give the level of each room that logs."""
    return _held()


@router.put("/api/v1/log-levels", response_model=wire.LogLevelsHeld, responses=answers())
async def set_log_levels(asked: wire.LogLevels) -> wire.LogLevelsHeld:
    """Set the level of every room, until the service ends; rooms that are not named follow `level`."""
    LEVELS.set(asked.level, asked.rooms)
    return _held()


def measure_of(request: Request) -> Measure:
    """Return what measures the service behind a request."""
    return service_of(request).measure


def _timings(times: RunTimes) -> wire.RunTimings:
    """Return the times of a run as they travel."""
    return wire.RunTimings(
        run=times.run,
        state=times.state,
        level=times.level,
        strategy=times.strategy,
        total=times.total,
        results=times.results,
        queued_ms=times.queued_ms,
        first_ms=times.first_ms,
        last_ms=times.last_ms,
        stages=dict(times.stages),
        stages_bytes=dict(times.stages_bytes),
    )


def _held() -> wire.LogLevelsHeld:
    """Return the levels that hold."""
    rooms = [{"name": name, "level": LEVELS.of(name), "text": text} for name, text in ROOMS.items()]
    return wire.LogLevelsHeld.model_validate({"level": LEVELS.default, "rooms": LEVELS.rooms, "all": rooms})
