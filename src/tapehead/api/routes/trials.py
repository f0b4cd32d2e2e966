"""The ledger of trials."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tapehead.api.answer import answer, document, takes_json
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import forms
from tapehead.api.wire.trials import Ledger
from tapehead.library.documents.trials import ledger_json

router = APIRouter(prefix="/api/v1", tags=["runs"], dependencies=[Depends(takes_json)])


@router.get("/ledger", response_model=Ledger, responses={**forms(), **answers()})
def read_ledger(
    request: Request,
    symbol: Annotated[str | None, Query(max_length=200, description="Only trials on it.")] = None,
    strategy: Annotated[str | None, Query(max_length=500, description="Only trials of it; luck counts all.")] = None,
) -> Response:
    """Count what was tried over all runs, each trial once, and hold the best against the luck of so many."""
    found = service_of(request).store.ledger(symbol=symbol, strategy=strategy)
    return answer(request, document("ledger", ledger_json(found)))
