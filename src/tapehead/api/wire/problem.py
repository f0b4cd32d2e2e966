"""Errors as they travel."""

from typing import Any

from pydantic import BaseModel, Field


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Path of the field, with dots.")
    text: str


class Problem(BaseModel):
    """An error, as RFC 9457 shapes it; `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str = Field(description="What is wrong, what is allowed, a next step.")
    instance: str | None = None
    request_id: str | None = None
    errors: list[FieldProblem] | None = None
    position: int | None = Field(None, description="Character, from 1, at which an expression stops making sense.")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problems that a route may answer with, for its `responses`."""
    always = (400, 401, 403, 406, 413, 422, 429, 431, 503)
    body = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": "Problem", "content": body} for status in sorted({*always, *statuses})}
