"""body: JSON that a route reads for itself, because it takes other bodies too."""

from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from tapehead.errors import ServiceError

M = TypeVar("M", bound=BaseModel)


async def read_model(request: Request, model: type[M], most_bytes: int) -> M:
    """Return the JSON of a body of at most so many bytes, whatever its Content-Type.

    Raises
    ------
    RequestValidationError
        It is no JSON, or does not fit the model.
    ServiceError
        `input.body_size`, `input.left`.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most_bytes:
                raise too_large(most_bytes)
    except ClientDisconnect:
        raise broken_off() from None
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def too_large(most_bytes: int) -> ServiceError:
    """Return the error of a body that does not end."""
    text = f"The body is larger than the {most_bytes:,} bytes that this route takes. Send less at once."
    return ServiceError(text, code="input.body_size")


def broken_off() -> ServiceError:
    """Return the error of a body whose client left; nobody reads it but the log."""
    return ServiceError("The body broke off before its end. Send it again.", code="input.left")
