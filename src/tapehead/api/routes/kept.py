"""Routes that scripts written for the source systems call; thin, over what the others do."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tapehead.api.answer import answer, dump, takes_json
from tapehead.api.body import read_model
from tapehead.api.event_stream import EventStream, Place
from tapehead.api.old_frames import OldFrames
from tapehead.api.pages import page_by_name
from tapehead.api.routes.runs import STREAM, service_of
from tapehead.api.service import Begun, Service
from tapehead.api.wire.kept import Cryptocurrency, PriceRow, StreamRequest
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import Cursor, forms
from tapehead.errors import NoBarsError, ParameterError
from tapehead.jobs.universes import SYNTHETIC_VENUE
from tapehead.library.listing import InstrumentRow
from tapehead.library.store import Store
from tapehead.library.times import read_time
from tapehead.model.instrument import Instrument

router = APIRouter(prefix="/api", tags=["kept"])
_HOURLY = "1h"
_MOST_ROWS = 200_000
# The old script sends its JSON as a string, which a browser calls text/plain.
_BODY = {
    "required": True,
    "content": {media: {"schema": StreamRequest.model_json_schema()} for media in ("application/json", "text/plain")},
}


@router.post(
    "/crypto/backtest/stream",
    status_code=200,
    response_class=Response,
    response_model=None,
    openapi_extra={"requestBody": _BODY},
    responses={**STREAM, **answers(404, 409, 507)},
)
async def stream_backtest(request: Request) -> OldFrames:
    """Run a strategy on every cryptocurrency; the answer is bare `data:` frames: start, result, progress, complete."""
    service = service_of(request)
    asked = await read_model(request, StreamRequest, request.app.state.options.body_bytes)
    begun = await run_in_threadpool(_begin, service, asked)
    return OldFrames(EventStream(service.hub, [Place(begun.run, 0)], reused=begun.reused))


@router.get(
    "/crypto/cryptocurrencies",
    response_model=list[Cryptocurrency],
    dependencies=[Depends(takes_json)],
    responses={**forms(), **answers()},
)
def list_cryptocurrencies(
    request: Request,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows of a page; `Link` names the next.")] = 10_000,
) -> Response:
    """List the cryptocurrencies that are traded still and have bars, by symbol."""
    rows = [
        row.instrument for row in _cryptocurrencies(service_of(request).store) if row.instrument.delisted_at is None
    ]
    page, more = page_by_name("cryptocurrencies", sorted(rows, key=_called), _called, cursor, limit)
    told = [
        {"id": one.name, "symbol": one.symbol, "name": one.symbol, "is_active": True, "has_price_data": True}
        for one in page
    ]
    headers = {} if more is None else {"Link": f'<{request.url.path}?limit={limit}&cursor={more}>; rel="next"'}
    return answer(request, dump(told), headers=headers)


@router.get(
    "/data/{symbol:path}",
    response_model=list[PriceRow],
    dependencies=[Depends(takes_json)],
    responses={**forms(), **answers(404)},
)
def read_prices(
    request: Request,
    symbol: Annotated[str, Path(min_length=1, max_length=200)],
    interval: Annotated[str | None, Query(max_length=20)] = None,
    start: Annotated[str | None, Query(max_length=40)] = None,
    end: Annotated[str | None, Query(max_length=40, description="Included, as it was.")] = None,
) -> Response:
    """Give the bars of a symbol, a row a bar, oldest first; both ends of the range are in it."""
    until = read_time("end", end)
    (found,) = service_of(request).store.look_up([symbol], interval, start, None if until is None else until + 1)
    if found.table.rows > _MOST_ROWS:
        bound = f"given, so that at most {_MOST_ROWS:,} bars come; GET /api/v1/bars gives pages"
        raise ParameterError(name="start", value=start or "not given", bound=bound)
    names = ("open", "high", "low", "close", "volume")
    times = found.table.ts.view("datetime64[us]").astype("datetime64[s]").astype(str).tolist()
    columns = [found.table[name].tolist() for name in names]
    rows = [
        {"datetime": f"{time}Z", **dict(zip(names, row, strict=True))}
        for time, row in zip(times, zip(*columns, strict=True), strict=True)
    ]
    return answer(request, dump(rows))


def _begin(service: Service, asked: StreamRequest) -> Begun:
    """Begin the run: on bars of an hour where there are several, as the source systems had them."""
    rows = _cryptocurrencies(service.store)
    held = {interval for row in rows for interval, *_ in row.intervals}
    if not rows:
        raise NoBarsError("No cryptocurrency has bars. Import a file that has some: tapehead import PATH --kind crypto")
    interval = next(iter(held)) if len(held) == 1 else _HOURLY
    names = [row.instrument.name for row in rows if any(each[0] == interval for each in row.intervals)]
    spec = {"symbols": names, "interval": interval, "parameters": asked.parameters or {}}
    return service.begin([_strategy(service.store, asked.strategy_id)], spec)


def _cryptocurrencies(store: Store) -> list[InstrumentRow]:
    """Return those that have bars; the synthetic ones only where there are no others."""
    rows = [row for row in store.instruments(kind="crypto") if row.intervals]
    return [row for row in rows if row.instrument.venue != SYNTHETIC_VENUE] or rows


def _called(one: Instrument) -> str:
    """Return what cryptocurrencies are ordered by; a line break is in no name."""
    return f"{one.symbol}\n{one.venue}"


def _strategy(store: Store, asked: str | int) -> str:
    """Return the name of a strategy: an id is its name, or its place in the list."""
    if isinstance(asked, str) and not asked.isdecimal():
        return asked
    held, place = store.strategies(), int(asked)
    if not 1 <= place <= len(held):
        bound = f"the name of a strategy, or its place from 1 to {len(held)} in GET /api/v1/strategies"
        raise ParameterError(name="strategy_id", value=asked, bound=bound)
    return held[place - 1].name
