"""SQL over what the store holds: read only, in a process of its own."""

import threading
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from tapehead.api import arrow
from tapehead.api.answer import JSON, TABLE, document, pick_media
from tapehead.api.routes.runs import service_of
from tapehead.api.service import Service
from tapehead.api.wire.problem import answers
from tapehead.api.wire.queries import SqlAnswered, SqlRequest
from tapehead.errors import ServiceError
from tapehead.library.documents.queries import plain_rows, sql_json
from tapehead.library.sql.ask import SqlAnswer, ask, facts_of

router = APIRouter(prefix="/api/v1", tags=["market"])
AT_ONCE: Final = 2
"""Each takes a processor and up to a GB for a minute; runs need some too."""
MOST_BYTES: Final = 64 << 20
_free = threading.BoundedSemaphore(AT_ONCE)
_BINARY: dict[str, Any] = {arrow.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_GIVEN: dict[int | str, dict[str, Any]] = {
    200: {"description": "JSON, or an Arrow stream where Accept asks for one", "content": _BINARY}
}


@router.post("/sql", response_model=SqlAnswered, responses={**_GIVEN, **answers()})
def answer_sql(request: Request, asked: SqlRequest) -> Response:
    """Answer one SELECT; what writes, or reaches anything but the four tables, is refused."""
    media, service = pick_media(request, TABLE), service_of(request)
    if not _free.acquire(blocking=False):
        text = f"{AT_ONCE} queries are being answered, and no more are at once. Try again when one is done."
        raise ServiceError(text, code="queue.full")
    try:
        found = _asked(service, asked)
    finally:
        _free.release()
    headers = {"Cache-Control": "no-store"}
    if media == arrow.MEDIA_TYPE:
        return Response(_stream(found), media_type=media, headers=headers)
    return Response(document("sql", sql_json(found, plain_rows(found))), media_type=JSON, headers=headers)


def _asked(service: Service, asked: SqlRequest) -> SqlAnswer:
    """Ask; a service that is about to end does not wait for the answer."""

    def told(_what: str) -> None:
        if service.draining:
            raise ServiceError("The service is about to end. Try again when it is back.", code="service.draining")

    return ask(service.house, **asked.model_dump(), progress=told, most_bytes=MOST_BYTES)


def _stream(found: SqlAnswer) -> bytes:
    """Return the rows as an Arrow stream, with what is told of them as JSON in the metadata of its schema."""
    import pyarrow as pa

    table = found.table.replace_schema_metadata({"sql": orjson.dumps(facts_of(found))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
