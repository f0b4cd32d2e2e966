"""One bar of each of several instruments: the newest, or that of a moment."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from tapehead.api import arrow
from tapehead.api.answer import TABLE, answer, document, pick_media
from tapehead.api.arrow import arrow_bytes
from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.measure.stages import stage
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.latest import LatestPage
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import Cursor, forms
from tapehead.errors import ParameterError
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.documents.prices import latest_rows
from tapehead.library.latest_page import Wanted, latest_page
from tapehead.library.prices import check_one_choice, checked_columns
from tapehead.library.times import read_time
from tapehead.model.frames import Frame

router = APIRouter(prefix="/api/v1", tags=["market"])


@router.get("/latest", response_model=LatestPage, responses={**forms(columns=True), **answers(404)})
def list_latest(
    request: Request,
    universe: Annotated[str | None, Query(max_length=200, description="Its instruments; all where absent.")] = None,
    symbols: Annotated[str | None, Query(max_length=20_000, description="Or `A,B`, in place of a universe.")] = None,
    interval: Annotated[str | None, Query(max_length=20, description="Needed where there are several.")] = None,
    at: Annotated[
        str | None,
        Query(max_length=40, description="The last bar that opens at or before it, ISO; it may close after."),
    ] = None,
    columns: Annotated[str | None, Query(max_length=100, description=f"Some of `{','.join(BAR_COLUMNS)}`.")] = None,
    snapshot: Annotated[int | None, Query(ge=0, le=2**53, description="State of the store; the newest.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Instruments of a page.")] = 500,
) -> Response:
    """Give one bar of each instrument, by name; every page of one question is of one snapshot and one interval."""
    media, store = pick_media(request, TABLE), service_of(request).store
    named = None if symbols is None else [one.strip() for one in symbols.split(",") if one.strip()]
    check_one_choice(universe, named)
    names = checked_columns(None if columns is None else [one.strip() for one in columns.split(",") if one.strip()])
    last = read_cursor("latest", cursor, [str, str, int])
    after = ""
    if last is not None:
        after, step, number = last
        if interval not in (None, step) or snapshot not in (None, number):
            bound = "the one that a page of the same question gave: interval and snapshot as there"
            raise ParameterError(name="cursor", value=str(cursor)[:40], bound=bound)
        interval, snapshot = step, number
    wanted = Wanted(universe, named, interval, read_time("at", at), names, snapshot)
    with stage("read"):
        found = latest_page(store.house, wanted, after=after, limit=limit)
    more = None if found.last is None else write_cursor("latest", found.last, found.interval, found.snapshot)
    facts: dict[str, Any] = {"interval": found.interval, "snapshot": found.snapshot}
    if media == arrow.MEDIA_TYPE:
        frame = Frame(found.table.columns, found.table.metadata)
        return answer(request, arrow_bytes(frame, cursor=more, **facts), media)
    rows = list(latest_rows(found.table))
    return answer(request, document("latest", {**facts, "count": len(rows), "latest": rows, "cursor": more}))
