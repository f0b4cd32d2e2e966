"""Two kept runs side by side."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tapehead.api.answer import answer, document, takes_json
from tapehead.api.pages import cursor_behind, first_of_page, page_by_name
from tapehead.api.routes.results import RunName, Symbol
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.problem import answers
from tapehead.api.wire.results import ComparedTrades, Comparison
from tapehead.api.wire.told import Cursor, forms
from tapehead.errors import ParameterError
from tapehead.jobs.compare import Pair
from tapehead.library.compare import compare_trades
from tapehead.library.documents.comparisons import METRICS, comparison_json, trades_json

router = APIRouter(prefix="/api/v1", tags=["runs"], dependencies=[Depends(takes_json)])


@router.get("/runs/{a}/compare/{b}", response_model=Comparison, responses={**forms(), **answers(404)})
def compare_runs(
    request: Request,
    a: RunName,
    b: RunName,
    metrics: Annotated[str, Query(max_length=2_000, description="Those of each result.")] = ",".join(METRICS),
    instruments: Annotated[int, Query(ge=0, le=1_000, description="List the trades of so many.")] = 20,
    trades: Annotated[int, Query(ge=1, le=10_000, description="And so many of each.")] = 100,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Results of a page; trades are told on the first.")] = 500,
) -> Response:
    """Put two runs side by side: settings, results, and the trades that differ with the reason."""
    names = [name.strip() for name in metrics.split(",") if name.strip()]
    listed = instruments if cursor is None else 0
    found = service_of(request).store.compare(a, b, instruments=listed, trades=trades)
    held = next((one.metrics for pair in found.results for one in (pair.a, pair.b) if one is not None), None)
    strange = [name for name in names if held is not None and name not in held]
    if strange:
        raise ParameterError(name="metrics", value=strange[0], bound=f"some of {', '.join(held or ())}")
    page, more = page_by_name("compare", found.results, _name, cursor, limit)
    body = comparison_json(replace(found, results=tuple(page)), names)
    return answer(request, document("compare", {**body, "cursor": more}))


@router.get(
    "/runs/{a}/compare/{b}/trades/{symbol:path}",
    response_model=ComparedTrades,
    responses={**forms(), **answers(404, 409)},
)
def compare_instrument(
    request: Request,
    a: RunName,
    b: RunName,
    symbol: Symbol,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Trades of a page.")] = 500,
) -> Response:
    """Tell of one instrument the trades that differ between two runs, and why they may."""
    house = service_of(request).house
    whole = house.runs.resolve(a), house.runs.resolve(b)
    question = (*whole, symbol)
    first = first_of_page("compared", question, cursor)
    found = compare_trades(house, *whole, symbol, first=first, trades=limit)
    more = cursor_behind("compared", question, first, limit, first + len(found.trades) + found.more)
    body = {"a": whole[0], "b": whole[1], **trades_json(found), "cursor": more}
    return answer(request, document("compared_trades", body))


def _name(pair: Pair) -> str:
    """Return what results are ordered by."""
    return pair.instrument
