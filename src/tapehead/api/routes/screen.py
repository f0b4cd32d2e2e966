"""Screens: the instruments that an expression of indicators holds for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tapehead.api.answer import answer, document, takes_json
from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.problem import answers
from tapehead.api.wire.screen import ScreenPage
from tapehead.api.wire.told import Cursor, forms
from tapehead.errors import ParameterError
from tapehead.library.documents.screens import screen_json
from tapehead.model.filter import LONGEST

router = APIRouter(prefix="/api/v1", tags=["market"], dependencies=[Depends(takes_json)])
_Expression = Annotated[
    str | None,
    Query(max_length=LONGEST, description="`rsi(14) < 30 and close > sma(200)`; all where absent.", alias="expression"),
]


@router.get("/screen", response_model=ScreenPage, responses={**forms(), **answers(404)})
def screen(
    request: Request,
    expression: _Expression = None,
    universe: Annotated[str | None, Query(max_length=200, description="Whom to look at; all.")] = None,
    symbols: Annotated[str | None, Query(max_length=20_000, description="`A,B` in place of a universe.")] = None,
    interval: Annotated[str | None, Query(max_length=20, description="Needed where bars of several are held.")] = None,
    by: Annotated[str | None, Query(max_length=LONGEST, description="A number that orders the rows.")] = None,
    top: Annotated[int | None, Query(ge=1, le=1_000_000, description="Only the first of them; needs `by`.")] = None,
    ascending: Annotated[bool, Query(description="The smallest first.")] = False,
    show: Annotated[list[str] | None, Query(max_length=20, description="Further numbers beside each.")] = None,
    at: Annotated[str | None, Query(max_length=40, description="Only bars that had closed then; UTC.")] = None,
    snapshot: Annotated[int | None, Query(ge=0, le=2**53, description="State of the store; the newest.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows of a page.")] = 500,
) -> Response:
    """List the instruments that an expression holds for, by the newest bar each has closed."""
    last = read_cursor("screen", cursor, [int, int])
    named = None if symbols is None else [one.strip() for one in symbols.split(",") if one.strip()]
    if any(len(one) > LONGEST for one in show or ()):
        raise ParameterError(name="show", value="one that is longer", bound=f"of at most {LONGEST:,} characters each")
    # Further pages are of the snapshot of the first, whatever is committed meanwhile.
    number, first = (snapshot, 0) if last is None else (last[0], max(last[1], 0))
    found = service_of(request).store.screen(
        expression,
        universe=universe,
        symbols=named,
        interval=interval,
        by=by,
        top=top,
        ascending=ascending,
        show=show or (),
        at=at,
        snapshot=number,
    )
    more = first + limit < len(found)
    body = screen_json(found, first, limit)
    body["cursor"] = write_cursor("screen", found.snapshot, first + limit) if more else None
    return answer(request, document("screen", body))
