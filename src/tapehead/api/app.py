"""app: routes and layers put together."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tapehead.api.access import routes as access
from tapehead.api.demo import DemoMarket
from tapehead.api.etag import Answers, Fragments
from tapehead.api.openapi import add_openapi, operation_id
from tapehead.api.options import Options
from tapehead.api.outcomes import Outcomes
from tapehead.api.problem import problem
from tapehead.api.routes import (
    bars,
    catalogue,
    comparisons,
    databases,
    health,
    imports,
    kept,
    latest,
    market,
    page,
    presets,
    queries,
    results,
    runs,
    screen,
    surfaces,
    trades,
    trials,
)
from tapehead.api.service import Service
from tapehead.api.surfaces import Surfaces
from tapehead.errors import ExpressionError, ParameterError, TapeheadError
from tapehead.library.documents.market import instrument_json, instrument_name

ROUTERS = (
    health.router,
    runs.router,
    databases.router,
    access.router,
    market.router,
    screen.router,
    bars.router,
    latest.router,
    queries.router,
    catalogue.router,
    presets.router,
    results.router,
    comparisons.router,
    surfaces.router,
    trades.router,
    trials.router,
    imports.router,
    kept.router,
    page.router,
)
_TITLE = "Tapehead"


def make_app(service: Service, options: Options) -> FastAPI:
    """Return the routes over a service, without the layers around them; both begin and end together."""

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        service.hub.open()
        service.measure.open()
        service.open()
        yield
        await asyncio.to_thread(service.close)
        await asyncio.to_thread(demo.close)
        await service.hub.close()
        service.measure.close()

    app = FastAPI(
        title=_TITLE,
        version="1",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    app.state.service = service
    app.state.options = options
    app.state.answers, app.state.fragments = Answers(), Fragments(instrument_name, instrument_json)
    app.state.outcomes, app.state.surfaces = Outcomes(service), Surfaces()
    demo = app.state.demo = DemoMarket(service)
    for router in ROUTERS:
        app.include_router(router)
    add_openapi(app)
    app.add_exception_handler(TapeheadError, _known)
    app.add_exception_handler(RequestValidationError, _fields)
    app.add_exception_handler(HTTPException, _routing)
    app.add_exception_handler(Exception, _broken)
    return app


def request_id(request: Request) -> str:
    """Return the id of a request, made when it came in."""
    found: str | None = request.scope.get("tapehead.request")
    return found or uuid.uuid4().hex


def _known(request: Request, error: Exception) -> Response:
    """Tell an error that Tapehead knows."""
    code = getattr(error, "code", "internal")
    fields = None
    if isinstance(error, ParameterError):
        name = str(error.facts["name"])
        fields = [{"field": name, "text": f"{name} must be {error.facts['bound']}."}]
    position = None
    if isinstance(error, ExpressionError):
        position = getattr(error, "position", None)
        fields = [{"field": str(error.facts["name"]), "text": str(error.facts["cause"])}]
    told: dict[str, Any] = {"instance": request.url.path, "request": request_id(request)}
    return problem(code, str(error), fields=fields, position=position, **told)


def _fields(request: Request, error: Exception) -> Response:
    """Tell which fields do not fit."""
    found: list[dict[str, Any]] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    fields = [
        {"field": ".".join(str(part) for part in each["loc"][1:]), "text": str(each["msg"])} for each in found[:50]
    ]
    first = "; ".join(f"{each['field'] or 'body'}: {each['text']}" for each in fields[:3])
    text = f"{first}. What fits stands in /api/openapi.json"
    return problem("input.request", text, instance=request.url.path, request=request_id(request), fields=fields)


def _routing(request: Request, error: Exception) -> Response:
    """Tell of a path or a method that is not there."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    code = {404: "route.unknown", 405: "route.method"}.get(status, "input.request")
    text = {404: f"Nothing lies at {request.url.path}.", 405: f"{request.url.path} does not take {request.method}."}
    sentence = f"{text.get(status, detail)} What there is stands in /api/openapi.json"
    return problem(
        code, sentence, status=status, instance=request.url.path, request=request_id(request), headers=headers
    )


def _broken(request: Request, _error: Exception) -> Response:
    """Tell that Tapehead broke, without saying how: that stands in the log beside the request's id."""
    text = "Tapehead itself broke; its log tells how, beside this request's id."
    return problem("internal", text, instance=request.url.path, request=request_id(request))
