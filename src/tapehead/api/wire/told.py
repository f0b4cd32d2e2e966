"""What every model of an answer shares, and what OpenAPI says of answers in several forms."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from tapehead.api import arrow

Number = float | None
"""A number, null where it is not defined."""
Form = Literal["rows", "columns"]
Cursor = Annotated[
    str | None,
    Query(max_length=2_000, description="The `cursor` of the page before, with the same question otherwise."),
]
Next = Annotated[str | None, Field(description="Give it as `cursor` for the next page; null at the end.")]


class Told(BaseModel):
    """An answer; nothing stands in it that its schema does not name."""

    model_config = ConfigDict(extra="forbid")


def forms(*, columns: bool = False, html: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return what a GET may answer with beside its JSON: an Arrow stream, a page, or that nothing changed."""
    found: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed since the ETag in If-None-Match"}}
    if columns:
        binary = {"schema": {"type": "string", "format": "binary"}}
        found[200] = {"description": "JSON, or an Arrow stream where Accept asks for one"}
        found[200]["content"] = {arrow.MEDIA_TYPE: binary}
    if html:
        found[200] = {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}
    return found
