"""What the sets of a sweep are worth over its instruments."""

from bisect import bisect_right
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from tapehead.api.answer import answer, document, pick_media, takes_json, unchanged
from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.ending import ending_of
from tapehead.api.etag import make_tag
from tapehead.api.routes.results import RunName
from tapehead.api.routes.runs import service_of
from tapehead.api.surfaces import stage_of
from tapehead.api.wire.problem import answers
from tapehead.api.wire.sweeps import Statistic, Surface, SurfaceDetail
from tapehead.api.wire.told import Cursor, forms
from tapehead.errors import RunKeyError, ServiceError
from tapehead.library.documents.sweeps import surface_json
from tapehead.library.sweep_run import SweepRun
from tapehead.metrics.surface import over_instruments

router = APIRouter(prefix="/api/v1", tags=["runs"])
_JSON = [Depends(takes_json)]
_TILE = "application/vnd.tapehead.tile"
_BYTES = {"type": "string", "format": "binary"}
Metric = Annotated[str | None, Query(max_length=100, description="A metric of its cells; by default the objective.")]
_RETURN = "total_return"
_LAST = 1.7976931348623157e308
"""Behind every number, and JSON has it."""


@router.get(
    "/runs/{run}/surface",
    response_model=Surface,
    dependencies=_JSON,
    responses={**forms(), **answers(404)},
)
def show_surface(
    request: Request,
    run: RunName,
    metric: Metric = None,
    statistic: Annotated[
        Statistic, Query(description="Of the metric over the instruments; `all` adds `columns` with each of them.")
    ] = "median",
) -> Response:
    """Tell what the sets of a sweep are worth over its instruments, also while it goes on; ask again with the ETag."""
    service = service_of(request)
    kept = _sweep(request, run)
    record = kept.record
    stage, by = stage_of(record), metric or kept.spec.objective
    ended = {} if record.state != "completed" else ending_of(service.house.log, record.run) or {}
    tag = make_tag("surface", *map(str, stage), by, statistic, str(bool(ended)))
    held = unchanged(request, tag)
    if held is not None:
        return held
    found = request.app.state.surfaces.of(kept, stage, by)
    body = {"run": record.run, "state": record.state, "count": record.count, **surface_json(found, statistic, ended)}
    return answer(request, document("surface", body), tag=tag)


@router.get(
    "/runs/{run}/surface/{number}",
    response_model=SurfaceDetail,
    dependencies=_JSON,
    responses={**forms(), **answers(404)},
)
def show_set(
    request: Request,
    run: RunName,
    number: Annotated[int, Path(ge=0, lt=2**62, description="Its place in the product of the axes, from 0.")],
    metric: Metric = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Instruments of a page.")] = 1_000,
) -> Response:
    """Tell how one set of a sweep is spread over its instruments."""
    kept = _sweep(request, run)
    by = metric or kept.spec.objective
    values = kept.spread(number, by)
    one, gain = (np.array([[each[place] for each in values.values()]]) for place in (0, 1))
    rows = over_instruments(one, gain, np.full(one.shape[1], np.nan))
    worth = {"median": rows.median, "lower": rows.lower, "upper": rows.upper, "above_zero": rows.above_zero}
    listed = sorted(values.items(), key=_rank)
    last = read_cursor("set", cursor, [(float, int), str])
    first = 0 if last is None else bisect_right(listed, tuple(last), key=_rank)
    page = listed[first : first + limit]
    more = write_cursor("set", *_rank(page[-1])) if first + limit < len(listed) else None
    body = {
        "run": kept.id,
        "metric": by,
        "point": number,
        "parameters": kept.space.parameters(number),
        **{name: float(column[0]) for name, column in worth.items()},
        "instruments": [{"instrument": name, "value": value, _RETURN: gain} for name, (value, gain) in page],
        "cursor": more,
    }
    return answer(request, document("set", body))


@router.get(
    "/runs/{run}/tiles/{lo}/{symbol:path}",
    status_code=200,
    response_class=Response,
    responses={**answers(404), 200: {"description": "Its bytes", "content": {_TILE: {"schema": _BYTES}}}},
)
def read_tile(
    request: Request,
    run: RunName,
    lo: Annotated[int, Path(ge=0, lt=2**62, description="As the event `tile` says it.")],
    symbol: Annotated[str, Path(min_length=1, max_length=200, description="`venue:SYMBOL`.")],
) -> Response:
    """Give a tile of a sweep as it is kept, for a Tapehead of the same format: a head of JSON, then its columns."""
    pick_media(request, (_TILE,))
    service = service_of(request)
    whole = service.house.runs.resolve(run)
    tile = service.house.runs.tile(whole, symbol, lo)
    if tile is None:
        raise RunKeyError(run=whole, symbol=f"{symbol} at {lo}", hint=" Its event `tile` says what there is.")
    return answer(request, tile.to_bytes(), _TILE)


def _rank(one: tuple[str, tuple[float, ...]]) -> tuple[float, str]:
    """Return what instruments are ordered by: the greatest value first, undefined last."""
    name, (value, *_) = one
    return (-value if value == value else _LAST), name


def _sweep(request: Request, run: str) -> SweepRun:
    """Return a kept sweep; raise for a run that is none."""
    kept = service_of(request).store.run(run)
    if not isinstance(kept, SweepRun):
        text = f"Run {kept.id} is a backtest: it has one set. See its results: GET /api/v1/runs/{kept.id}/results"
        raise ServiceError(text, code="runs.no_sweep")
    return kept
