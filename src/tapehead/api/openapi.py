"""openapi: what the service says of itself, whole and the same from one start to the next."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from tapehead.api.wire.problem import Problem

_SCHEMAS = "#/components/schemas/{model}"


def operation_id(route: APIRoute) -> str:
    """Return the id of an operation: the name of the function behind it, which nobody changes lightly."""
    return route.name


def complete(app: FastAPI) -> None:
    """Let the OpenAPI of an application hold the schema of every problem that its routes may answer with."""
    make = app.openapi

    def whole() -> dict[str, Any]:
        found = make()
        held = found.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in held:
            schema = Problem.model_json_schema(ref_template=_SCHEMAS)
            held.update(schema.pop("$defs", {}))
            held["Problem"] = schema
        return found

    app.openapi = whole  # type: ignore[method-assign]
