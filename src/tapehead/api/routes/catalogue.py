"""Strategies and indicators: what there is, and what each can be told."""

import inspect
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tapehead.api.answer import answer, document, takes_json
from tapehead.api.pages import cursor_behind, first_of_page
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.catalogue import Indicators, IndicatorSeries, Strategies
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import Cursor, forms
from tapehead.library.documents.catalogue import find_strategy, indicator_json, strategy_json
from tapehead.library.lines import indicator_lines
from tapehead.library.store import StrategyInfo
from tapehead.wiring.indicator_plugins import find_indicator, indicators

router = APIRouter(prefix="/api/v1", tags=["catalogue"], dependencies=[Depends(takes_json)])
Limit = Annotated[int, Query(ge=1, le=1_000, description="Rows of a page.")]


@router.get("/indicators", response_model=Indicators, responses={**forms(), **answers()})
def list_indicators(request: Request, cursor: Cursor = None, limit: Limit = 500) -> Response:
    """List the indicators: what each takes, gives, and needs to warm up."""
    every = indicators()
    question = [one.name for one in every]
    first = first_of_page("indicators", question, cursor)
    rows = [indicator_json(one) for one in every[first : first + limit]]
    more = cursor_behind("indicators", question, first, limit, len(every))
    return answer(request, document("indicators", {"indicators": rows, "cursor": more}))


@router.get("/indicators/{name}", response_model=Indicators, responses={**forms(), **answers(404)})
def show_indicator(request: Request, name: str) -> Response:
    """Describe one indicator, as a list of one."""
    rows = [indicator_json(find_indicator(name))]
    return answer(request, document("indicators", {"indicators": rows, "cursor": None}))


@router.get("/indicators/{name}/series", response_model=IndicatorSeries, responses={**forms(), **answers(404)})
def compute_indicator(
    request: Request,
    name: str,
    symbol: Annotated[str, Query(min_length=1, max_length=200, description="`SYMBOL`, or `venue:SYMBOL`.")],
    parameters: Annotated[str, Query(max_length=500, description="`period=14,width=2`; defaults where absent.")] = "",
    interval: Annotated[str | None, Query(max_length=20, description="As of bars.")] = None,
    start: Annotated[str | None, Query(max_length=40, description="First bar, ISO; UTC without a zone.")] = None,
    end: Annotated[str | None, Query(max_length=40, description="End, not included.")] = None,
    points: Annotated[int, Query(ge=2, le=20_000, description="At most so many bars, as of bars.")] = 5_000,
    snapshot: Annotated[int | None, Query(ge=0, le=2**53, description="State of the store; the newest.")] = None,
) -> Response:
    """Compute an indicator at the bars that the same question gives, always from the first bar that is held."""
    found = indicator_lines(
        service_of(request).store,
        find_indicator(name),
        symbol,
        parameters=parameters,
        interval=interval,
        start=start,
        end=end,
        points=points,
        snapshot=snapshot,
    )
    body = {
        "instrument": found.instrument,
        "interval": found.interval,
        "indicator": name,
        "parameters": dict(found.parameters),
        "snapshot": found.snapshot,
        "ts": found.ts.view("datetime64[us]"),
        "lines": dict(found.lines),
    }
    return answer(request, document("indicator_series", body))


@router.get("/strategies", response_model=Strategies, responses={**forms(), **answers()})
def list_strategies(request: Request, cursor: Cursor = None, limit: Limit = 500) -> Response:
    """List the strategies that are installed, with their parameters, bounds and docs."""
    every = service_of(request).store.strategies()
    question = [info.name for info in every]
    first = first_of_page("strategies", question, cursor)
    rows = [_plain(info) for info in every[first : first + limit]]
    more = cursor_behind("strategies", question, first, limit, len(every))
    return answer(request, document("strategies", {"strategies": rows, "cursor": more}))


@router.get("/strategies/{name}", response_model=Strategies, responses={**forms(), **answers(404)})
def show_strategy(request: Request, name: str) -> Response:
    """Describe one strategy, as a list of one."""
    info = find_strategy(service_of(request).store.strategies(), name)
    return answer(request, document("strategies", {"strategies": [_plain(info)], "cursor": None}))


def _plain(info: StrategyInfo) -> dict[str, Any]:
    """Return plain values of a strategy; where its file lies is nobody's business but the machine's."""
    found = {name: value for name, value in strategy_json(info).items() if name != "origin"}
    doc = inspect.cleandoc(info.doc)
    return {**found, "doc": doc, "summary": doc.partition("\n")[0]}
