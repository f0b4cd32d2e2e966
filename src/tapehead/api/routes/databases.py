"""How the database behind the store stands."""

import threading
import time
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from tapehead.api.answer import JSON, document
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.databases import DatabaseStatus
from tapehead.api.wire.problem import answers
from tapehead.library.database_use import use_of
from tapehead.library.documents.databases import database_json
from tapehead.library.schema import schema_of
from tapehead.settings import Settings

router = APIRouter(prefix="/api/v1", tags=["operations"])
_AGE_S: Final = 0.5


class _Looks:
    """The newest look at each database: whoever asks within half a second is told what the one before was told."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: dict[Settings, tuple[float, bytes]] = {}

    def look(self, settings: Settings) -> bytes:
        """Return the document of a database."""
        # One at a time: a look takes connections, and there may be few.
        with self._guard:
            at, body = self._held.get(settings, (0.0, b""))
            if not body or time.monotonic() - at > _AGE_S:
                body = document("db", database_json(schema_of(settings), use_of(settings)))
                self._held = {settings: (time.monotonic(), body)}
            return body


_looks = _Looks()


@router.get("/database", response_model=DatabaseStatus, responses=answers())
def show_database(request: Request) -> Response:
    """Tell which database it is, how its schema stands, who has it open in every process, and how its replicas are."""
    body = _looks.look(service_of(request).house.settings)
    return Response(body, media_type=JSON, headers={"Cache-Control": "no-store"})
