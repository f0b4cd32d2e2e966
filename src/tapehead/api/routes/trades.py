"""Trades of other programs, kept as runs."""

import logging
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tapehead.api.answer import JSON, takes_json
from tapehead.api.body import read_model
from tapehead.api.options import Options
from tapehead.api.routes.imports import read_columns
from tapehead.api.routes.runs import service_of
from tapehead.api.uploads import shown, uploaded
from tapehead.api.wire.problem import answers
from tapehead.api.wire.trades import KeptTrades, TradesRequest, UploadedTrades
from tapehead.errors import ParameterError, ServiceError, TapeheadError
from tapehead.library.store import Store
from tapehead.library.trade_report import TradeReport

log = logging.getLogger("tapehead.imports")
router = APIRouter(prefix="/api/v1", tags=["runs"], dependencies=[Depends(takes_json)])
_BODY = {
    "required": True,
    "description": "Trades as rows, or one file of them as it is, up to the service's bound.",
    "content": {
        JSON: {"schema": TradesRequest.model_json_schema()},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


@router.post(
    "/runs/trades",
    response_model=KeptTrades,
    openapi_extra={"requestBody": _BODY},
    responses=answers(404, 408, 409, 415, 507),
)
async def keep_trades(request: Request, asked: Annotated[UploadedTrades, Query()]) -> Response:
    """Keep trades that another program made as a run, all or nothing: listed, shown and compared as any other.

    Equity and metrics are reckoned on the bars of the store. Rows come as JSON; a body of `application/octet-stream` is
    a file itself, and the query says what else is known of it.
    """
    store, options = service_of(request).store, request.app.state.options
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == JSON:
        _check_bare(asked)
        report = await _rows(request, store, options)
    elif kind == "application/octet-stream":
        report = await _upload(request, store, options, asked)
    else:
        text = f"Content-Type {kind or 'is missing and'} says nothing that can be kept."
        raise ServiceError(f"{text} Send application/json with trades, or application/octet-stream", code="input.media")
    facts = {"run": report.run, "trades": report.trades, "instruments": len(report.instruments)}
    log.info("trades %s", "seen" if report.dry_run else "kept", extra=facts)
    headers = {} if report.run is None else {"Location": f"/api/v1/runs/{report.run}"}
    return Response(orjson.dumps(report.to_json()), 200, headers, JSON)


def _check_bare(asked: UploadedTrades) -> None:
    """Raise for a word in the query beside rows, which nothing would heed."""
    for name in sorted(asked.model_fields_set):
        bound = "in the body, where rows come as JSON"
        raise ParameterError(name=name, value=getattr(asked, name), bound=bound)


async def _rows(request: Request, store: Store, options: Options) -> TradeReport:
    """Keep what JSON holds."""
    asked = await read_model(request, TradesRequest, options.body_bytes)
    given = asked.model_dump(exclude={"trades"}, exclude_none=True)
    return await run_in_threadpool(partial(store.book_trades, asked.trades, **given))


async def _upload(request: Request, store: Store, options: Options, asked: UploadedTrades) -> TradeReport:
    """Keep what the body holds."""
    if asked.file is None:
        raise ParameterError(name="file", value="not given", bound="the name of the file, such as trades.csv")
    given: dict[str, Any] = asked.model_dump(exclude={"file"}, exclude_none=True)
    if asked.columns is not None:
        given["columns"] = read_columns(asked.columns)
    async with uploaded(request, store.home, asked.file, options.upload_bytes) as path:
        try:
            return await run_in_threadpool(partial(store.import_trades, path, **given))
        except TapeheadError as error:
            raise type(error)(shown(str(error), store.home, options.import_root), **error.facts) from error
