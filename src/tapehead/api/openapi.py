"""openapi: what the service says of itself, whole and the same from one start to the next."""

import threading
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from tapehead.api.access.described import describe
from tapehead.api.answer import answer
from tapehead.api.wire.problem import Problem

PATH = "/api/openapi.json"
_SCHEMAS = "#/components/schemas/{model}"


def operation_id(route: APIRoute) -> str:
    """Return the id of an operation: the name of the function behind it, which nobody changes lightly."""
    return route.name


def add_openapi(app: FastAPI) -> None:
    """Let an application tell its OpenAPI, with the schema of every problem that its routes may answer with."""
    made: list[bytes] = []
    making = threading.Lock()

    # A plain function, in a thread: the first one takes as long as a small run.
    def show_openapi(request: Request) -> Response:
        with making:
            if not made:
                made.append(orjson.dumps(_whole(app)))
        return answer(request, made[0])

    app.add_api_route(PATH, show_openapi, include_in_schema=False)


def _whole(app: FastAPI) -> dict[str, Any]:
    """Return what FastAPI gathers, and the schema that no route names as its own answer."""
    found = app.openapi()
    held = found.setdefault("components", {}).setdefault("schemas", {})
    schema = Problem.model_json_schema(ref_template=_SCHEMAS)
    held.update(schema.pop("$defs", {}))
    held["Problem"] = schema
    describe(found)
    return found
