"""Kept runs and what is in them."""

import threading
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from tapehead.api import arrow
from tapehead.api.answer import HTML, TABLE, answer, document, pick_media, takes_json
from tapehead.api.arrow import arrow_bytes
from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.ending import ending_of
from tapehead.api.etag import Kept, make_tag
from tapehead.api.made_again import PARTS, Window, cut_rows, made_again
from tapehead.api.measure.stages import stage
from tapehead.api.pages import cursor_behind, first_of_page
from tapehead.api.routes.runs import service_of
from tapehead.api.service import Service
from tapehead.api.sets import of_set
from tapehead.api.wire.problem import answers
from tapehead.api.wire.results import (
    Explanation,
    ReceiptFacts,
    ResultDetail,
    ResultsPage,
    RunDetail,
    RunsPage,
    VerificationFacts,
)
from tapehead.api.wire.told import Cursor, Form, forms
from tapehead.errors import ParameterError, ServiceError, TapeheadError
from tapehead.library.documents.results import result_json, trade_rows
from tapehead.library.documents.runs import header_json, listed_json, run_json
from tapehead.library.report import make_sheet
from tapehead.library.result_table import result_frame
from tapehead.library.sweep_run import SweepRun
from tapehead.metrics.tools import TOOLS
from tapehead.model.frames import Column
from tapehead.model.result import Receipt, RunId

router = APIRouter(prefix="/api/v1", tags=["runs"])
_JSON = [Depends(takes_json)]
_SHEET_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_verifying = threading.Lock()
_RESULT: Sequence[type | tuple[type, ...]] = [str, (float, int, type(None)), str, str, str]
_CELL: Sequence[type | tuple[type, ...]] = [str, int, (float, int), str, int, int]
"""What a cursor holds: the metric, and what results, or cells, are ordered by."""
RunName = Annotated[str, Path(min_length=1, max_length=26, description="Id of a run, or a unique beginning of it.")]
OfSet = Annotated[
    str, Query(max_length=2_000, description="Of a sweep: `fast=10,slow=30`, those of its best robust set by default.")
]
Symbol = Annotated[str, Path(min_length=1, max_length=200, description="`SYMBOL`, or `venue:SYMBOL`.")]


@router.get("/runs", response_model=RunsPage, dependencies=_JSON, responses={**forms(), **answers(404)})
def list_runs(
    request: Request,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Rows of a page.")] = 50,
    before: Annotated[str | None, Query(max_length=26, description="Only those that are older than this run.")] = None,
) -> Response:
    """List the kept runs, newest first; those that come meanwhile shift no page."""
    last, runs = read_cursor("runs", cursor, [str]), service_of(request).house.runs
    older = None if before is None else runs.resolve(before)
    rows = runs.runs(limit=limit + 1, before=older if last is None else last[0])
    more = write_cursor("runs", rows[limit - 1].run) if len(rows) > limit else None
    told = [{**listed_json(row), **request.app.state.outcomes.of(row)} for row in rows[:limit]]
    return answer(request, document("runs", {"runs": told, "cursor": more}))


@router.get("/runs/{run}", response_model=RunDetail, dependencies=_JSON, responses={**forms(), **answers(404)})
def show_run(request: Request, run: RunName) -> Response:
    """Tell of one run: what was asked, how far it is, how it ended."""
    service = service_of(request)
    whole = service.house.runs.resolve(run)
    record = service.house.runs.record(whole)
    question = ("run", whole, record.finished_at)
    tag = request.app.state.answers.tag(question) if record.state == "completed" else None
    kept = None if tag is None else request.app.state.answers.body(tag)
    if kept is None:
        head = header_json(service.header(whole))
        body = {"header": head, "ended": ending_of(service.house.log, whole), "active": service.active(whole)}
        told = document("run", {**run_json(record), **body})
        kept = Kept(make_tag(told), told, {})
        # While a run goes on here its last event may be logged and its slot not free yet.
        if record.state == "completed" and not body["active"] and body["ended"] is not None:
            request.app.state.answers.note(question, kept.tag)
            request.app.state.answers.keep(kept)
    return answer(request, kept.body, tag=kept.tag)


@router.get("/runs/{run}/results", response_model=ResultsPage, responses={**forms(columns=True), **answers(404)})
def list_results(
    request: Request,
    run: RunName,
    sort: Annotated[str, Query(max_length=100, description="A metric, best first; or `instrument`.")] = "total_return",
    form: Annotated[Form, Query(description="Of the JSON: a row a result, or a column a metric.")] = "rows",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows of a page.")] = 500,
) -> Response:
    """List results without their trades; those that finish meanwhile shift no page. Arrow gives columns too."""
    media, service = pick_media(request, TABLE), service_of(request)
    whole = service.house.runs.resolve(run)
    is_sweep = "grid" in service.house.runs.record(whole).spec
    list_name, shape = ("cells", _CELL) if is_sweep else ("results", _RESULT)
    last = read_cursor(list_name, cursor, shape)
    if last is not None and last[0] != sort:
        raise ParameterError(name="sort", value=sort, bound=f"{last[0]}, which the cursor goes on with")
    place = None if last is None else orjson.dumps(last[1:])
    with stage("read"):
        kept = service.store.run(whole) if is_sweep else None
        if isinstance(kept, SweepRun):
            page = kept.page(sort, place, limit)
        else:
            page = service.house.runs.results(whole, sort=sort, cursor=place, limit=limit)
    more = None if page.cursor is None else write_cursor(list_name, sort, *orjson.loads(page.cursor))
    if media == arrow.MEDIA_TYPE:
        return answer(request, arrow_bytes(result_frame(page.rows, whole), cursor=more), media)
    if form == "columns":
        columns = {name: _plain(values) for name, values in result_frame(page.rows, whole).columns.items()}
        return answer(request, document("results", {"run": whole, "columns": columns, "cursor": more}))
    rows = [result_json(row) for row in page.rows]
    return answer(request, document("results", {"run": whole, "results": rows, "cursor": more}))


@router.get(
    "/runs/{run}/results/{symbol:path}/trades/{number}/explain",
    response_model=Explanation,
    dependencies=_JSON,
    responses={**forms(), **answers(404, 409)},
)
def explain_trade(
    request: Request,
    run: RunName,
    symbol: Symbol,
    number: Annotated[int, Path(ge=1, le=2**31, description="From 1.")],
    parameters: OfSet = "",
) -> Response:
    """Take one closed trade apart: decision, fills, levels, orders, and the money on either path inside its bars."""
    kept = of_set(service_of(request).store.run(run), parameters)
    return answer(request, document("explain", {"run": kept.id, **kept.explain(symbol, number)}))


@router.get(
    "/runs/{run}/results/{symbol:path}",
    response_model=ResultDetail,
    response_model_exclude_unset=True,
    dependencies=_JSON,
    responses={**forms(), **answers(404, 409)},
)
def show_result(
    request: Request,
    run: RunName,
    symbol: Symbol,
    include: Annotated[
        str, Query(max_length=100, description=f"Some of `{','.join(PARTS)}`; all but trades and times are made again.")
    ] = "trades",
    points: Annotated[
        int | None, Query(ge=2, le=20_000, description="Equity of at most so many bars, its extremes among them.")
    ] = None,
    start: Annotated[str | None, Query(max_length=40, description="First bar of the equity, ISO.")] = None,
    end: Annotated[str | None, Query(max_length=40, description="End of the equity, not included.")] = None,
    rf: Annotated[str | None, Query(max_length=40, description="Riskless yearly rate of all metrics: `2%`.")] = None,
    compat: Annotated[
        str | None, Query(max_length=40, description=f"Also as this tool prints them: `{' '.join(TOOLS)}`.")
    ] = None,
    parameters: OfSet = "",
    cursor: Cursor = None,
    limit: Annotated[
        int, Query(ge=1, le=100_000, description="Rows of a page: of trades, of orders, and of equity without points.")
    ] = 10_000,
) -> Response:
    """Tell of one result: what is kept, its trades, and on wish what is made again of it, bit for bit.

    Of a sweep, one set on one instrument is made again, and refused where that is no longer what it was.
    """
    window = Window(start, end, points)
    wanted = _parts(include, window) | ({"metrics"} if rf is not None else set())
    kept = of_set(service_of(request).store.run(run), parameters)
    result = kept[symbol]
    point = kept.money_points(result.instrument)
    body: dict[str, Any] = {"run": kept.id, "result": result_json(result)}
    body |= {"multiplier": 1.0, "multipliers": point} if isinstance(point, dict) else {"multiplier": point}
    if "trades" in wanted:
        body["trades"] = list(trade_rows(result, kept.times(result.instrument), point))
    try:
        body |= made_again(kept, result, wanted, window, rf or 0.0)
        if compat is not None:
            body["compat"] = kept.compat(result, compat)
    except TapeheadError as error:
        if error.facts.get("name") in ("rf", "compat", "start", "end"):
            raise
        # What is kept is there all the same, and says why the rest is not.
        body["trouble"] = str(error)
    question = (kept.id, result.instrument, sorted(wanted), window, parameters)
    first = first_of_page("result", question, cursor)
    total = cut_rows(body, first, limit, whole_curve=points is not None)
    return answer(
        request, document("result", {**body, "cursor": cursor_behind("result", question, first, limit, total)})
    )


@router.delete("/runs/{run}", status_code=204, response_class=Response, responses=answers(404, 409))
def delete_run(request: Request, run: RunName) -> None:
    """Remove a run with its results and events; refused while it goes on."""
    service = service_of(request)
    whole = service.house.runs.resolve(run)
    with service.house.runs.claim(whole) as free:
        if not free or service.active(whole):
            raise ServiceError(f"Run {whole} goes on. End it first: POST /api/v1/runs/{whole}/cancel", code="runs.busy")
        service.house.runs.delete(whole)


@router.get(
    "/runs/{run}/receipt",
    response_model=ReceiptFacts,
    dependencies=_JSON,
    responses={**forms(), **answers(404, 409)},
)
def show_receipt(request: Request, run: RunName) -> Response:
    """Tell what a run can be made again from."""
    return answer(request, document("receipt", _completed(service_of(request), run)[1].to_json()))


@router.post("/runs/{run}/verify", response_model=VerificationFacts, dependencies=_JSON, responses=answers(404, 409))
def verify_run(request: Request, run: RunName) -> Response:
    """Make a run again in a fresh process, from its segments alone, and compare every bit; one at a time."""
    service = service_of(request)
    whole, _ = _completed(service, run)
    if not _verifying.acquire(blocking=False):
        raise ServiceError("Another run is being verified. Try again when that is done.", code="runs.busy")
    try:
        found = service.store.verify(whole).to_json()
    finally:
        _verifying.release()
    return Response(orjson.dumps(found), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get(
    "/runs/{run}/report",
    status_code=200,
    response_class=Response,
    responses={**forms(html=True), **answers(404, 409)},
)
def show_report(
    request: Request,
    run: RunName,
    symbol: Annotated[str | None, Query(max_length=200, description="One instrument; the whole run without.")] = None,
) -> Response:
    """Give the tear sheet of a run, or of one instrument: one page that holds all of itself and runs no script."""
    pick_media(request, (HTML,))
    service = service_of(request)
    sheet = make_sheet(service.house, service.store.run(run), symbol)
    body = "".join(sheet.pieces).encode()
    headers = {"Content-Security-Policy": _SHEET_POLICY, "Tapehead-Instruments": str(sheet.instruments)}
    return answer(request, body, HTML, headers=headers)


def _completed(service: Service, run: str) -> tuple[RunId, Receipt]:
    """Return a run and its receipt; raise for one that has none."""
    record = service.house.runs.record(service.house.runs.resolve(run))
    if record.receipt is None:
        text = f"Run {record.run} is {record.state}; a run has a receipt when it is completed."
        raise ServiceError(f"{text} See how far it is: GET /api/v1/runs/{record.run}", code="runs.unfinished")
    return record.run, record.receipt


def _parts(include: str, window: Window) -> set[str]:
    """Return what is asked for; a range or a number of points asks for the equity."""
    wanted = {part.strip() for part in include.split(",") if part.strip()}
    strange = sorted(wanted - set(PARTS))
    if strange:
        raise ParameterError(name="include", value=strange[0], bound=f"some of {', '.join(PARTS)}")
    return wanted | ({"equity"} if any(each is not None for each in window) else set())


def _plain(values: Column) -> Sequence[Any] | Any:
    """Return a column as JSON takes it: text as a list, numbers and times as they are."""
    return values.tolist() if isinstance(values, np.ndarray) and values.dtype.kind == "U" else values
