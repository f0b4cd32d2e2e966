"""Imports, commits, and taking one back."""

import logging
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tapehead.api.answer import JSON, answer, document, takes_json
from tapehead.api.body import read_model
from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.demo import Making
from tapehead.api.import_root import paths_below
from tapehead.api.options import Options
from tapehead.api.routes.runs import service_of
from tapehead.api.uploads import shown, uploaded
from tapehead.api.wire.imports import (
    CommitDetail,
    CommitsPage,
    DemoRequest,
    DemoTold,
    ImportedReport,
    ImportRequest,
    UndoneReport,
    UploadRequest,
)
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import Cursor, forms
from tapehead.database.asker import asked_by
from tapehead.errors import ParameterError, ServiceError, TapeheadError
from tapehead.library.documents.commits import commit_json, undone_json
from tapehead.library.store import Store
from tapehead.model.quality import ImportReport

log = logging.getLogger("tapehead.imports")
router = APIRouter(prefix="/api/v1", tags=["imports"], dependencies=[Depends(takes_json)])
_BODY = {
    "required": True,
    "description": "Files on the service's machine, or one file as it is, up to the service's bound.",
    "content": {
        JSON: {"schema": ImportRequest.model_json_schema(), "examples": {"files": {"value": {"paths": ["binance"]}}}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}
Number = Annotated[int, InPath(ge=1, le=2**53, description="Of a commit.")]


@router.post(
    "/imports",
    response_model=ImportedReport,
    openapi_extra={"requestBody": _BODY},
    responses=answers(408, 409, 415, 507),
)
async def import_bars(request: Request, asked: Annotated[UploadRequest, Query()]) -> Response:
    """Import files as one commit, all or nothing, and report what was seen, kept, set aside and guessed.

    Files on the service's machine are named in JSON; a body of `application/octet-stream` is a file itself, and the
    query says what else is known of it.
    """
    store, options = service_of(request).store, request.app.state.options
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == JSON:
        report = await _import_named(request, store, options)
    elif kind == "application/octet-stream":
        report = await _import_upload(request, store, options, asked)
    else:
        text = f"Content-Type {kind or 'is missing and'} says nothing that can be imported."
        raise ServiceError(f"{text} Send application/json with paths, or application/octet-stream", code="input.media")
    return Response(report, media_type=JSON)


@router.post("/demo", status_code=202, response_model=DemoTold, responses=answers(409))
def make_demo(request: Request, asked: Annotated[DemoRequest | None, Body()] = None) -> Response:
    """Begin to make the synthetic market of the demo in a store that holds no bars."""
    wanted = asked or DemoRequest()
    return _demo(request.app.state.demo.begin(wanted.instruments, wanted.years, wanted.seed), 202)


@router.get("/demo", response_model=DemoTold, responses=answers())
def show_demo(request: Request) -> Response:
    """Tell how far the synthetic market is."""
    return _demo(request.app.state.demo.now, 200)


@router.get("/commits", response_model=CommitsPage, responses={**forms(), **answers()})
def list_commits(
    request: Request,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Rows of a page.")] = 50,
) -> Response:
    """List the commits of the store, newest first."""
    last = read_cursor("commits", cursor, [int])
    rows = service_of(request).store.log(limit + 1, None if last is None else last[0])
    more = write_cursor("commits", rows[limit - 1].number) if len(rows) > limit else None
    return answer(request, document("store", {"log": [commit_json(row) for row in rows[:limit]], "cursor": more}))


@router.get("/commits/{number}", response_model=CommitDetail, responses={**forms(), **answers()})
def show_commit(request: Request, number: Number) -> Response:
    """Tell of one commit, with the quality report that its import left."""
    store, options = service_of(request).store, request.app.state.options
    record = store.commit(number)
    text = store.report(number).decode() if record.has_report else ""
    report = orjson.loads(_shown(text, store, options)) if text else None
    return answer(request, document("store", {"log": [commit_json(record)], "report": report}))


@router.post("/undo/{number}", response_model=UndoneReport, responses=answers(409))
def undo_commit(request: Request, number: Number) -> Response:
    """Take back one commit; the undo is a commit too, and can be undone."""
    return Response(document("undo", undone_json(service_of(request).store.undo(number))), media_type=JSON)


def _demo(making: Making, status: int) -> Response:
    """Return how far the market is."""
    return Response(document("demo_market", asdict(making)), status, {"Cache-Control": "no-store"}, JSON)


async def _import_named(request: Request, store: Store, options: Options) -> bytes:
    """Import what JSON names."""
    asked = await read_model(request, ImportRequest, options.body_bytes)
    root, paths = await run_in_threadpool(paths_below, options.import_root, asked.paths)
    hints = asked.model_dump(exclude={"paths"}, exclude_none=True)
    return await _report(store, root, paths, hints)


async def _import_upload(request: Request, store: Store, options: Options, asked: UploadRequest) -> bytes:
    """Import the body."""
    if asked.name is None:
        raise ParameterError(name="name", value="not given", bound="the name of the file, such as bars.csv")
    hints = asked.model_dump(exclude={"name"}, exclude_none=True)
    if asked.columns is not None:
        hints["columns"] = read_columns(asked.columns)
    async with uploaded(request, store.home, asked.name, options.upload_bytes) as path:
        return await _report(store, options.import_root, [str(path)], hints)


def _import(store: Store, paths: list[str], hints: dict[str, Any]) -> ImportReport:
    """Import; a database that is away for a while is waited for, as the work of minutes may be behind it."""
    with asked_by(patience_s=None):
        return store.import_files(*paths, **hints)


async def _report(store: Store, root: Path | None, paths: list[str], hints: dict[str, Any]) -> bytes:
    """Import and return the report; what it says of paths is relative."""
    try:
        report = await run_in_threadpool(partial(_import, store, paths, hints))
        facts = {"files": len(report.files), "instruments": len(report.symbols), "snapshot": report.snapshot}
        log.info("import %s", "kept" if report.committed else "changed nothing", extra=facts)
    except TapeheadError as error:
        raise type(error)(shown(str(error), store.home, root), **error.facts) from error
    return shown(orjson.dumps(report.to_json()).decode(), store.home, root).encode()


def _shown(text: str, store: Store, options: Options) -> str:
    """Return a report without the places of the service."""
    root = options.import_root
    return shown(text, store.home, None if root is None else Path(os.path.realpath(root)))


def read_columns(text: str) -> dict[str, str]:
    """Read `open=o,close=c`."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not pairs or any(not ours.strip() or not theirs.strip() for ours, _, theirs in pairs):
        raise ParameterError(name="columns", value=text[:80], bound="pairs of names, such as open=o,close=c")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
