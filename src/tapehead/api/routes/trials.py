"""The ledger of trials."""

from bisect import bisect_right
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tapehead.api.answer import answer, document, takes_json
from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import Cursor, forms
from tapehead.api.wire.trials import Ledger
from tapehead.library.documents.trials import ledger_json
from tapehead.library.trials import rank_of

router = APIRouter(prefix="/api/v1", tags=["runs"], dependencies=[Depends(takes_json)])


@router.get("/ledger", response_model=Ledger, responses={**forms(), **answers()})
def read_ledger(
    request: Request,
    symbol: Annotated[str | None, Query(max_length=200, description="Only trials on it.")] = None,
    strategy: Annotated[str | None, Query(max_length=500, description="Only trials of it; luck counts all.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Instruments of a page.")] = 500,
) -> Response:
    """Count what was tried over all runs, each trial once, and hold the best against the luck of so many."""
    found = service_of(request).store.ledger(symbol=symbol, strategy=strategy)
    last = read_cursor("ledger", cursor, [(float, int), str, str])
    first = 0 if last is None else bisect_right(found.series, tuple(last), key=rank_of)
    page = found.series[first : first + limit]
    more = write_cursor("ledger", *rank_of(page[-1])) if first + limit < len(found.series) else None
    return answer(request, document("ledger", {**ledger_json(replace(found, series=page)), "cursor": more}))
