"""Presets: strategies with their parameters, kept under a name."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tapehead.api.answer import answer, document, takes_json
from tapehead.api.pages import page_by_name
from tapehead.api.routes.runs import service_of
from tapehead.api.service import check_installed
from tapehead.api.wire.presets import PresetKept, PresetRequest, Presets
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import Cursor, forms
from tapehead.library.documents.presets import preset_json

router = APIRouter(prefix="/api/v1", tags=["catalogue"], dependencies=[Depends(takes_json)])


@router.get("/presets", response_model=Presets, responses={**forms(), **answers()})
def list_presets(
    request: Request,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows of a page.")] = 500,
) -> Response:
    """List the presets by name; `strategy: preset:NAME` runs one."""
    rows = [preset_json(one) for one in service_of(request).store.presets()]
    page, more = page_by_name("presets", rows, _name, cursor, limit)
    return answer(request, document("preset", {"presets": page, "cursor": more}))


@router.get("/presets/{name}", response_model=PresetKept, responses={**forms(), **answers(404)})
def show_preset(request: Request, name: str) -> Response:
    """Show one preset."""
    return answer(request, document("preset", preset_json(service_of(request).store.preset(name))))


@router.post("/presets", status_code=201, response_model=PresetKept, responses=answers(404))
def save_preset(request: Request, asked: PresetRequest) -> Response:
    """Keep a strategy with its parameters under a name."""
    store = service_of(request).store
    check_installed(store, [asked.strategy])
    made = store.save_preset(asked.name, asked.strategy, asked.parameters)
    return Response(document("preset", preset_json(made)), 201, media_type="application/json")


@router.delete("/presets/{name}", status_code=204, response_class=Response, responses=answers(404))
def delete_preset(request: Request, name: str) -> None:
    """Forget a preset; runs of it stay."""
    service_of(request).store.delete_preset(name)


def _name(row: Mapping[str, Any]) -> str:
    """Return what presets are ordered by."""
    return str(row["name"])
