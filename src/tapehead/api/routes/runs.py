"""Runs: begin, follow, cancel."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tapehead.api.answer import dump
from tapehead.api.ending import ending_of, total_of
from tapehead.api.event_stream import EventStream, Place
from tapehead.api.frames import ENDINGS
from tapehead.api.service import Begun, Service
from tapehead.api.wire.problem import answers
from tapehead.api.wire.runs import Cancelled, RunAccepted, RunBegun, RunEnded, RunRequest
from tapehead.errors import ParameterError, ServiceError, UnknownRunError
from tapehead.library.documents.runs import header_json

router = APIRouter(prefix="/api/v1", tags=["runs"])
# Of each event: before OpenAPI 3.2 that is what the schema of a stream says.
_EVENT = {"type": "object", "properties": {name: {"type": "string"} for name in ("id", "event", "data")}}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events", "content": {"text/event-stream": {"schema": _EVENT}}}
}
Tiles = Annotated[
    bool, Query(description="Of a sweep: tell a tile as one event that says what it holds, not as its results.")
]
_WAIT_S = 10
_MOST_RUNS = 64


def service_of(request: Request) -> Service:
    """Return the service behind a request."""
    found: Service = request.app.state.service
    return found


@router.post(
    "/runs",
    status_code=202,
    response_model=RunBegun,
    responses={200: {"model": RunEnded, "description": "Waited for"}, **answers(404, 409, 507)},
)
async def begin_run(
    request: Request,
    asked: RunRequest,
    prefer: Annotated[str | None, Header(description="`wait=5` waits so many seconds for a small run.")] = None,
) -> Response:
    """Begin a run, or be given the equal one that is kept; its events tell the rest."""
    service = service_of(request)
    begun = await _begin(service, asked)
    body = _accepted(begun)
    wait_s = _wish_to_wait(prefer)
    if wait_s and (begun.reused or await run_in_threadpool(service.wait, begun.run, wait_s)):
        last = await run_in_threadpool(_last_event, service, begun)
        if last is not None:
            headers = {"Preference-Applied": "wait", "Location": f"/api/v1/runs/{begun.run}"}
            return JSONResponse({**body, "completed": last}, 200, headers)
    return JSONResponse(body, 202, {"Location": f"/api/v1/runs/{begun.run}"})


@router.post(
    "/runs/stream",
    status_code=200,
    response_class=EventStream,
    response_model=None,
    responses={**STREAM, **answers(404, 409, 507)},
)
async def stream_run(
    request: Request,
    asked: RunRequest,
    tiles: Tiles = False,
    prefer: Annotated[
        str | None, Header(description="`return=representation` tells first, as `begun`, what `POST /runs` answers.")
    ] = None,
) -> EventStream:
    """Begin a run and answer with its events as they are born."""
    service = service_of(request)
    begun = await _begin(service, asked)
    gone = None
    if asked.on_disconnect == "cancel" and not begun.reused:

        def gone() -> None:
            service.cancel(begun.run)

    headers = {"Location": f"/api/v1/runs/{begun.run}"}
    told: dict[str, Any] = {"headers": headers, "tiles": tiles, "reused": begun.reused}
    if re.search(r"(?:^|[,;\s])return\s*=\s*representation(?=$|[,;\s])", prefer or ""):
        headers["Preference-Applied"] = "return=representation"
        # Without an id: it is no event of the run, and nobody comes back after it.
        told["first"] = b"event: begun\ndata: " + dump(_accepted(begun)) + b"\n\n"
    return EventStream(service.hub, [Place(begun.run, 0)], **told, gone=gone)


@router.get(
    "/runs/{run}/events",
    status_code=200,
    response_class=EventStream,
    response_model=None,
    responses={**STREAM, **answers(404)},
)
async def events_of_run(
    request: Request,
    run: str,
    last_event_id: Annotated[str | None, Header(description="`<run>/<seq>`: go on after it.")] = None,
    after: Annotated[int | None, Query(ge=0, le=2**31, description="Number of the last event that is there.")] = None,
    tiles: Tiles = False,
) -> EventStream:
    """Replay the events of a run, then follow them."""
    service = service_of(request)
    places = await run_in_threadpool(_place_in_run, service, run, last_event_id, after or 0)
    return EventStream(service.hub, places, tiles=tiles)


@router.get(
    "/events", status_code=200, response_class=EventStream, response_model=None, responses={**STREAM, **answers(404)}
)
async def events_of_runs(
    request: Request,
    runs: Annotated[str, Query(min_length=1, max_length=4000, description="Ids, with commas between.")],
    after: Annotated[str | None, Query(max_length=4000, description="`<run>/<seq>`, with commas between.")] = None,
    last_event_id: Annotated[str | None, Header(description="Newest `<run>/<seq>`; `after` gives the others.")] = None,
    tiles: Tiles = False,
) -> EventStream:
    """One stream for several runs; the ids stay `<run>/<seq>`."""
    service = service_of(request)
    names = list(dict.fromkeys(name.strip() for name in runs.split(",") if name.strip()))
    if not 1 <= len(names) <= _MOST_RUNS:
        raise ParameterError(name="runs", value=len(names), bound=f"1 to {_MOST_RUNS} ids of runs")
    whole = [await run_in_threadpool(service.house.runs.resolve, name) for name in names]
    reached = dict.fromkeys(whole, 0)
    given = [part for part in (after or "").split(",") if part.strip()] + ([last_event_id] if last_event_id else [])
    for text in given:
        place = _read_place(text, set(whole))
        reached[place.run] = max(reached[place.run], place.after)
    places = await run_in_threadpool(_looked_up, service, [Place(run, number) for run, number in reached.items()])
    return EventStream(service.hub, places, tiles=tiles)


@router.post("/runs/{run}/cancel", response_model=Cancelled, responses=answers(404, 409))
def cancel_run(request: Request, run: str) -> Cancelled:
    """End a run; its finished results are kept. Refused where another process works on it."""
    service = service_of(request)
    whole = service.house.runs.resolve(run)
    return Cancelled(id=whole, cancelled=service.cancel(whole))


@router.post("/runs/{run}/resume", status_code=202, response_model=RunAccepted, responses=answers(404, 409))
def resume_run(request: Request, run: str) -> RunAccepted:
    """Go on with a run that was cancelled or left; what is logged is not computed again."""
    service = service_of(request)
    whole = service.house.runs.resolve(run)
    record = service.house.runs.record(whole)
    if record.state == "completed":
        raise ServiceError(
            f"Run {whole} is completed: nothing is left to do. See GET /api/v1/runs/{whole}", code="runs.ended"
        )
    service.resume(whole)
    return RunAccepted(
        id=whole,
        key=record.key.digest().hex(),
        events=f"/api/v1/runs/{whole}/events",
        total=total_of(service.house.log, record),
        reused=False,
    )


async def _begin(service: Service, asked: RunRequest) -> Begun:
    """Begin what was asked for, away from the event loop."""
    return await run_in_threadpool(service.begin, asked.strategies, asked.asked(), fresh=asked.fresh)


def _accepted(begun: Begun) -> dict[str, Any]:
    """Return the answer to a run that was begun."""
    return {
        "id": begun.run,
        "key": begun.key,
        "events": f"/api/v1/runs/{begun.run}/events",
        "total": begun.total,
        "reused": begun.reused,
        "spec": dict(begun.spec),
        "header": header_json(begun.header),
    }


def _wish_to_wait(prefer: str | None) -> float:
    """Return the seconds that `Prefer` asks to wait, at most _WAIT_S; 0 where it does not."""
    found = re.search(r"(?:^|[,;\s])wait(?:\s*=\s*([0-9]{1,6}))?(?=$|[,;\s])", prefer or "")
    return 0.0 if found is None else float(min(int(found[1] or _WAIT_S), _WAIT_S))


def _last_event(service: Service, begun: Begun) -> dict[str, Any] | None:
    """Return the event that ended a run; None where it goes on."""
    body = ending_of(service.house.log, begun.run)
    if body is None or not begun.reused or body["event"] != "completed":
        return body
    return {**body, "reused": True}


def _read_place(text: str, runs: set[str]) -> Place:
    """Read `<run>/<seq>` of one of the runs."""
    found = re.fullmatch(r"\s*([0-9A-Za-z]{26})/([0-9]{1,10})\s*", text)
    if found is None or found[1].upper() not in runs:
        raise ParameterError(
            name="last-event-id", value=text[:80], bound=f"<run>/<number> of {', '.join(sorted(runs)[:3])}"
        )
    return Place(found[1].upper(), int(found[2]))


def _place_in_run(service: Service, run: str, last_event_id: str | None, after: int) -> list[Place]:
    """Return how far a client is in a run that it names by any unique prefix."""
    whole = service.house.runs.resolve(run)
    if last_event_id is not None:
        after = _read_place(last_event_id, {whole}).after
    return _looked_up(service, [Place(whole, after)])


def _looked_up(service: Service, places: list[Place]) -> list[Place]:
    """Return the places with whether they are ends; raise for one beyond what its run has told."""
    found = []
    for place in places:
        last = service.house.log.last(place.run)
        if last == 0 and not service.active(place.run):
            text = f"The events of run {place.run} are pruned; its results are kept. See them: "
            raise UnknownRunError(f"{text}GET /api/v1/runs/{place.run}/results")
        if place.after > last:
            raise ParameterError(
                name="last-event-id", value=f"{place.run}/{place.after}", bound=f"at most {place.run}/{last}"
            )
        end = place.after == last and _is_ending(service.house.log.read(place.run, last - 1, 1, tiles=True))
        found.append(place._replace(ended=end and not service.active(place.run)))
    return found


def _is_ending(rows: Sequence[tuple[int, bytes]]) -> bool:
    """Say whether a run's last event ended it."""
    return bool(rows) and orjson.loads(rows[0][1])["event"] in ENDINGS
